"""A file of Solaris's snoop, of a Token Ring whose client is behind two bridges; its counter says that two packets were
lost. From tls12-psk."""

import struct

from captures import read

FROM = ["tls12-psk"]

TOKEN_RING = 2
ROUTE = bytes.fromhex("0830 0011 0022 0030")  # eight bytes, over bridges 1 and 2
LOST_BEFORE = 5  # the packet that comes after the loss


def token_ring(frame, routed):
    destination, source, packet = frame[:6], bytearray(frame[6:12]), frame[14:]
    if routed:
        source[0] |= 0x80
    snap = b"\xaa\xaa\x03\x00\x00\x00" + frame[12:14]
    return b"\x10\x40" + destination + source + (ROUTE if routed else b"") + snap + packet


def record(packet, number):
    frame = token_ring(packet.data, packet.source_port != 4433)
    padding = b"\0" * (-len(frame) % 4)
    lost = 2 if number >= LOST_BEFORE else 0
    seconds, micros = divmod(packet.time, 1_000_000)
    header = struct.pack(">6I", len(frame), len(frame), 24 + len(frame) + len(padding), lost, seconds, micros)
    return header + frame + padding


def make(_, out, source):
    with open(f"{out}/capture.snoop", "wb") as file:
        file.write(b"snoop\0\0\0" + struct.pack(">II", 2, TOKEN_RING))
        for number, packet in enumerate(read(source), 1):
            file.write(record(packet, number))
