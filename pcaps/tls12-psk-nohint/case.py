"""TLS 1.2 with a plain PSK suite and no hint: the server sends no ServerKeyExchange at all (OpenSSL)."""

from lab import KEY

IDENTITY = "anna.meier@example.org"


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY,
                            "-cipher", "PSK-AES256-CCM8"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "PSK",
                               says=["Cipher is PSK-AES256-CCM8", f"PSK identity: {IDENTITY}",
                                     "PSK identity hint: None"])
