#!/usr/bin/env python3
"""seeds.py FOLDER [CAPTURE...]: writes what fuzzing begins with to FOLDER/TARGET, a file an input, as each target reads
it (the comment at the head of fuzz_NAME.c): the conversations of pcaps/ and of the captures named, the files of
tests/unit/data."""
import bz2
import gzip
import hashlib
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
HELLO, CERTIFICATE = 1, 11


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


def seeds_of_tls(flow):
    yield "tls", script(flow, 128, lambda side, length: bytes([side << 7 | length - 1]))
    for tcp in (0, 1):
        yield "openvpn", openvpn(flow, tcp)
    for side in (0, 1):
        for kind, body in handshake_messages(flow.of(side)):
            yield "certificate", bytes([kind & 0x1F | (side == 0) << 5 | 0x80]) + body
            if kind == CERTIFICATE:
                for der in certificates(body):
                    yield "certificate", der
                    yield "content", der
            if kind == HELLO:  # as QUIC carries it: one CRYPTO frame of an Initial packet
                message = bytes([kind]) + len(body).to_bytes(3, "big") + body
                frames = b"\x06\x00" + struct.pack("!H", 0x4000 | len(message)) + message
                frames += b"\0" * (-len(frames) % 8)
                if len(frames) <= 255 * 8:
                    yield "quic", bytes([0x40, len(frames) // 8]) + frames


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


def seeds_of_capture(path):
    data = path.read_bytes()
    for target in ("capture", "file", "usual", "eap"):
        yield target, data[:MAX_LEN]
    if len(data) < 8192:
        for packed in compressed(data):
            yield "file", packed
    try:
        capture = packets.read(path)
    except (packets.NotRead, struct.error):
        return
    for packet in capture.packets:
        yield "layers", struct.pack("!HB", capture.link_type, 0) + bytes(packet.data)
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
        yield "redact", bytes([policy | number % 2 << 2 | 0xF0 * (number % 7 == 0), privacy, kind, number % 256, at]) + value


def seeds_of_data():
    data = ROOT / "tests" / "unit" / "data"
    for path in sorted((data / "content").iterdir()) + sorted((data / "certificates").iterdir()):
        yield "content", path.read_bytes()
        if path.suffix == ".der":
            yield "certificate", path.read_bytes()
    for path in sorted((data / "reports").iterdir()):
        yield "report", path.read_bytes()
    for path in sorted((ROOT / "pcaps").glob("*/expect.json")):
        yield "report", path.read_bytes()


def main():
    out = pathlib.Path(sys.argv[1])
    seeds = list(seeds_of_data()) + list(seeds_of_redact())
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
