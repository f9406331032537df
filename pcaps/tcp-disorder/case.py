"""TCP segments split, swapped, sent twice and overlapping, both ways; made from tls12-ecdhe-psk."""

from captures import in_order_of_list, read, write

FROM = ["tls12-ecdhe-psk"]


def disorder(packet):
    """Three parts, last one first; then the middle again, overlapping both its neighbours."""
    length = len(packet.payload)
    third = length // 3
    return [packet.part(2 * third, length), packet.part(0, third), packet.part(third - 5, 2 * third + 5),
            packet.part(0, length)]


def make(_, out, source):
    packets = []
    for packet in read(source):
        packets += disorder(packet) if len(packet.payload) > 60 else [packet]
    write(f"{out}/capture.pcap", in_order_of_list(packets))
