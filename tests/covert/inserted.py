"""Channels in packets that nobody would have sent."""
from header_fields import is_syn, is_tcp, move_acknowledged
from packets import ACK, ETHERNET, RST, SYN, Packet, u16, u32

MS = 10**6


class Inserted:
    """Segments put into connections: |before|: in front of the carrier, else behind it."""

    def __init__(self, name, rule, length, carries):
        self.name, self.rule, self.length, self.carries = name, rule, length, carries

    def embed(self, capture, endpoint, bits, chosen):
        moved, number, packets = {}, 0, []
        for packet in capture.packets:
            if not is_tcp(packet):
                packets.append(packet)
                continue
            self.move(packet, moved)
            carrier = packet.source == endpoint and packet.whole() and self.carries(packet)
            put = carrier and chosen(number)
            number += bool(carrier)
            if put:
                self.insert(capture, packets, packet, bits, moved)
            else:
                packets.append(packet)
        capture.packets = packets
        capture.packets.sort(key=lambda packet: packet.time_ns)

    @staticmethod
    def move(packet, moved):
        """Sequence numbers behind what was put in; |moved|: by flow and sender, (number in the stream as it was, by)."""
        if packet.flags() & (SYN | ACK) == SYN:
            moved.pop((packet.flow(), packet.source), None)
            moved.pop((packet.flow(), packet.target), None)
        seq, ack = u32(packet.data, packet.l4 + 4), u32(packet.data, packet.l4 + 8)
        own, other = moved.get((packet.flow(), packet.source), ()), moved.get((packet.flow(), packet.target), ())
        packet.put(packet.l4 + 4, seq + sum(by for point, by in own if (seq - point) & 0xFFFFFFFF < 1 << 31)
                   & 0xFFFFFFFF, 4) if own else None
        by = sum(by for point, by in other if (ack - point) & 0xFFFFFFFF < 1 << 31)
        if by:
            move_acknowledged(packet, by)

    @staticmethod
    def segment(capture, like, payload, time_ns, seq, ack):
        made = Packet(time_ns, like.data, capture.link_type, like.wire_len)
        made.splice(made.payload, made.end - made.payload, payload, capture.link_type)
        made.put(made.l4 + 4, seq & 0xFFFFFFFF, 4)
        made.put(made.l4 + 8, ack & 0xFFFFFFFF, 4)
        return made


def whole_records(packet):
    """One or more whole records of application data."""
    data, at = packet.data, packet.payload
    if at == packet.end or data[at] != 23:
        return False
    while at + 5 <= packet.end and data[at] == 23 and data[at + 1] == 3:
        at += 5 + u16(data, at + 3)
    return at == packet.end


class Heartbeat(Inserted):
    """RFC 6520: a request with a payload of so many bytes, behind application data."""

    def __init__(self):
        super().__init__("heartbeat", "covert.heartbeat", 16, whole_records)

    def insert(self, capture, packets, packet, bits, moved):
        packets.append(packet)
        data = b"\x01" + self.length.to_bytes(2, "big") + bits.take(8 * self.length).to_bytes(self.length, "big") + bytes(16)
        record = b"\x18\x03\x03" + len(data).to_bytes(2, "big") + data
        end = u32(packet.data, packet.l4 + 4) + packet.end - packet.payload
        packets.append(self.segment(capture, packet, record, packet.time_ns + 1000, end, u32(packet.data, packet.l4 + 8)))
        before = end - sum(by for _, by in moved.get((packet.flow(), packet.source), ()))
        moved.setdefault((packet.flow(), packet.source), []).append((before & 0xFFFFFFFF, len(record)))

    def extract(self, capture, endpoint, payload, chosen):
        found = []
        for packet in capture.packets:
            if packet.source == endpoint and is_tcp(packet) and packet.data[packet.payload:packet.payload + 1] == b"\x18" \
                    and packet.end > packet.payload:
                at = packet.payload + 8
                found.append((8 * self.length, int.from_bytes(packet.data[at:at + self.length], "big")))
        return found


