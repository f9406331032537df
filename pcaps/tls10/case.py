"""TLS 1.0, which RFC 8996 forbids (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    suite = "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1", "-cipher", suite):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1", "-cipher", suite,
                               says=["New, TLSv1.0, Cipher is ECDHE-RSA-AES128-SHA", "Protocol  : TLSv1\n"])
