"""TLS 1.2 with ECDHE_RSA and no encryption: a fresh key exchange that protects nothing (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    suite = "ECDHE-RSA-NULL-SHA:@SECLEVEL=0"
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-cipher", suite):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-cipher", suite, says=["Cipher is ECDHE-RSA-NULL-SHA"])