class Preamble(Inserted):
    """SMTP: NOOP with an argument (RFC 5321 section 4.1.1.9) before STARTTLS, and its answer."""
    ANSWER = b"250 2.0.0 OK\r\n"

    def __init__(self):
        super().__init__("starttls", "covert.starttls-preamble", 24, lambda packet: packet.dport in (25, 587)
                         and packet.body().upper() == b"STARTTLS\r\n")

    def insert(self, capture, packets, packet, bits, moved):
        value = bits.take(8 * self.length)
        line = b"NOOP " + value.to_bytes(self.length, "big").hex().encode() + b"\r\n"
        seq, ack = u32(packet.data, packet.l4 + 4), u32(packet.data, packet.l4 + 8)
        packets.append(self.segment(capture, packet, line, packet.time_ns - 2 * MS, seq, ack))
        packets.append(self.answer(capture, packet, ack, seq + len(line)))
        for name, number, length in (((packet.flow(), packet.source), seq, len(line)),
                                     ((packet.flow(), packet.target), ack, len(self.ANSWER))):
            before = number - sum(by for _, by in moved.get(name, ()))
            moved.setdefault(name, []).append((before & 0xFFFFFFFF, length))
        packet.put(packet.l4 + 4, (seq + len(line)) & 0xFFFFFFFF, 4)
        packet.put(packet.l4 + 8, (ack + len(self.ANSWER)) & 0xFFFFFFFF, 4)
        packets.append(packet)

    def answer(self, capture, packet, seq, ack):
        """From the other side, with the fields of the last packet that came from it."""
        like = next(before for before in reversed(capture.packets[:capture.packets.index(packet)])
                    if before.l4 != 0 and before.source == packet.target and before.flow() == packet.flow())
        return self.segment(capture, like, self.ANSWER, packet.time_ns - MS, seq, ack)

    def extract(self, capture, endpoint, payload, chosen):
        return [(8 * self.length, int(bytes(packet.body())[5:-2], 16)) for packet in capture.packets
                if packet.source == endpoint and is_tcp(packet) and packet.body().startswith(b"NOOP ")]


class Bounce:
    """covert_tcp -ack: a SYN in the name of the receiver makes a third party send it the number and one."""
    name, rule = "ack-bounce", "covert.tcp-isn"
    DPORT = 80

    def embed(self, capture, endpoint, bits, chosen):
        made, number = [], 0
        for packet in capture.packets:
            if packet.source != endpoint or not is_syn(packet):
                continue
            if chosen(number):
                value = bits.take(8) << 24 if bits.payload == "plain" else bits.take(32)
                made += self.three(capture, packet, value, 1024 + number % 60000)
            number += 1
        capture.packets = sorted(capture.packets + made, key=lambda packet: packet.time_ns)

    def three(self, capture, syn, value, port):
        packets = []
        for later, flags, seq, ack, turned in ((0, SYN, value, 0, False), (20 * MS, SYN | ACK, 0x11223344, value + 1, True),
                                               (21 * MS, RST, value + 1, 0, False)):
            made = Packet(syn.time_ns + 500 * MS + later, syn.data, capture.link_type, syn.wire_len)
            if turned:
                size = 4 if made.version == 4 else 16
                at = made.l3 + (12 if made.version == 4 else 8)
                made.data[at:at + 2 * size] = syn.target + syn.source
                if capture.link_type == ETHERNET:
                    made.data[0:12] = syn.data[6:12] + syn.data[0:6]
            made.put(made.l4, self.DPORT if turned else port, 2)
            made.put(made.l4 + 2, port if turned else self.DPORT, 2)
            made.put(made.l4 + 4, seq & 0xFFFFFFFF, 4)
            made.put(made.l4 + 8, ack & 0xFFFFFFFF, 4)
            made.data[made.l4 + 13] = flags
            made.parse(capture.link_type)
            packets.append(made)
        return packets

    def extract(self, capture, endpoint, payload, chosen):
        width, shift = (8, 24) if payload == "plain" else (32, 0)
        return [(width, ((u32(packet.data, packet.l4 + 8) - 1) & 0xFFFFFFFF) >> shift) for packet in capture.packets
                if packet.target == endpoint and is_tcp(packet) and packet.sport == self.DPORT
                and packet.flags() & (SYN | ACK) == SYN | ACK and u32(packet.data, packet.l4 + 4) == 0x11223344]
