"""TLS 1.3 where the server wants another group: HelloRetryRequest and a second ClientHello (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_3", "-groups", "P-384",
                            "-ciphersuites", "TLS_AES_256_GCM_SHA384"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME, "-tls1_3", "-groups", "X25519:P-384",
                               says=["New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", "ECDH, secp384r1"])
