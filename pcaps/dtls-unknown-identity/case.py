"""DTLS: a server that says so when it does not know an identity: alert 115, unknown_psk_identity (mbed TLS)."""

from lab import KEY


def make(lab, out):
    suite = ("--dtls", "--suite", "TLS-PSK-WITH-AES-128-GCM-SHA256")
    with lab.mbedtls_server(4433, "--dtls", "--psk", KEY, "--identity", b"known-to-the-server".hex()):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.mbedtls_client(4433, "--psk", KEY, "--identity", b"7ad2f6109c3e4b85a1f70e6d5b28c394".hex(), *suite,
                               says=["handshake failed: SSL - A fatal alert message was received"])
