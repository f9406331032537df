"""Captures made from captures: read a pcap file, rearrange its packets, write pcap or pcapng.

Reads what tcpdump writes on this machine (little-endian pcap, microseconds, Ethernet) with TCP over IPv4, and
makes UDP over IPv4. Checksums of such packets are right.
"""

import dataclasses
import socket
import struct

PCAP_MAGIC = 0xA1B2C3D4
ETHERNET, RAW_IP = 1, 101
ETHERNET_LEN, IPV4_LEN = 14, 20


@dataclasses.dataclass
class Packet:
    """A frame, its time in microseconds, and its length on the wire when the file has less of it."""

    time: int
    data: bytes
    wire_len: int

    def tcp_header(self):
        """Where the TCP header and its payload begin."""
        tcp = ETHERNET_LEN + (self.data[ETHERNET_LEN] & 0x0F) * 4
        return tcp, tcp + (self.data[tcp + 12] >> 4) * 4

    @property
    def payload(self):
        return self.data[self.tcp_header()[1] :]

    @property
    def source_port(self):
        return struct.unpack_from("!H", self.data, self.tcp_header()[0])[0]

    @property
    def syn(self):
        return bool(self.data[self.tcp_header()[0] + 13] & 0x02)

    def part(self, begin, end):
        """The same segment with only the bytes from |begin| to |end| of its payload."""
        tcp, payload = self.tcp_header()
        data = bytearray(self.data[:payload] + self.payload[begin:end])
        sequence = struct.unpack_from("!I", data, tcp + 4)[0]
        struct.pack_into("!I", data, tcp + 4, (sequence + begin) % 2**32)
        return Packet(self.time, with_checksums(data, tcp), len(data))

    def cut(self, length):
        """The same packet in a capture with a snap length."""
        return dataclasses.replace(self, data=self.data[:length])


def checksum(data):
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def with_checksums(data, tcp):
    """Fills in the IPv4 length and both checksums."""
    struct.pack_into("!H", data, ETHERNET_LEN + 2, len(data) - ETHERNET_LEN)
    struct.pack_into("!H", data, ETHERNET_LEN + 10, 0)
    struct.pack_into("!H", data, ETHERNET_LEN + 10, checksum(data[ETHERNET_LEN:tcp]))
    struct.pack_into("!H", data, tcp + 16, 0)
    pseudo = bytes(data[ETHERNET_LEN + 12 : ETHERNET_LEN + 20]) + struct.pack("!HH", 6, len(data) - tcp)
    struct.pack_into("!H", data, tcp + 16, checksum(pseudo + bytes(data[tcp:])))
    return bytes(data)


def udp_packet(time, source, destination, payload):
    """A frame between two (IPv4 address, port) pairs, with the addresses of Ethernet that the lab has."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    udp_len = 8 + len(payload)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, IPV4_LEN + udp_len, 0, 0x4000, 64, 17, 0) + addresses
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    udp = struct.pack("!HHHH", source[1], destination[1], udp_len, 0) + payload
    pseudo = addresses + struct.pack("!HH", 17, udp_len)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    last = [int(end[0].rsplit(".", 1)[1]) for end in (destination, source)]
    ethernet = b"".join(b"\x02\0\0\0\0" + bytes([min(int(str(n), 16), 255)]) for n in last) + b"\x08\x00"
    frame = ethernet + ip + udp
    return Packet(time, frame, len(frame))


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    magic, link = struct.unpack_from("<I16xI", data)
    if magic != PCAP_MAGIC or link != ETHERNET:
        raise ValueError(f"{path}: not a capture that pcaps/make made")
    packets, at = [], 24
    while at < len(data):
        seconds, micros, length, wire_len = struct.unpack_from("<IIII", data, at)
        packets.append(Packet(seconds * 1_000_000 + micros, data[at + 16 : at + 16 + length], wire_len))
        at += 16 + length
    return packets


def pcap_header(link=ETHERNET):
    return struct.pack("<IHHiIII", PCAP_MAGIC, 2, 4, 0, 0, 262144, link)


def pcap_record(packet):
    seconds, micros = divmod(packet.time, 1_000_000)
    return struct.pack("<IIII", seconds, micros, len(packet.data), packet.wire_len) + packet.data


def write(path, packets):
    with open(path, "wb") as file:
        file.write(pcap_header() + b"".join(map(pcap_record, packets)))


def count_to_client_key_exchange(packets, server_port=4433):
    """How many packets it takes until the client has spoken twice: hello, then key exchange."""
    spoken = [n for n, p in enumerate(packets, 1) if p.payload and p.source_port != server_port]
    return spoken[1]


def in_order_of_list(packets):
    """The times of the packets go up as they stand in the list."""
    start = packets[0].time
    return [dataclasses.replace(p, time=start + 50 * n) for n, p in enumerate(packets)]


# pcapng: draft-ietf-opsawg-pcapng

SECTION, INTERFACE, ENHANCED, CUSTOM = 0x0A0D0D0A, 1, 6, 0x0BAD


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(order):
    return block(order, SECTION, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def interface(order, link, resolution=6):
    """|resolution|: time stamps count 10 to the power of minus this of a second."""
    options = option(order, 9, bytes([resolution])) + option(order, 0, b"")
    return block(order, INTERFACE, struct.pack(order + "HHI", link, 0, 0) + options)


def enhanced(order, number, packet, resolution=6):
    time = packet.time * 10 ** (resolution - 6)
    head = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(packet.data), packet.wire_len)
    return block(order, ENHANCED, head + packet.data)
