#!/usr/bin/env python3
"""seeds.py FOLDER [CAPTURE...]: writes what fuzzing begins with to FOLDER/TARGET, a file an input, as each target reads
it (the comment at the head of fuzz_NAME.c): the conversations of pcaps/ and of the captures named, the files of
tests/unit/data."""
import bz2
import gzip
import hashlib
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "covert"))
import packets  # noqa: E402

MAX_LEN = 1 << 16  # as tools/fuzz tells libFuzzer
TLS_PORTS_OF_STARTTLS = (25, 21, 119, 4190, 6667)
HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11


class Conversation:
    """What two ends say to each other: (side, bytes) in order; side 0 is who speaks first."""

    def __init__(self, packet):
        self.protocol, self.ports = packet.protocol, {packet.sport, packet.dport}
        self.first, self.hosts = (packet.source, packet.sport), {packet.source, packet.target}
        self.target_port = packet.dport
        self.said, self.next = [], [None, None]

    def add(self, packet):
        side = int((packet.source, packet.sport) != self.first)
        body = bytes(packet.body())
        if self.protocol == packets.TCP:
            body = self._new_part(packet, side, body)
        if body:
            self.said.append((side, body))

    def _new_part(self, packet, side, body):
        sequence = packets.u32(packet.data, packet.l4 + 4)
        if packet.flags() & packets.SYN:
            self.next[side] = (sequence + 1) % 2**32
            return b""
        if self.next[side] is None:
            self.next[side] = sequence
        known = (self.next[side] - sequence) % 2**32
        if known >= 2**31:  # a segment is missing: go on behind it
            known = 0
        self.next[side] = (sequence + max(known, len(body))) % 2**32
        return body[known:]

    def of(self, side):
        return b"".join(body for who, body in self.said if who == side)


def conversations(capture):
    flows = {}
    for packet in capture.packets:
        if packet.l4 and packet.protocol in (packets.TCP, packets.UDP):
            flows.setdefault(packet.flow(), Conversation(packet)).add(packet)
    return [flow for flow in flows.values() if flow.said]


def script(conversation, longest, head, pad=1):
    """Chunks of at most |longest| bytes, each behind |head(side, its length)|."""
    out = b""
    for side, body in conversation.said:
        for at in range(0, len(body), longest):
            piece = body[at:at + longest]
            piece += b"\0" * (-len(piece) % pad)
            out += head(side, len(piece)) + piece
    return out


def handshake_messages(data):
    """The messages of the records of a side, until they are protected: (type, body)."""
    at, messages = 0, b""
    while at + 5 <= len(data) and data[at] == 22:
        length = packets.u16(data, at + 3)
        messages += data[at + 5:at + 5 + length]
        at += 5 + length
    at = 0
    while at + 4 <= len(messages):
        length = int.from_bytes(messages[at + 1:at + 4], "big")
        if at + 4 + length > len(messages):
            return
        yield messages[at], messages[at + 4:at + 4 + length]
        at += 4 + length


def certificates(body):
    at = 3
    while at + 3 <= len(body):
        length = int.from_bytes(body[at:at + 3], "big")
        yield body[at + 3:at + 3 + length]
        at += 3 + length


def old_hello(hello):
    """A ClientHello in the form of SSL 2, as clients offered newer versions by (RFC 5246, appendix E.2)."""
    at = 35 + hello[34]
    suites = hello[at + 2:at + 2 + packets.u16(hello, at)]
    specs = b"".join(b"\0" + suites[at:at + 2] for at in range(0, len(suites), 2))
    body = b"\1" + hello[:2] + struct.pack("!HHH", len(specs), 0, 32) + specs + hello[2:34]
    return struct.pack("!H", 0x8000 | len(body)) + body


