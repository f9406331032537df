"""DTLS 1.0 with ECDHE_PSK and no hint (wolfSSL)."""

from lab import KEY

IDENTITY = "boiler-4"


def make(lab, out):
    common = ("--dtls1.0", "--identity", IDENTITY, "--psk", KEY, "--suite", "ECDHE-PSK-AES128-CBC-SHA256")
    with lab.wolfssl_server(4433, *common):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.wolfssl_client(4433, *common, says=["session: DTLS ECDHE-PSK-AES128-CBC-SHA256"])
