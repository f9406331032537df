"""DTLS 1.2 with ECDHE_PSK and a hint, over IPv6 (OpenSSL)."""

from lab import KEY, SERVER6

IDENTITY = "a81bc04f37e2590d"
HINT = "plant 7"


def make(lab, out):
    psk = ("-dtls1_2", "-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_dtls_server(4433, "-nocert", *psk, "-psk_hint", HINT,
                                 "-cipher", "ECDHE-PSK-AES128-CBC-SHA256", host=SERVER6) as server:
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_client(server, 4433, *psk, "-cipher", "kECDHEPSK", host=SERVER6,
                                    says=["Cipher is ECDHE-PSK-AES128-CBC-SHA256", f"PSK identity: {IDENTITY}",
                                          f"PSK identity hint: {HINT}"])
