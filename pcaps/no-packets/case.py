"""A capture without packets: a file header and no more. Nothing is wrong with it."""

from captures import pcap_header

FROM = ["tls12-psk"]


def make(_, out, __):
    with open(f"{out}/capture.pcap", "wb") as file:
        file.write(pcap_header())
