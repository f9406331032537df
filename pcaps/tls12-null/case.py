"""TLS 1.2 with NULL-SHA256: authenticated, not encrypted (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    suite = "NULL-SHA256:@SECLEVEL=0"
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-cipher", suite):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-cipher", suite, says=["Cipher is NULL-SHA256"])
