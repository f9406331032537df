"""TLS 1.2 with anonymous DH: nobody proves who they are (OpenSSL)."""


def make(lab, out):
    suite = "ADH-AES128-GCM-SHA256:@SECLEVEL=0"
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-cipher", suite):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-cipher", suite, says=["Cipher is ADH-AES128-GCM-SHA256"])
