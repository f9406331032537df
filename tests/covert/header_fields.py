"""Channels in fields of the headers of IP and TCP."""
from packets import ACK, SYN, TCP, u16, u32


class Field:
    """A field of a header, of |width| bits (of |text_width|, at its high end, when text is sent)."""

    def __init__(self, name, rule, width, carries, put, get, text_width=None):
        self.name, self.rule, self.width, self.text_width = name, rule, width, text_width or width
        for what, function in (("carries", carries), ("put", put), ("get", get)):
            if function is not None:
                setattr(self, what, function)

    def carriers(self, capture, endpoint):
        return [packet for packet in capture.packets if packet.source == endpoint and self.carries(packet)]

    def widths(self, payload):
        width = self.text_width if payload == "plain" else self.width
        return width, self.width - width

    def embed(self, capture, endpoint, bits, chosen):
        width, shift = self.widths(bits.payload)
        for number, packet in enumerate(self.carriers(capture, endpoint)):
            if chosen(number):
                self.put(packet, bits.take(width) << shift)

    def extract(self, capture, endpoint, payload, chosen):
        width, shift = self.widths(payload)
        return [(width, self.get(packet) >> shift) for number, packet in enumerate(self.carriers(capture, endpoint))
                if chosen(number)]


# --- headers of IP ---

def put_ip_id(packet, value):
    packet.put(packet.l3 + 4, value, 2)


def whole_ipv4(packet):
    return packet.version == 4 and packet.l4 != 0


def put_ttl(packet, value):
    at = packet.l3 + (8 if packet.version == 4 else 7)
    if packet.data[at] & 1 != value:
        packet.data[at] -= 1


def get_ttl(packet):
    return packet.data[packet.l3 + (8 if packet.version == 4 else 7)] & 1


def put_dscp(packet, value):
    if packet.version == 4:
        packet.data[packet.l3 + 1] = value << 2 | packet.data[packet.l3 + 1] & 3
    else:
        packet.put(packet.l3, u16(packet.data, packet.l3) & 0xF03F | value << 6, 2)


def get_dscp(packet):
    return packet.data[packet.l3 + 1] >> 2 if packet.version == 4 else u16(packet.data, packet.l3) >> 6 & 63


def put_label(packet, value):
    packet.put(packet.l3, u32(packet.data, packet.l3) & 0xFFF00000 | value, 4)


def get_label(packet):
    return u32(packet.data, packet.l3) & 0xFFFFF


def put_reserved_bit(packet, value):
    packet.data[packet.l3 + 6] = packet.data[packet.l3 + 6] & 0x7F | value << 7


# --- headers of TCP ---

def is_tcp(packet):
    return packet.l4 != 0 and packet.protocol == TCP


def is_syn(packet):
    return is_tcp(packet) and packet.flags() & (SYN | ACK) == SYN


def put_tcp_reserved(packet, value):
    packet.data[packet.l4 + 12] = packet.data[packet.l4 + 12] & 0xF1 | value << 1


class LabelOfFlow(Field):
    """One label for each conversation, as stacks do."""

    def __init__(self):
        super().__init__("flow-label-flow", "covert.ipv6-flow-label", 20, None, None, None)

    def flows(self, capture, endpoint):
        flows = {}
        for packet in capture.packets:
            if packet.source == endpoint and packet.version == 6 and packet.l4 != 0:
                flows.setdefault(packet.flow(), []).append(packet)
        return flows.values()

    def embed(self, capture, endpoint, bits, chosen):
        for number, packets in enumerate(self.flows(capture, endpoint)):
            if chosen(number):
                value = bits.take(20)
                for packet in packets:
                    put_label(packet, value)

    def extract(self, capture, endpoint, payload, chosen):
        return [(20, get_label(packets[0])) for number, packets in enumerate(self.flows(capture, endpoint))
                if chosen(number)]


