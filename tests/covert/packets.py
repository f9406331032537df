"""Captures as lists of packets that can be changed: pcap and pcapng in, pcap out, checksums mended."""
import ipaddress
import struct

ETHERNET, RAW, SLL, NULL = 1, 101, 113, 0
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
EXTENSION_HEADERS = (0, 43, 60)


def u16(data, at):
    return data[at] << 8 | data[at + 1]


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "big")


def checksum(data):
    """RFC 1071. 2^16 is 1 modulo 65535: the sum of all words is the remainder of the whole."""
    if len(data) & 1:
        data = bytes(data) + b"\0"
    return 0xFFFF - (int.from_bytes(data, "big") % 0xFFFF or (0xFFFF if any(data) else 0))


def text_of(address):
    return str(ipaddress.ip_address(bytes(address)))


class Packet:
    """A frame, and where its headers begin; |l4| is 0 where nothing is known behind the IP header, |version| 0 where
    there is none."""
    __slots__ = ("time_ns", "data", "wire_len", "version", "l3", "l4", "protocol", "payload", "end", "source", "target",
                 "sport", "dport")

    def __init__(self, time_ns, data, link_type=ETHERNET, wire_len=None):
        self.time_ns, self.data = time_ns, bytearray(data)
        self.wire_len = len(data) if wire_len is None else wire_len
        self.parse(link_type)

    def parse(self, link_type):
        data = self.data
        self.version = self.l4 = self.protocol = self.payload = self.end = self.sport = self.dport = 0
        self.source = self.target = b""
        at = self._network(link_type)
        if at is None or len(data) < at + 20:
            return
        self.l3 = at
        if data[at] >> 4 == 4:
            self._ipv4(at)
        elif data[at] >> 4 == 6 and len(data) >= at + 40:
            self._ipv6(at)

    def _network(self, link_type):
        data = self.data
        if link_type == ETHERNET:
            at = 12
            while len(data) >= at + 2 and u16(data, at) in (0x8100, 0x88A8):
                at += 4
            return at + 2 if len(data) >= at + 2 and u16(data, at) in (0x0800, 0x86DD) else None
        if link_type == SLL:
            return 16 if len(data) >= 16 and u16(data, 14) in (0x0800, 0x86DD) else None
        return {RAW: 0, NULL: 4}.get(link_type)

    def _ipv4(self, at):
        data = self.data
        header, total = (data[at] & 15) * 4, u16(data, at + 2)
        if header < 20 or total < header or len(data) < at + header:
            return
        self.version, self.protocol = 4, data[at + 9]
        self.source, self.target = bytes(data[at + 12:at + 16]), bytes(data[at + 16:at + 20])
        self.end = at + total
        if u16(data, at + 6) & 0x3FFF == 0:
            self._transport(at + header)

    def _ipv6(self, at):
        data = self.data
        self.version = 6
        self.source, self.target = bytes(data[at + 8:at + 24]), bytes(data[at + 24:at + 40])
        self.end = at + 40 + u16(data, at + 4)
        self.protocol, at = data[at + 6], at + 40
        while self.protocol in EXTENSION_HEADERS and len(data) >= at + 8:
            self.protocol, at = data[at], at + 8 + 8 * data[at + 1]
        self._transport(at)

    def _transport(self, at):
        data = self.data
        need = {TCP: 20, UDP: 8, ICMP: 8, ICMP6: 8}.get(self.protocol)
        if need is None or len(data) < at + need or self.end < at + need:
            return
        header = (data[at + 12] >> 4) * 4 if self.protocol == TCP else 8
        if header < need or at + header > min(len(data), self.end):
            return
        self.l4, self.payload = at, at + header
        if self.protocol in (TCP, UDP):
            self.sport, self.dport = u16(data, at), u16(data, at + 2)

    def whole(self):
        """Nothing of it was cut off by the snap length."""
        return self.version != 0 and len(self.data) >= self.end

    def body(self):
        return self.data[self.payload:self.end]

    def flags(self):
        return self.data[self.l4 + 13]

    def flow(self):
        """A key of the conversation, and which side sent the packet."""
        one, other = (self.source, self.sport), (self.target, self.dport)
        return (self.protocol, one, other) if one <= other else (self.protocol, other, one)

    def tcp_options(self):
        """(kind, offset of its value, length of its value)"""
        at = self.l4 + 20
        while at < self.payload:
            kind = self.data[at]
            if kind == 0:
                return
            if kind == 1:
                at += 1
                continue
            if at + 1 >= self.payload:
                return
            length = self.data[at + 1]
            if length < 2 or at + length > self.payload:
                return
            yield kind, at + 2, length - 2
            at += length

    def tcp_option(self, wanted, length):
        for kind, at, has in self.tcp_options():
            if kind == wanted and has == length:
                return at
        return None

    def put(self, at, value, length):
        self.data[at:at + length] = value.to_bytes(length, "big")

    def mend(self):
        """Puts all checksums in order."""
        data = self.data
        if self.version == 4:
            header = (data[self.l3] & 15) * 4
            self.put(self.l3 + 10, 0, 2)
            self.put(self.l3 + 10, checksum(data[self.l3:self.l3 + header]), 2)
        if self.l4 == 0 or not self.whole():
            return
        at = self.l4 + {TCP: 16, UDP: 6, ICMP: 2, ICMP6: 2}[self.protocol]
        self.put(at, 0, 2)
        segment = bytes(data[self.l4:self.end])
        if self.protocol != ICMP:
            pseudo = self.source + self.target + len(segment).to_bytes(4, "big") + bytes([0, 0, 0, self.protocol])
            segment += b"\0" * (len(segment) & 1) + pseudo
        value = checksum(segment)
        self.put(at, 0xFFFF if value == 0 and self.protocol == UDP else value, 2)

    def splice(self, at, remove, insert, link_type=ETHERNET):
        """Puts other bytes in the place of some, and mends what headers say of lengths."""
        grown = len(insert) - remove
        padding = self.data[self.end:]
        self.data[at:at + remove] = insert
        if grown > 0 and len(padding) and not any(padding):
            del self.data[self.end + grown:]
        length_at = self.l3 + (2 if self.version == 4 else 4)
        self.put(length_at, u16(self.data, length_at) + grown, 2)
        if self.protocol == UDP and at >= self.payload:
            self.put(self.l4 + 4, u16(self.data, self.l4 + 4) + grown, 2)
        self.wire_len = len(self.data)
        self.parse(link_type)


