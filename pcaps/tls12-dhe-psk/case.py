"""TLS 1.2 with DHE_PSK: the hint precedes the DH parameters, the identity the public value (OpenSSL)."""

from lab import KEY

IDENTITY = "meter-17.building4.example.com"
HINT = "DHE hint"


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "DHE-PSK-AES128-GCM-SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "kDHEPSK",
                               says=["Cipher is DHE-PSK-AES128-GCM-SHA256", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}", "Server Temp Key: DH, 2048 bits"])
