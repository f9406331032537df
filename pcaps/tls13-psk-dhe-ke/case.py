"""TLS 1.3 with an external PSK and fresh key exchange, psk_dhe_ke (OpenSSL)."""

from lab import KEY

IDENTITY = "anna.meier@example.org"


def make(lab, out):
    psk = ("-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_server(4433, "-nocert", "-tls1_3", *psk):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256", *psk,
                               says=["Reused, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", "Server Temp Key: X25519"])
