"""A client of TLS 1.2 alone, and one that says that it falls back, at a server of TLS 1.3 (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_2", says=["New, TLSv1.2"])
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_2", "-fallback_scsv", fails=True,
                               says=["inappropriate fallback"])
