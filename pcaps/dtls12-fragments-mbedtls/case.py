"""DTLS 1.2 in fragments of no more than 300 bytes a datagram, both ways (mbed TLS)."""


def make(lab, out):
    suite = "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256"
    cert, key = lab.certificate()
    with lab.mbedtls_server(4433, "--dtls", "--mtu", "300", "--cert", cert, "--key", key):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.mbedtls_client(4433, "--dtls", "--mtu", "300", "--suite", suite, says=[f"session: DTLSv1.2 {suite}"])
