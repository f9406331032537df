"""One session in two sections of a pcapng file: other byte order, other clock, other link type.

The second section is big-endian, counts nanoseconds, and its first interface has raw IP packets; between
the packets stands a block that nobody knows. From tls12-ecdhe-psk.
"""

from captures import CUSTOM, ETHERNET, ETHERNET_LEN, RAW_IP, Packet, block, enhanced, interface, read, section

FROM = ["tls12-ecdhe-psk"]
FIRST = 6  # packets in the first section: up to the server's hello


def make(_, out, source):
    packets = read(source)
    blocks = [section("<"), interface("<", ETHERNET)]
    blocks += [enhanced("<", 0, packet) for packet in packets[:FIRST]]
    blocks += [section(">"), interface(">", RAW_IP, 9), block(">", CUSTOM, b"unknown to all")]
    for packet in packets[FIRST:]:
        ip = packet.data[ETHERNET_LEN:]
        blocks.append(enhanced(">", 0, Packet(packet.time, ip, len(ip)), 9))
    with open(f"{out}/capture.pcapng", "wb") as file:
        file.write(b"".join(blocks))
