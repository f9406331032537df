"""DTLS 1.2 with a pre-shared key alone; the server sends no hint (OpenSSL)."""

from lab import KEY

IDENTITY = "urn:dev:ops:32473-valve-0042"


def make(lab, out):
    psk = ("-dtls1_2", "-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_dtls_server(4433, "-nocert", *psk, "-cipher", "PSK-AES128-CCM8") as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, *psk, "-cipher", "kPSK",
                                    says=["Cipher is PSK-AES128-CCM8", f"PSK identity: {IDENTITY}",
                                          "PSK identity hint: None", "Protocol  : DTLSv1.2"])
