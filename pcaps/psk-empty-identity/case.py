"""A pre-shared key whose identity has no bytes (OpenSSL)."""

from lab import KEY


def make(lab, out):
    with lab.openssl_server(4433, "-nocert", "-tls1_2", "-psk", KEY, "-psk_identity", "",
                            "-cipher", "ECDHE-PSK-CHACHA20-POLY1305"):
        with lab.capture(f"{out}/capture.pcap", "tcp port 4433"):
            lab.openssl_client(4433, "-tls1_2", "-psk", KEY, "-psk_identity", "", "-cipher", "kECDHEPSK",
                               says=["Cipher is ECDHE-PSK-CHACHA20-POLY1305", "PSK identity: ---"])
