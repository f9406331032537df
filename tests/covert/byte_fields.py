"""Channels in fields of bytes, whose place and length go by the packet: TLS, DHCP, echo requests, padding."""
from packets import ICMP, ICMP6, TCP, UDP, u16


class Bytes:
    """|find| gives offset and length of what can be set in a packet, or None."""

    def __init__(self, name, rule, find, longest=256):
        self.name, self.rule, self.find, self.longest = name, rule, find, longest

    def carriers(self, capture, endpoint):
        for packet in capture.packets:
            if packet.source == endpoint and packet.l4 != 0 and packet.whole():
                place = self.find(packet)
                if place is not None and place[1] > 0:
                    yield packet, place[0], min(place[1], self.longest)

    def embed(self, capture, endpoint, bits, chosen):
        for number, (packet, at, length) in enumerate(list(self.carriers(capture, endpoint))):
            if chosen(number):
                before = bytes(packet.data[at:at + length])
                packet.put(at, bits.take(8 * length), length)
                self.follow(capture, packet, before, bytes(packet.data[at:at + length]))

    def follow(self, capture, packet, before, after):
        """What the other side does with it."""

    def extract(self, capture, endpoint, payload, chosen):
        return [(8 * length, int.from_bytes(packet.data[at:at + length], "big"))
                for number, (packet, at, length) in enumerate(self.carriers(capture, endpoint)) if chosen(number)]


class Echoed(Bytes):
    """The other side sends it back: the first packet of the conversation in the next ten seconds that has it."""

    def follow(self, capture, packet, before, after):
        at = capture.places[id(packet)]
        for answer in capture.packets[at + 1:at + 4000]:
            if answer.time_ns > packet.time_ns + 10 * 10**9:
                return
            if answer.target == packet.source and answer.l4 != 0 and answer.flow() == packet.flow():
                found = answer.data.find(before, answer.payload)
                if found >= 0:
                    answer.data[found:found + len(before)] = after
                    return

    def embed(self, capture, endpoint, bits, chosen):
        capture.places = {id(packet): at for at, packet in enumerate(capture.packets)}
        super().embed(capture, endpoint, bits, chosen)


def client_hello(packet):
    """Offset of the body of a ClientHello that is whole in one record and one segment, and its end."""
    data, at = packet.data, packet.payload
    if packet.protocol != TCP or packet.end < at + 50 or data[at] != 22 or data[at + 1] != 3 or data[at + 5] != 1:
        return None
    end = at + 9 + int.from_bytes(data[at + 6:at + 9], "big")
    return (at + 9, end) if end <= min(packet.end, at + 5 + u16(data, at + 3)) else None


def random_of_hello(packet):
    place = client_hello(packet)
    return None if place is None else (place[0] + 2, 32)


def session_id_of_hello(packet):
    place = client_hello(packet)
    return None if place is None else (place[0] + 35, packet.data[place[0] + 34])


def extension_of_hello(wanted):
    def find(packet):
        place = client_hello(packet)
        if place is None:
            return None
        data, (at, end) = packet.data, place
        at += 35 + data[at + 34]
        at += 2 + u16(data, at)
        at += 1 + data[at] + 2
        while at + 4 <= end:
            kind, length = u16(data, at), u16(data, at + 2)
            if kind == wanted and at + 4 + length <= end:
                return at + 4, length
            at += 4 + length
        return None
    return find


GCM_SUITES = (0xC02F, 0xC02B, 0xC030, 0xC02C, 0x009C, 0x009D, 0x009E, 0x009F)


def is_gcm_server_hello(packet):
    """TLS 1.2 with GCM, whole at the start of a segment."""
    data, at = packet.data, packet.payload
    if packet.protocol != TCP or packet.end < at + 50 or data[at] != 22 or data[at + 1] != 3 or data[at + 5] != 2:
        return False
    at += 9 + 34
    return at + 3 + data[at] <= packet.end and u16(data, at + 1 + data[at]) in GCM_SUITES


class Nonce(Bytes):
    """The explicit nonce of a record of application data at the start of a segment."""

    def __init__(self):
        super().__init__("nonce", "covert.ephemeral-nonce", None, 8)

    def carriers(self, capture, endpoint):
        flows = {packet.flow() for packet in capture.packets if packet.l4 != 0 and is_gcm_server_hello(packet)}
        for packet in capture.packets:
            if packet.source == endpoint and packet.l4 != 0 and packet.flow() in flows and packet.whole() and \
                    packet.end >= packet.payload + 5 + 24 and packet.data[packet.payload] == 23:
                yield packet, packet.payload + 5, 8


def behind_dhcp_end(packet):
    data, at = packet.data, packet.payload + 240
    if packet.protocol != UDP or packet.sport not in (67, 68) or packet.end < at or \
            data[at - 4:at] != b"\x63\x82\x53\x63":
        return None
    while at < packet.end and data[at] != 255:
        at += 1 if data[at] == 0 else 2 + data[at + 1] if at + 1 < packet.end else 2
    return (at + 1, packet.end - at - 1) if at + 1 < packet.end else None


def dhcp_server_name(packet):
    if packet.protocol != UDP or packet.sport not in (67, 68) or packet.end < packet.payload + 240:
        return None
    return packet.payload + 44, 64


def echo_data(packet):
    """Behind the time that ping puts first."""
    if packet.protocol not in (ICMP, ICMP6) or packet.data[packet.l4] not in (8, 128):
        return None
    return packet.payload + 16, packet.end - packet.payload - 16


def ethernet_padding(packet):
    return (packet.end, len(packet.data) - packet.end) if len(packet.data) <= 60 else None
