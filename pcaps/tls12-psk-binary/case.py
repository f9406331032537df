"""PSK identities that are no text: one with NUL bytes inside, one that is no UTF-8 (mbed TLS)."""

from lab import KEY

IDENTITIES = ("73656372657400616674657200", "80ff00c3280102fe")


def make(lab, out):
    suite = "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256"
    with lab.capture(f"{out}/capture.pcap", "tcp port 4433 or tcp port 4434"):
        for port, identity in zip((4433, 4434), IDENTITIES):
            options = ("--psk", KEY, "--identity", identity)
            with lab.mbedtls_server(port, *options):
                lab.mbedtls_client(port, *options, "--suite", suite, says=[f"session: TLSv1.2 {suite}"])
