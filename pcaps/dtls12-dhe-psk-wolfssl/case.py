"""DTLS 1.2 with DHE_PSK and a hint (wolfSSL)."""

from lab import KEY

IDENTITY = "CN=boiler-4,O=Example"


def make(lab, out):
    common = ("--identity", IDENTITY, "--psk", KEY, "--suite", "DHE-PSK-AES128-GCM-SHA256")
    with lab.wolfssl_server(4433, *common, "--hint", "boilers"):
        with lab.capture(f"{out}/capture.pcap", "udp port 4433"):
            lab.wolfssl_client(4433, *common, says=["session: DTLSv1.2 DHE-PSK-AES128-GCM-SHA256", "hint: boilers"])
