"""DTLS 1.0 with ECDHE_RSA (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_dtls_server(4433, "-dtls1", "-cert", cert, "-key", key,
                                 "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0") as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, "-dtls1", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
                                    says=["Cipher is ECDHE-RSA-AES128-SHA", "Protocol  : DTLSv1"])
