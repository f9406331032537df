"""DTLS 1.2 with certificates of both sides, ECDSA on P-256 (OpenSSL)."""

from lab import CLIENT_NAME


def make(lab, out):
    cert, key = lab.certificate("ec")
    client_cert, client_key = lab.certificate("ec", CLIENT_NAME)
    with lab.openssl_dtls_server(4433, "-dtls1_2", "-cert", cert, "-key", key, "-Verify", "1") as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, "-dtls1_2", "-servername", "server.example",
                                    "-cert", client_cert, "-key", client_key,
                                    "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-groups", "P-256",
                                    says=["Cipher is ECDHE-ECDSA-AES128-GCM-SHA256", "Protocol  : DTLSv1.2"])
        server.must_say([f"subject=CN = {CLIENT_NAME}"])
