"""TLS 1.2 as it should be, ECDHE_RSA with AES-GCM: nothing to find (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-cipher",
                            "ECDHE-RSA-AES256-GCM-SHA384"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_2", "-alpn", "h2,http/1.1",
                               says=["Cipher is ECDHE-RSA-AES256-GCM-SHA384", "Server Temp Key: X25519"])