class Capture:
    def __init__(self, link_type=ETHERNET, packets=None):
        self.link_type, self.packets = link_type, packets if packets is not None else []

    def write(self, path):
        with open(path, "wb") as file:
            write_header(file, self.link_type)
            for packet in self.packets:
                write_frame(file, packet.time_ns, packet.data, packet.wire_len)


def write_header(file, link_type=ETHERNET):
    file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type))


def write_frame(file, time_ns, frame, wire_len=None):
    file.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(frame), wire_len or len(frame)) + frame)


class NotRead(Exception):
    """The file is no capture, or one of a kind that is not read here."""


def frames_of(path):
    """The frames of a capture of either format: link type, time, bytes, length on the wire."""
    with open(path, "rb") as file:
        data = file.read()
    return _pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(data)


def read(path):
    """A capture of one link type."""
    frames = frames_of(path)
    link_types = {link_type for link_type, *_ in frames}
    if len(link_types) != 1 or not link_types <= {ETHERNET, RAW, SLL, NULL}:
        raise NotRead("link types %s" % sorted(link_types))
    link_type = link_types.pop()
    return Capture(link_type, [Packet(time_ns, frame, link_type, wire_len)
                               for _, time_ns, frame, wire_len in frames])


def _pcap(data):
    kinds = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
             b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}
    if data[:4] not in kinds or len(data) < 24:
        raise NotRead("no capture")
    order, scale = kinds[data[:4]]
    link_type = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, parts, length, wire_len = struct.unpack_from(order + "IIII", data, at)
        frames.append((link_type, seconds * 10**9 + parts * scale, data[at + 16:at + 16 + length], wire_len))
        at += 16 + length
    return frames


def _pcapng(data):
    order, interfaces, frames, at = "<", [], [], 0
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + "I", data, at)[0]
        if kind == 0x0A0D0D0A:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        if length < 12 or at + length > len(data):
            break
        if kind == 1:
            link_type = struct.unpack_from(order + "H", data, at + 8)[0]
            interfaces.append((link_type, _resolution(data[at + 16:at + length - 4], order)))
        elif kind == 6:
            number, high, low, captured, wire_len = struct.unpack_from(order + "IIIII", data, at + 8)
            if number >= len(interfaces):
                raise NotRead("no such interface")
            link_type, per_second = interfaces[number]
            frames.append((link_type, (high << 32 | low) * 10**9 // per_second, data[at + 28:at + 28 + captured],
                           wire_len))
        at += length
    if not frames:
        raise NotRead("no packets")
    return frames


def _resolution(options, order):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        if code == 9 and length == 1:
            value = options[at + 4]
            return 2 ** (value & 127) if value & 128 else 10 ** value
        at += 4 + (length + 3) // 4 * 4
        if code == 0:
            break
    return 10**6
