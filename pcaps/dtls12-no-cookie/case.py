"""DTLS 1.2 without a HelloVerifyRequest: RSA_PSK (mbed TLS)."""

from lab import KEY

IDENTITY = "7ad2f6109c3e4b85a1f70e6d5b28c394"


def make(lab, out):
    suite = "TLS-RSA-PSK-WITH-AES-128-GCM-SHA256"
    cert, key = lab.certificate()
    psk = ("--dtls", "--psk", KEY, "--identity", IDENTITY.encode().hex())
    with lab.mbedtls_server(4433, *psk, "--no-cookies", "--cert", cert, "--key", key):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.mbedtls_client(4433, *psk, "--suite", suite, says=[f"session: DTLSv1.2 {suite}"])
