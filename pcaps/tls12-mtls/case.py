"""TLS 1.2 with certificates of both sides (OpenSSL)."""

from lab import CLIENT_NAME


def make(lab, out):
    cert, key = lab.certificate()
    client_cert, client_key = lab.certificate("ec", CLIENT_NAME)
    with lab.openssl_server(4433, "-tls1_2", "-cert", cert, "-key", key, "-Verify", "1") as server:
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-servername", "server.example",
                               "-cert", client_cert, "-key", client_key, "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-groups", "X25519:P-256",
                               says=["Cipher is ECDHE-RSA-AES128-GCM-SHA256", "Protocol  : TLSv1.2", "ssaprep"])
        server.must_say([f"CN = {CLIENT_NAME}"])
