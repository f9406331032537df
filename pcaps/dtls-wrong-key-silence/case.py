"""DTLS 1.2 PSK with a wrong key: the server says nothing, the client sends its flight again (OpenSSL)."""

from lab import KEY

IDENTITY = "7ad2f6109c3e4b85a1f70e6d5b28c394"
SECONDS = 4  # the flight is sent again after 1 s, and after 2 s more


def make(lab, out):
    psk = ("-dtls1_2", "-psk_identity", IDENTITY, "-cipher", "PSK-AES128-GCM-SHA256")
    with lab.openssl_dtls_server(4433, "-nocert", *psk, "-psk", KEY):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.openssl_dtls_attempt(SECONDS, 4433, *psk, "-psk", "00" * 16)