class Sequence(Field):
    """The initial sequence number: whatever follows in the connection follows it."""

    def __init__(self, name, width, text_width):
        super().__init__(name, "covert.tcp-isn", width, is_syn, None, None, text_width)
        self.mask = (1 << width) - 1

    def get(self, packet):
        return u32(packet.data, packet.l4 + 4) & self.mask

    def carriers(self, capture, endpoint):
        last, found = {}, []
        for packet in super().carriers(capture, endpoint):
            now = u32(packet.data, packet.l4 + 4)
            if last.get(packet.flow()) != now:
                found.append(packet)
            last[packet.flow()] = now
        return found

    def embed(self, capture, endpoint, bits, chosen):
        width, shift = self.widths(bits.payload)
        first = {id(packet): number for number, packet in enumerate(self.carriers(capture, endpoint))}
        moved = {}
        for packet in capture.packets:
            if not is_tcp(packet) or endpoint not in (packet.source, packet.target):
                continue
            number = first.get(id(packet))
            if number is not None:
                before = u32(packet.data, packet.l4 + 4)
                after = before & ~self.mask | bits.take(width) << shift if chosen(number) else before
                moved[packet.flow()] = after - before
            by = moved.get(packet.flow(), 0)
            if by and packet.source == endpoint:
                packet.put(packet.l4 + 4, (u32(packet.data, packet.l4 + 4) + by) & 0xFFFFFFFF, 4)
            elif by:
                move_acknowledged(packet, by)


def move_acknowledged(packet, by):
    if packet.flags() & ACK:
        packet.put(packet.l4 + 8, (u32(packet.data, packet.l4 + 8) + by) & 0xFFFFFFFF, 4)
    for kind, at, length in packet.tcp_options():
        if kind == 5:
            for edge in range(at, at + length - 3, 4):
                packet.put(edge, (u32(packet.data, edge) + by) & 0xFFFFFFFF, 4)


class LowBit(Field):
    """The lowest bit of TSval; a stamp never goes back, and the other side echoes what it got."""

    def __init__(self):
        super().__init__("timestamp", "covert.tcp-timestamps", 1, lambda packet: is_tcp(packet) and packet.tcp_option(8, 8)
                         is not None, None, lambda packet: packet.data[packet.tcp_option(8, 8) + 3] & 1)

    def embed(self, capture, endpoint, bits, chosen):
        last, echoes, number = {}, {}, 0
        for packet in capture.packets:
            if not self.carries(packet) or endpoint not in (packet.source, packet.target):
                continue
            at, flow = packet.tcp_option(8, 8), packet.flow()
            if packet.target == endpoint and packet.source != endpoint:
                packet.put(at + 4, echoes.get((flow, u32(packet.data, at + 4)), u32(packet.data, at + 4)), 4)
                continue
            before = value = u32(packet.data, at)
            if chosen(number):
                bit = bits.take(1)
                value = max(value, last.get(flow, 0)) if last.get(flow, 0) - value < 1000 else value
                value += (value ^ bit) & 1
            number += 1
            last[flow] = value
            echoes[flow, before] = value & 0xFFFFFFFF
            packet.put(at, value & 0xFFFFFFFF, 4)


class Padding6(Field):
    """Destination options with a PadN that carries four bytes."""

    def __init__(self):
        super().__init__("padn", "covert.ipv6-padding", 32, None, None, None)

    @staticmethod
    def carries(packet, done=False):
        return packet.l4 != 0 and packet.version == 6 and packet.l4 == packet.l3 + 40 + (8 if done else 0)

    def embed(self, capture, endpoint, bits, chosen):
        packets = [packet for packet in capture.packets if packet.source == endpoint and self.carries(packet)]
        for number, packet in enumerate(packets):
            if chosen(number):
                header = bytes([packet.protocol, 0, 1, 4]) + bits.take(32).to_bytes(4, "big")
                packet.data[packet.l3 + 6] = 60
                packet.splice(packet.l3 + 40, 0, header, capture.link_type)

    def extract(self, capture, endpoint, payload, chosen):
        return [(32, u32(packet.data, packet.l3 + 44)) for packet in capture.packets
                if packet.source == endpoint and packet.version == 6 and packet.data[packet.l3 + 6] == 60
                and packet.data[packet.l3 + 42] == 1]
