"""TLS 1.2 with static ECDH: the server's one certificate key in every session (mbed TLS)."""


def make(lab, out):
    cert, key = lab.certificate("ec")
    with lab.mbedtls_server(4433, "--cert", cert, "--key", key):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            suite = "TLS-ECDH-ECDSA-WITH-AES-128-GCM-SHA256"
            lab.mbedtls_client(4433, "--suite", suite, says=[f"session: TLSv1.2 {suite}"])
