"""DTLS 1.2 with a certificate: ECDHE_RSA, after a HelloVerifyRequest (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_dtls_server(4433, "-dtls1_2", "-cert", cert, "-key", key) as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, "-dtls1_2", "-servername", "server.example",
                                    "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-groups", "X25519",
                                    says=["Cipher is ECDHE-RSA-AES128-GCM-SHA256", "Protocol  : DTLSv1.2",
                                          "Server Temp Key: X25519"])
