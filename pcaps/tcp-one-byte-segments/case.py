"""Every byte of the handshake in a TCP segment of its own; made from tls12-psk."""

from captures import in_order_of_list, read, write

FROM = ["tls12-psk"]


def make(_, out, source):
    packets = []
    for packet in read(source):
        length = len(packet.payload)
        packets += [packet.part(at, at + 1) for at in range(length)] if length else [packet]
    write(f"{out}/capture.pcap", in_order_of_list(packets))
