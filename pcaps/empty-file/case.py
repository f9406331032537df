"""A file of no bytes."""

FROM = ["tls12-psk"]


def make(_, out, __):
    with open(f"{out}/capture.pcap", "wb"):
        pass
