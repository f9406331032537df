"""Two clients that use one identity (OpenSSL)."""

from lab import CLIENTS, KEY

IDENTITY = "all-lamps"


def make(lab, out):
    psk = ("-tls1_2", "-psk", KEY, "-psk_identity", IDENTITY)
    with lab.openssl_server(4433, "-nocert", *psk, "-cipher", "ECDHE-PSK-CHACHA20-POLY1305"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            for address in CLIENTS[:2]:
                lab.openssl_client(4433, *psk, "-bind", f"{address}:0", "-cipher", "kECDHEPSK",
                                   says=["Cipher is ECDHE-PSK-CHACHA20-POLY1305", f"PSK identity: {IDENTITY}"])
