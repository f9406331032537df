"""DTLS: the right identity with a wrong key, told by alert 20, bad_record_mac (mbed TLS)."""

from lab import KEY


def make(lab, out):
    identity = ("--dtls", "--identity", b"7ad2f6109c3e4b85a1f70e6d5b28c394".hex())
    with lab.mbedtls_server(4433, "--psk", KEY, *identity):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.mbedtls_client(4433, "--psk", "00" * 16, *identity, "--suite", "TLS-PSK-WITH-AES-128-GCM-SHA256",
                               says=["handshake failed: SSL - A fatal alert message was received"])
