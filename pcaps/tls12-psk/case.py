"""TLS 1.2 with a plain PSK suite: identity and hint in clear, no forward secrecy (OpenSSL)."""

from lab import KEY

IDENTITY = "9f31c07be2d54a60b8ee1f0d7a2c4433"
HINT = "boiler-room-gateway"


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "PSK-AES128-GCM-SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "PSK",
                               says=["Cipher is PSK-AES128-GCM-SHA256", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}"])
