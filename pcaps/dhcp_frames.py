"""Messages of DHCP and DHCPv6 put together by hand, for what no stack at hand sends."""

import socket
import struct

import captures

COOKIE = bytes.fromhex("63825363")
MAC = bytes.fromhex("02000000af10")
CLIENT, SERVER = ("192.0.2.10", 68), ("192.0.2.1", 67)
CLIENT6, SERVER6, RELAY6 = "fe80::ff:fe00:af10", "2001:db8::1", "2001:db8:1::1"


def option(code, value):
    return bytes([code, len(value)]) + value


def message(kind, options=b"", op=1, siaddr="0.0.0.0", sname=b"", file=b"", cookie=COOKIE, behind=b"\xff"):
    """A DHCPv4 message; |kind| is option 53, None for BOOTP."""
    head = struct.pack("!BBBBIHH", op, 1, 6, 0, 0x50455250, 0, 0)
    addresses = bytes(4) + bytes(4) + socket.inet_aton(siaddr) + bytes(4)
    typed = b"" if kind is None else option(53, bytes([kind]))
    return (head + addresses + MAC + bytes(10) + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + cookie + typed + options
            + behind)


def address6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def option6(code, value):
    return struct.pack("!HH", code, len(value)) + value


def list6(*values):
    return b"".join(struct.pack("!H", len(value)) + value for value in values)


def message6(kind, *options, xid=0x504552):
    return struct.pack("!I", kind << 24 | xid) + b"".join(options)


def relayed6(kind, hops, link, peer, *options):
    return bytes([kind, hops]) + address6(link) + address6(peer) + b"".join(options)


def udp6(time, source, destination, payload):
    """A frame between two (IPv6 address, port) pairs."""
    addresses = address6(source[0]) + address6(destination[0])
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    pseudo = addresses + struct.pack("!II", len(udp), 17)
    udp = udp[:6] + struct.pack("!H", captures.checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    ip = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + addresses
    frame = bytes.fromhex("020000000001") + MAC + b"\x86\xdd" + ip + udp
    return captures.Packet(time, frame, len(frame))