def seeds_of_tls(flow):
    chunks = script(flow, 128, lambda side, length: bytes([side << 7 | length - 1]))
    yield "tls", chunks
    for header in (b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n",
                   b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(range(8)) + b"\xc3\x50\x01\xbb"):
        yield "tls", bytes([len(header) - 1]) + header + chunks
    hellos = [body for kind, body in handshake_messages(flow.of(0)) if kind == HELLO]
    if hellos:
        old = old_hello(hellos[0])[:128]
        yield "tls", bytes([len(old) - 1]) + old + chunks
    for tcp in (0, 1):
        yield "openvpn", openvpn(flow, tcp)
    for side in (0, 1):
        for kind, body in handshake_messages(flow.of(side)):
            yield "certificate", bytes([kind & 0x1F | (side == 0) << 5 | 0x80]) + body
            if kind == CERTIFICATE:
                for der in certificates(body):
                    yield "certificate", der
                    yield "content", der
            if kind <= SERVER_HELLO:
                message = bytes([kind]) + len(body).to_bytes(3, "big") + body
                yield from seeds_of_quic(message, side)


def seeds_of_quic(message, side):
    """A hello as QUIC carries it, in frames of Initial packets: in one; in pieces that overlap, the last one first,
    between ACK, NEW_TOKEN and CONNECTION_CLOSE; with a piece that comes again and is another."""
    def crypto(begin, end):
        return b"\x06" + struct.pack("!HH", 0x4000 | begin, 0x4000 | end - begin) + message[begin:end]

    def packet(frames):
        frames += b"\0" * (-len(frames) % 8)
        return bytes([0x40 | side << 7, len(frames) // 8]) + frames

    half, third, end = len(message) // 2, len(message) // 3, len(message)
    ack, token, close = b"\x03\5\0\1\0\1\1\1\2\3", b"\x07\2ab", b"\x1c\x41\x28\6\2no"
    if end > 1900:
        return
    yield "quic", packet(crypto(0, end))
    pieces = (ack + crypto(half, end), token + crypto(third, half + 9), crypto(0, half), close)
    yield "quic", b"".join(map(packet, pieces))
    yield "quic", packet(crypto(third, half)) + packet(crypto(third, half)[:-1] + b"?") + packet(crypto(0, end))
    yield "quic", packet(b"\x06\0\4\1\1\0\0") + packet(b"\x1d\1\0") + packet(b"\x06\x80\1\0\0\1x")


def openvpn(flow, tcp):
    """The TLS of a conversation in control packets of OpenVPN, each side's first one a reset."""
    reset, control = (7 << 3, 8 << 3), 4 << 3
    out, numbers = bytes([tcp]), [0, 0]
    for side, body in [(0, None), (1, None)] + flow.said:
        for at in range(0, len(body or b"0"), 240):
            opcode = reset[side] if body is None else control
            packet = bytes([opcode]) + b"SESSION%d" % side + b"\0" + struct.pack("!I", numbers[side])
            packet += body[at:at + 240] if body else b""
            numbers[side] += 1
            if tcp:
                packet = struct.pack("!H", len(packet)) + packet
            packet += b"\0" * (len(packet) % 2 and not tcp)
            for begin in range(0, len(packet), 256):
                piece = packet[begin:begin + 256]
                piece += b"\0" * (len(piece) % 2)
                out += bytes([side << 7 | len(piece) // 2 - 1]) + piece
    return out


def seeds_of_tcp(flow):
    first = flow.said[0][1]
    if first[:2] == b"\x16\x03":
        yield from seeds_of_tls(flow)
    if re.match(rb"[A-Z]{3,8} \S+ HTTP/1", first):
        yield "http", b"\1" + script(flow, 64, lambda side, length: bytes([side << 7 | length - 1]))
    port = next((port for port in TLS_PORTS_OF_STARTTLS if port in flow.ports), 6667)
    yield "starttls", (bytes([0x80 + (TLS_PORTS_OF_STARTTLS.index(port) - 0x80) % 5])
                       + script(flow, 128, lambda side, length: bytes([side << 7 | length - 1])))
    if flow.ports & {53, 23}:
        yield "clear", bytes([5 if 53 in flow.ports else 7, min(len(flow.of(0)), 255)]) + flow.of(0)[:255] + flow.of(1)
    if flow.ports & {1194}:
        yield "openvpn", b"\1" + script(flow, 256, lambda side, length: bytes([side << 7 | length // 2 - 1]), 2)


def seeds_of_udp(flow):
    first = flow.said[0][1]
    ports = flow.ports
    if first[:1] in (b"\x14", b"\x15", b"\x16", b"\x17", b"\x19") and first[1:2] == b"\xfe":
        yield "dtls", script(flow, 2047, lambda side, length: struct.pack("!H", side << 15 | length))
        answers = [body for side, body in flow.said if side]
        yield "answers", b"".join(struct.pack("!H", len(body)) + body for body in answers if len(body) < 2048)
    elif ports & {67, 68, 546, 547}:
        for side, body in flow.said:
            yield "dhcp", bytes([bool(ports & {546, 547}) | side << 1]) + body
    elif ports & {53, 161, 162}:
        asked = flow.of(0)[:255]
        yield "clear", bytes([0 if 53 in ports else 2, len(asked)]) + asked + flow.of(1)
    elif ports & {1194}:
        yield "openvpn", b"\0" + script(flow, 256, lambda side, length: bytes([side << 7 | length // 2 - 1]), 2)
    elif first[0] & 0x80:
        yield "quic", script(flow, 2040, lambda side, length: bytes([side << 7, length // 8]), 8)


def seeds_of_tftp(capture):
    """All TFTP of a capture as one conversation: the request goes to port 69, the rest is between two others."""
    out, client = b"", None
    for packet in capture.packets:
        if packet.protocol != packets.UDP or not packet.l4 or not packet.body():
            continue
        if packet.dport == 69:
            client = (packet.source, packet.sport)
            who = 0
        elif client in ((packet.source, packet.sport), (packet.target, packet.dport)):
            who = 2 if client == (packet.source, packet.sport) else 3
        else:
            continue
        body = bytes(packet.body())
        if len(body) > 255:
            body += b"\0" * (-len(body) % 8)
            out += bytes([who | 0x40, len(body) // 8]) + body
        else:
            out += bytes([who, len(body)]) + body
    if out:
        yield "tftp", out[:MAX_LEN]


def compressed(data):
    yield gzip.compress(data, mtime=0)
    yield bz2.compress(data)  # which is not read: it must be told as what it is not
    for program in ("zstd", "lz4"):
        if shutil.which(program):
            yield subprocess.run([program, "-c"], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 check=True).stdout


def rare_files(frames):
    """Captures that libpcap alone reads: of version 2.2, and in the form of Linux 2.0 (with an interface each)."""
    link_type = frames[0][0]
    for magic, minor, more in ((0xA1B2C3D4, 2, b""), (0xA1B2CD34, 4, struct.pack("<IHBB", 1, 0x0800, 0, 0))):
        out = struct.pack("<IHHiIII", magic, 2, minor, 0, 0, 65535, link_type)
        for _, time_ns, frame, wire_len in frames:
            out += struct.pack("<IIII", time_ns // 10**9 % 2**32, 0, len(frame), wire_len) + more + frame
        yield out


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def options(*pairs):
    return b"".join(struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)
                    for code, value in pairs) + bytes(4)


def pcapng_files(frames):
    """pcapng with time stamps of several units and offsets, check sequences, and statistics of what was dropped."""
    head = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for resolution, offset in ((9, 0), (3, -5), (0x8A, 7), (0xA8, 1 << 40), (19, -(1 << 62)), (0xBF, 0), (0xFF, 1)):
        out = head + block(1, struct.pack("<HHI", frames[0][0], 0, 96)
                           + options((9, bytes([resolution])), (13, b"\4"), (14, struct.pack("<q", offset))))
        for _, time_ns, frame, wire_len in frames:
            out += block(6, struct.pack("<IIIII", 0, time_ns >> 32, time_ns % 2**32, len(frame), wire_len) + frame
                         + b"\0" * (-len(frame) % 4)
                         + options((2, struct.pack("<I", 0x000000E1)), (4, struct.pack("<Q", 3))))
        counts = ((code, struct.pack("<Q", count)) for code, count in ((4, 9), (5, 2), (7, 1)))
        yield out + block(5, struct.pack("<III", 0, 0, 0) + options(*counts))


def seeds_of_capture(path):
    data = path.read_bytes()
    for target in ("capture", "file", "usual", "eap"):
        yield target, data[:MAX_LEN]
    if len(data) < 8192:
        for packed in compressed(data):
            yield "file", packed
    try:
        frames = packets.frames_of(path)
        if frames and len(data) < 8192:
            for rare in (*rare_files(frames[:40]), *pcapng_files(frames[:4])):
                yield "file", rare
        for link_type, _, frame, wire_len in frames:
            yield "layers", struct.pack("!HB", link_type, min(max(wire_len - len(frame), 0), 255)) + frame
        capture = packets.read(path)
    except (packets.NotRead, struct.error):
        return
    yield from seeds_of_tftp(capture)
    for flow in conversations(capture):
        yield from seeds_of_tcp(flow) if flow.protocol == packets.TCP else seeds_of_udp(flow)


def seeds_of_redact():
    """Values of every class under every policy, in every type of observation; where the mark stands may be a label."""
    values = (b"a.", b"printer.lan.", b".example.com", b"\xff\x00\x1b[2J", b"user@host", bytes(16), b"\x2a" * 16)
    for number in range(3 * 5 * 4 * len(values)):
        policy, rest = number % 3, number // 3
        privacy, rest = rest % 5, rest // 5
        kind, value = rest % 4, values[rest // 4]
        at = 0 if value.startswith(b".") else len(value)
        how = policy | number % 2 << 2 | 0xF0 * (number % 7 == 0)
        yield "redact", bytes([how, privacy, kind, number % 256, at]) + value


def ip4(protocol, payload):
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + bytes(range(1, 9)) + payload


def ip6(protocol, payload):
    return struct.pack("!IHBB", 0x60000000, len(payload), protocol, 64) + bytes(range(32)) + payload


def udp(port, payload):
    return struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload


def ethernet(kind, payload):
    return bytes(range(2, 14)) + struct.pack("!H", kind) + payload


def packets_in_tunnels(inner4, inner6):
    """IPv4 packets with others in them, in each way that core/tunnel.c knows."""
    frame = ethernet(0x0800, inner4)
    yield ip4(4, inner4)
    yield ip4(41, inner6)
    yield ip4(47, struct.pack("!HH", 0, 0x0800) + inner4)
    yield ip4(47, struct.pack("!HHII", 0x3000, 0x6558, 7, 1) + frame)
    yield ip4(47, struct.pack("!HHI", 0x1000, 0x88BE, 1) + struct.pack("!II", 0x10010000, 0) + frame)
    yield ip4(47, struct.pack("!HHI", 0x1000, 0x22EB, 1) + struct.pack("!III", 0x20010000, 0, 0) + frame)
    yield ip4(47, struct.pack("!HH", 0, 0x880B) + b"\xff\x03\x00\x21" + inner4)
    yield ip4(17, udp(4789, struct.pack("!II", 0x08000000, 42 << 8) + frame))
    yield ip4(17, udp(6081, struct.pack("!HHII", 0x0100, 0x6558, 42 << 8, 0) + frame))
    yield ip4(17, udp(2152, struct.pack("!BBHI", 0x30, 255, len(inner4), 9) + inner4))
    yield ip4(17, udp(2152, struct.pack("!BBHIHBB", 0x32, 255, len(inner4) + 4, 9, 1, 0, 0) + inner4))
    yield ip4(17, udp(37008, b"\x01\x00\x00\x01\x01" + frame))
    yield ip4(17, udp(3544, inner6))
    yield ip4(17, udp(3544, b"\0\1" + bytes(11) + inner6))
    yield ip4(17, udp(5247, struct.pack("!II", 0x00100200, 0) + wifi(inner4)))
    for more, offset in ((0x2000, 0), (0, 3)):
        yield ip4(17, udp(9, bytes(24)))[:6] + struct.pack("!H", more | offset) + ip4(17, udp(9, bytes(24)))[8:]
    yield ip6(0, struct.pack("!BB", 60, 0) + bytes(6) + struct.pack("!BB", 44, 0) + bytes(6)
              + struct.pack("!BBHI", 17, 0, 1, 5) + udp(9, bytes(8)))
    yield ip6(51, struct.pack("!BB", 17, 4) + bytes(22) + udp(9, bytes(8)))


def wifi(inner):
    """Data of 802.11, of an access point's network, behind LLC and SNAP."""
    return b"\x08\x01\0\0" + bytes(range(18)) + b"\0\0\xaa\xaa\x03\0\0\0\x08\0" + inner


def seeds_of_layers():
    inner4, inner6 = ip4(17, udp(53, bytes(12))), ip6(6, struct.pack("!HHIIBBHHH", 1, 443, 1, 1, 0x50, 2, 9, 0, 0))
    every = [inner4, inner6, *packets_in_tunnels(inner4, inner6)]
    frames = [(101, packet) for packet in every]
    for kind, before in ((0x0800, b""), (0x8100, b"\0\7\x08\0"), (0x88A8, b"\0\7\x81\0\0\x08\x08\0"),
                         (0x8847, b"\0\1\0\x40\0\1\1\x40"), (0x8847, b"\0\1\1\x40\0\0\0\0" + ethernet(0x0800, b"")),
                         (0x8864, b"\x11\0\0\1\0\x2a\0\x21"), (0x888E, b"\2\0\0\5\1\1\0\5\1")):
        frames.append((1, ethernet(kind, before + inner4)))
    frames.append((1, ethernet(len(inner4) + 8, b"\xaa\xaa\x03\0\0\0\x08\0" + inner4)))
    for link_type, before in ((0, b"\2\0\0\0"), (9, b"\0\x21"), (9, b"\xff\x03\0\x21"), (50, b"\xff\x03\0\x21"),
                              (104, b"\x0f\0\x08\0"), (108, b"\0\0\0\2"), (113, bytes(14) + b"\x08\0"),
                              (276, b"\x08\0" + bytes(18)), (12, b""), (14, b""), (228, b"")):
        frames.append((link_type, before + inner4))
    frames += [(105, wifi(inner4)), (127, b"\0\0\x08\0\0\0\0\0" + wifi(inner4)),
               (192, b"\0\0\x08\0\x69\0\0\0" + wifi(inner4)), (163, bytes(64) + wifi(inner4)),
               (119, bytes(144) + wifi(inner4))]
    for link_type, frame in frames:
        for cut in (0, 4):
            yield "layers", struct.pack("!HB", link_type, cut) + frame[:len(frame) - cut]


def rows_cut(value, most):
    """A list by its first rows, and so those that are members of an object."""
    if isinstance(value, dict):
        return {key: rows_cut(inner, most) for key, inner in value.items()}
    return value[:most] if isinstance(value, list) else value


def seeds_of_report(data):
    """A report of which one part alone has rows; and such two."""
    told = json.loads(data)
    kept = ("schema", "tool", "inputs", "privacy", "totals", "statistics")
    thin = {key: value if key in kept else rows_cut(value, 0) for key, value in told.items()}
    parts = [{**thin, key: rows_cut(value, 2)} for key, value in told.items() if key not in kept]
    for one, other in zip(parts, parts[-1:] + parts):
        yield "report", json.dumps(one, separators=(",", ":")).encode()
        other = {**other, "inputs": [{**put, "sha256": put["sha256"][::-1]} for put in other["inputs"]]}
        yield "report", b"\0".join(json.dumps(part, separators=(",", ":")).encode() for part in (one, other))


def seeds_of_data():
    data = ROOT / "tests" / "unit" / "data"
    for path in sorted((data / "content").iterdir()) + sorted((data / "certificates").iterdir()):
        yield "content", path.read_bytes()
        if path.suffix == ".der":
            yield "certificate", path.read_bytes()
    for path in sorted((ROOT / "tests" / "accuracy" / "secrets").glob("*/*")):
        yield "content", path.read_bytes()
    for path in sorted((data / "reports").iterdir()):
        yield "report", path.read_bytes()
        yield from seeds_of_report(path.read_bytes())


def main():
    out = pathlib.Path(sys.argv[1])
    seeds = [*seeds_of_data(), *seeds_of_redact(), *seeds_of_layers()]
    captures = sorted((ROOT / "pcaps").glob("*/*")) + [pathlib.Path(path) for path in sys.argv[2:]]
    for path in captures:
        if path.suffix not in (".py", ".md", ".json", ".txt"):
            seeds.extend(seeds_of_capture(path))
    for target, data in seeds:
        folder = out / ("fuzz_" + target)
        folder.mkdir(parents=True, exist_ok=True)
        if 0 < len(data) <= MAX_LEN:
            (folder / ("seed-" + hashlib.sha1(data).hexdigest()[:16])).write_bytes(data)


if __name__ == "__main__":
    main()
