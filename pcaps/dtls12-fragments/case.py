"""DTLS 1.2 with an MTU of 256 bytes: certificate and key exchange in fragments (OpenSSL)."""


def make(lab, out):
    cert, key = lab.certificate()
    small = ("-dtls1_2", "-mtu", "256")
    with lab.openssl_dtls_server(4433, *small, "-cert", cert, "-key", key) as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, *small, "-servername", "server.example",
                                    "-cipher", "DHE-RSA-AES128-GCM-SHA256",
                                    says=["Cipher is DHE-RSA-AES128-GCM-SHA256", "Server Temp Key: DH, 2048 bits"])
