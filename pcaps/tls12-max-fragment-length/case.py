"""TLS 1.2 with fragments of no more than 512 bytes, and a suite with CBC that encrypts before it authenticates (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-tls1_2", "-cert", cert, "-key", key):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-maxfraglen", "512", "-cipher", "ECDHE-RSA-AES128-SHA",
                               "-groups", "X25519", says=["Cipher is ECDHE-RSA-AES128-SHA", "Extended master secret: yes"])
