"""TLS 1.2 with ephemeral DH of 2048 bits: forward secret, nothing to find (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-cipher",
                            "DHE-RSA-AES128-GCM-SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_2", "-cipher", "kDHE",
                               says=["Cipher is DHE-RSA-AES128-GCM-SHA256", "Server Temp Key: DH, 2048 bits"])
