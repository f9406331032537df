"""A capture of a link type that no reader is for (147, reserved for private use). From the begin of tls12-psk."""

from captures import pcap_header, pcap_record, read

FROM = ["tls12-psk"]
PACKETS = 12  # how many there are in all depends on acknowledgements


def make(_, out, source):
    with open(f"{out}/capture.pcap", "wb") as file:
        file.write(pcap_header(147) + b"".join(map(pcap_record, read(source)[:PACKETS])))
