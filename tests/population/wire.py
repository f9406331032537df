"""Bytes of packets as a client, a server and their networks would send them: TLS 1.2 and 1.3, DTLS 1.2, DHCP, over
IPv4 and IPv6, in a pcap file. What comes encrypted is made of random bytes.
"""
import ipaddress
import struct

ETHERNET = 1
TLS13, TLS12, DTLS12 = 0x0304, 0x0303, 0xFEFD

PSK_CCM_8 = 0xC0A8
PSK_GCM = 0x00A8
ECDHE_PSK_GCM = 0xD001
ECDHE_RSA_GCM = 0xC02F
ECDHE_ECDSA_GCM = 0xC02B
AES_GCM_13 = 0x1301


def vec(length, data):
    return len(data).to_bytes(length, "big") + data


def u16s(codes):
    return b"".join(code.to_bytes(2, "big") for code in codes)


def extension(code, data):
    return code.to_bytes(2, "big") + vec(2, data)


class PcapWriter:
    """Writes packets in the order in which they come: with nanoseconds."""

    def __init__(self, file):
        self.file = file
        self.packets = 0
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, ETHERNET))

    def write(self, time_ns, frame):
        self.file.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(frame), len(frame)) + frame)
        self.packets += 1


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class End:
    """A host on a segment: hardware address (as the observer sees it) and IP address."""

    def __init__(self, address, mac):
        self.ip = ipaddress.ip_address(address)
        self.packed = self.ip.packed
        self.mac = mac


def frame(source, target, protocol, segment):
    """An Ethernet frame; checksums of TCP and UDP are left out, as network cards leave them to later."""
    ethernet = target.mac + source.mac
    if source.ip.version == 4:
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0x4000, 60, protocol, 0,
                             source.packed, target.packed)
        header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
        return ethernet + b"\x08\x00" + header + segment
    header = struct.pack(">IHBB16s16s", 6 << 28, len(segment), protocol, 60, source.packed, target.packed)
    return ethernet + b"\x86\xdd" + header + segment


class Udp:
    """A conversation of datagrams: a list of (milliseconds since it began, frame)."""

    def __init__(self, client, client_port, server, server_port):
        self.ends = ((client, client_port), (server, server_port))
        self.frames, self.ms = [], 0

    def send(self, side, payload, later=3):
        (source, sport), (target, dport) = self.ends[side], self.ends[1 - side]
        self.ms += later
        segment = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
        self.frames.append((self.ms, frame(source, target, 17, segment)))


class Tcp:
    """A connection: the same list; opened with its first bytes, closed by close."""

    FIN, SYN, PSH, ACK = 1, 2, 8, 16

    def __init__(self, client, client_port, server, server_port, seed=1000):
        self.ends = ((client, client_port), (server, server_port))
        self.frames, self.ms = [], 0
        self.next = [seed & 0xFFFFFFFF, (seed * 7 + 5) & 0xFFFFFFFF]
        self._segment(0, self.SYN, b"")
        self._segment(1, self.SYN | self.ACK, b"")
        self._segment(0, self.ACK, b"")

    def _segment(self, side, flags, payload, later=3):
        (source, sport), (target, dport) = self.ends[side], self.ends[1 - side]
        self.ms += later
        ack = self.next[1 - side] if flags & self.ACK else 0
        segment = struct.pack(">HHIIBBHHH", sport, dport, self.next[side], ack, 0x50, flags, 64000, 0, 0) + payload
        self.next[side] = (self.next[side] + len(payload) + (flags & self.SYN != 0) + (flags & self.FIN != 0)) & 0xFFFFFFFF
        self.frames.append((self.ms, frame(source, target, 6, segment)))

    def send(self, side, payload, later=3):
        self._segment(side, self.PSH | self.ACK, payload, later)

    def close(self):
        self._segment(0, self.FIN | self.ACK, b"")
        self._segment(1, self.FIN | self.ACK, b"")
        self._segment(0, self.ACK, b"")


# --- handshake messages ---

def client_hello_body(version, random, session_id, ciphers, extensions, cookie=None):
    """RFC 8446 section 4.1.2; with |cookie| (maybe empty) RFC 6347 section 4.2.1."""
    body = version.to_bytes(2, "big") + random + vec(1, session_id)
    if cookie is not None:
        body += vec(1, cookie)
    return body + vec(2, u16s(ciphers)) + b"\x01\x00" + vec(2, b"".join(extensions))


def server_hello_body(version, random, session_id, cipher, extensions):
    return version.to_bytes(2, "big") + random + vec(1, session_id) + cipher.to_bytes(2, "big") + b"\x00" + vec(
        2, b"".join(extensions))


def server_name(name):
    return extension(0, vec(2, b"\x00" + vec(2, name.encode())))


def groups(codes):
    return extension(10, vec(2, u16s(codes)))


def signature_algorithms(codes=(0x0403, 0x0804, 0x0401)):
    return extension(13, vec(2, u16s(codes)))


def ticket(data):
    return extension(35, data)


def versions(codes):
    return extension(43, vec(1, u16s(codes)))


def psk_modes(modes):
    return extension(45, vec(1, bytes(modes)))


def key_shares(shares):
    return extension(51, vec(2, b"".join(group.to_bytes(2, "big") + vec(2, value) for group, value in shares)))


def key_share(group, value):
    return extension(51, group.to_bytes(2, "big") + vec(2, value))


def pre_shared_key(identities, binders):
    """|identities|: (identity, age) pairs; it has to come last."""
    offered = b"".join(vec(2, identity) + age.to_bytes(4, "big") for identity, age in identities)
    return extension(41, vec(2, offered) + vec(2, b"".join(vec(1, binder) for binder in binders)))


def connection_id(cid):
    return extension(54, vec(1, cid))


EXTENDED_MASTER_SECRET = extension(23, b"")
RENEGOTIATION_INFO = extension(0xFF01, b"\x00")


def handshake(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(kind, data, version=TLS12):
    return bytes([kind]) + version.to_bytes(2, "big") + vec(2, data)


class DtlsSide:
    """Record and message numbers of one side of a DTLS 1.2 conversation: RFC 6347 sections 4.1 and 4.2.2."""

    def __init__(self):
        self.epoch = self.sequence = self.message = 0

    def record(self, kind, data, version=DTLS12, cid=b""):
        header = bytes([kind]) + version.to_bytes(2, "big") + self.epoch.to_bytes(2, "big") + self.sequence.to_bytes(
            6, "big")
        self.sequence += 1
        return header + cid + vec(2, data)

    def handshake(self, kind, body):
        length = len(body).to_bytes(3, "big")
        message = bytes([kind]) + length + self.message.to_bytes(2, "big") + b"\0\0\0" + length + body
        self.message += 1
        return self.record(22, message)

    def change_cipher_spec(self):
        data = self.record(20, b"\x01")
        self.epoch, self.sequence = self.epoch + 1, 0
        return data


# --- DHCP ---

def dhcp(kind, xid, mac, options, given=bytes(4)):
    """A message of a client to everybody, or of a server: RFC 2131 section 2, RFC 2132. |options|: (code, data);
    |given|: the address that the server gives."""
    body = struct.pack(">BBBBIHH4s4s4s4s", 1 if kind in (1, 3) else 2, 1, 6, 0, xid, 0, 0, bytes(4), given,
                       bytes(4), bytes(4))
    body += mac + bytes(10) + bytes(64) + bytes(128) + bytes.fromhex("63825363") + bytes([53, 1, kind])
    return body + b"".join(bytes([code]) + vec(1, data) for code, data in options) + b"\xff"
