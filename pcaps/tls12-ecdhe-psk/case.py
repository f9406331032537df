"""TLS 1.2 with ECDHE_PSK: forward secret, and still hint and identity (a NAI) in clear (OpenSSL)."""

from lab import KEY

IDENTITY = "jo.doe@clinic.example.net"
HINT = "ward 3"


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_hint", HINT,
                            "-psk_identity", IDENTITY, "-cipher", "ECDHE-PSK-AES128-CBC-SHA256",
                            "-groups", "P-256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-psk", KEY, "-psk_identity", IDENTITY, "-cipher", "kECDHEPSK",
                               says=["Cipher is ECDHE-PSK-AES128-CBC-SHA256", f"PSK identity: {IDENTITY}",
                                     f"PSK identity hint: {HINT}"])
