"""TLS 1.3 with a certificate: nothing to find (OpenSSL)."""

from lab import SERVER_NAME


def make(lab, out):
    cert, key = lab.certificate()
    with lab.openssl_server(4433, "-cert", cert, "-key", key, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-servername", SERVER_NAME,
                               says=["New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", "Server Temp Key: X25519"])
