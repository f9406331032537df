"""DTLS 1.2 with a pre-shared key that names itself in bytes, after a HelloVerifyRequest (mbed TLS)."""

from lab import KEY

IDENTITY = "0011f2800000000002ff"


def make(lab, out):
    suite = "TLS-PSK-WITH-AES-128-CCM-8"
    psk = ("--dtls", "--psk", KEY, "--identity", IDENTITY)
    with lab.mbedtls_server(4433, *psk):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.mbedtls_client(4433, *psk, "--suite", suite, says=[f"session: DTLSv1.2 {suite}"])
