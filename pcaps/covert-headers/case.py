"""Headers that carry a text where they should carry nothing, and such as only look like it (put together by hand)."""

import socket
import struct

import captures

SERVER = "192.0.2.1"
TEXT = b"attack at dawn, bring a lantern."  # in four pieces of eight bytes
PIECES = [TEXT[at : at + 8] for at in range(0, len(TEXT), 8)]
NUMBERS = [5, 2, 7, 4]  # in fields of a few bits
ICMP, TCP, UDP, DESTINATION_OPTIONS = 1, 6, 17, 60
MEASURED = b"measured"
SYN, PSH, ACK, URG = 0x02, 0x08, 0x10, 0x20
PING = bytes(range(0x10, 0x38))  # behind the time, as the ping of Linux fills it


class Wire:
    def __init__(self):
        self.packets, self.time = [], 1_700_000_000_000_000

    def send(self, source, target, protocol, payload, ip_options=b"", evil=False, padding=b""):
        """A frame of IPv4; |padding| is repeated behind it up to 60 bytes."""
        self.time += 40_000
        head = struct.pack("!BBHHHBBH", 0x45 + len(ip_options) // 4, 0, 20 + len(ip_options) + len(payload), 0,
                           0xC000 if evil else 0x4000, 64, protocol, 0)
        head += socket.inet_aton(source) + socket.inet_aton(target) + ip_options
        head = head[:10] + struct.pack("!H", captures.checksum(head)) + head[12:]
        macs = b"".join(b"\x02\0\0\0\0" + socket.inet_aton(address)[3:] for address in (target, source))
        frame = macs + b"\x08\x00" + head + payload
        if padding:
            frame += (padding * 46)[: 60 - len(frame)]
        self.packets.append(captures.Packet(self.time, frame, len(frame)))

    def datagram6(self, host, padding, port=4000):
        """UDP over IPv6 with the option PadN in a header of options for the destination."""
        self.time += 40_000
        source, target = (socket.inet_pton(socket.AF_INET6, f"2001:db8::{name}") for name in (host, 1))
        udp_len = 8 + len(MEASURED)
        udp = struct.pack("!HHHH", port, 5683, udp_len, 0) + MEASURED
        check = captures.checksum(source + target + struct.pack("!II", udp_len, UDP) + udp)
        options = bytes([UDP, (4 + len(padding)) // 8 - 1, 1, len(padding)]) + padding
        payload = options + udp[:6] + struct.pack("!H", check or 0xFFFF) + udp[8:]
        frame = bytes.fromhex("020000000001 0200000000") + bytes([host]) + b"\x86\xdd"
        frame += struct.pack("!IHBB", 6 << 28, len(payload), DESTINATION_OPTIONS, 64) + source + target + payload
        self.packets.append(captures.Packet(self.time, frame, len(frame)))

    def segment(self, source, target, flags, seq=1, ack=1, data=b"", options=b"", reserved=0, urgent=0, **ip):
        ports = (4000, 80) if target == SERVER else (80, 4000)
        head = struct.pack("!HHIIBBHHH", *ports, seq, ack, (5 + len(options) // 4) << 4 | reserved, flags, 64240, 0,
                           urgent) + options
        pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!HH", TCP, len(head + data))
        check = captures.checksum(pseudo + head + data)
        self.send(source, target, TCP, head[:16] + struct.pack("!H", check) + head[18:] + data, **ip)

    def conversation(self, client, fields, syn=None):
        """A connection whose client sends a segment for each of |fields|, with these in it, and a SYN with |syn|."""
        self.segment(client, SERVER, **({"flags": SYN, "seq": 0, "ack": 0} | (syn or {})))
        self.segment(SERVER, client, SYN | ACK, seq=0)
        for number, field in enumerate(fields):
            self.segment(client, SERVER, **({"flags": PSH | ACK, "seq": 1 + 8 * number, "data": MEASURED} | field))
            self.segment(SERVER, client, ACK, seq=1, ack=9 + 8 * number)

    def ping(self, client, number, payload, answer=None):
        for source, target, kind, data in ((client, SERVER, 8, payload), (SERVER, client, 0, answer or payload)):
            head = struct.pack("!BBHHH", kind, 0, 0, 77, number)
            check = captures.checksum(head + data)
            self.send(source, target, ICMP, head[:2] + struct.pack("!H", check) + head[4:] + data)


def clock(number):
    return struct.pack("<QQ", 1_700_000_000, 40_000 * number)


def option(kind, value):
    return bytes([kind, 2 + len(value)]) + value + b"\1" * (-(2 + len(value)) % 4)  # and NOPs


def messages(wire):
    """Each host writes the text, or numbers, into a field of its own."""
    wire.conversation("192.0.2.21", [{"evil": True}, {}, {"evil": True}, {"evil": True}])
    wire.conversation("192.0.2.22", [{"ip_options": option(0x5E, piece)} for piece in PIECES])
    wire.conversation("192.0.2.23", [{"data": b"", "flags": ACK, "padding": piece} for piece in PIECES])
    wire.conversation("192.0.2.24", [{"reserved": number << 1} for number in NUMBERS])
    wire.conversation("192.0.2.25", [{"urgent": number} for number in NUMBERS])
    wire.conversation("192.0.2.26", [{"options": option(99, piece)} for piece in PIECES])
    wire.conversation("192.0.2.27", [{"options": b"\0" + piece + b"\0\0\0"} for piece in PIECES])
    wire.conversation("192.0.2.28", [{}], syn={"ack": int.from_bytes(b"dawn", "big")})
    for number, piece in enumerate(PIECES):
        wire.ping("192.0.2.29", number, clock(number) + piece + TEXT[:number])
        wire.ping("192.0.2.30", number, clock(number) + PING, answer=clock(number) + PING[:-8] + piece)
        wire.datagram6(31, piece + b"\0\0\0\0")


def look_alikes(wire):
    """What stacks and their users do, or may do."""
    alert = bytes([0x94, 4, 0, 0])  # RFC 2113
    wire.conversation("192.0.2.41", [{"ip_options": alert} for _ in PIECES])
    wire.conversation("192.0.2.42", [{"data": b"", "flags": ACK, "padding": b"\0"} for _ in PIECES])
    wire.conversation("192.0.2.43", [{"reserved": 1} for _ in PIECES])  # accurate ECN
    wire.conversation("192.0.2.44", [{"urgent": number, "flags": PSH | ACK | URG} for number in NUMBERS])
    wire.conversation("192.0.2.45", [{"options": option(253, piece)} for piece in PIECES])  # RFC 6994
    wire.conversation("192.0.2.46", [{"options": option(76, piece)} for piece in PIECES])
    wire.conversation("192.0.2.47", [{"options": b"\0" + bytes(7)} for _ in PIECES])
    for number in range(len(PIECES)):
        wire.ping("192.0.2.48", number, clock(number) + PING)
        wire.datagram6(50, bytes(12))
        wire.ping("192.0.2.49", number, b"abcdefghijklmnopqrstuvwabcdefghi")


def make(_, out):
    wire = Wire()
    messages(wire)
    look_alikes(wire)
    captures.write(f"{out}/capture.pcap", wire.packets)
