"""DTLS 1.2: the server keeps nothing until the cookie has come back (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate("ec")
    with lab.openssl_dtls_server(4433, "-dtls1_2", "-listen", "-cert", cert, "-key", key) as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, "-dtls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305",
                                    says=["Cipher is ECDHE-ECDSA-CHACHA20-POLY1305", "Protocol  : DTLSv1.2"])
