"""A pcapng file with a block whose length is a lie. From tls12-psk."""

import struct

from captures import ETHERNET, count_to_client_key_exchange, enhanced, interface, read, section

FROM = ["tls12-psk"]


def make(_, out, source):
    packets = read(source)
    num_whole = count_to_client_key_exchange(packets)
    blocks = [enhanced("<", 0, packet) for packet in packets]
    lie = bytearray(blocks[num_whole])
    struct.pack_into("<I", lie, 4, 5)  # shorter than the block's own frame
    blocks[num_whole] = bytes(lie)
    with open(f"{out}/capture.pcapng", "wb") as file:
        file.write(section("<") + interface("<", ETHERNET) + b"".join(blocks))
