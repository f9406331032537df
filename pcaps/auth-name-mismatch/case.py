"""A client asks for one name, takes the certificate of another, and goes on (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.issued("Alpha", "named")
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for name in (SERVER_NAME, "else.example"):
                lab.openssl_client(4433, "-tls1_2", "-servername", name,
                                   says=["New, TLSv1.2", f"subject=CN = {SERVER_NAME}"])
