"""TLS 1.2 with RSA key transport: one leaked server key opens what was recorded (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_2", "-cipher", "AES128-GCM-SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_2",
                               says=["Cipher is AES128-GCM-SHA256"])
