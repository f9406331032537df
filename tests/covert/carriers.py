"""A day of traffic of made-up endpoints, whose stacks (stacks.py) and programs put into free fields what real ones do.

Each endpoint is a client of its own address; servers answer from stacks of their own, and are endpoints, too. A few
clients are gateways that translate addresses for three machines. What a client does in the day is drawn: the web, an
upload, calls, a shell, telemetry, names, pings, an address by DHCP, mail.
"""
import ipaddress
import random
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "population"))
import stacks  # noqa: E402
import wire  # noqa: E402
from packets import ACK, FIN, PSH, RST, SYN, TCP, UDP, checksum  # noqa: E402

SECOND = 10**9
DAY = 86400 * SECOND
START = 1767225600 * SECOND
RANDOM_BYTES = random.Random(42).randbytes(1 << 16)


class Machine:
    """An address with one stack, or several behind it."""

    def __init__(self, address, stacks_behind, hops):
        self.ip = ipaddress.ip_address(address)
        self.packed, self.number = self.ip.packed, int(self.ip)
        self.mac = b"\x02" + self.packed[-4:] + b"\x01"
        self.stacks, self.hops = stacks_behind, hops
        self.flaps = []  # (from when on, hops)
        self.mirrored = self.number % 2 == 0  # captured behind its network card: short frames are padded

    def distance(self, now_ns):
        hops = self.hops
        for since, later in self.flaps:
            if now_ns >= since:
                hops = later
        return hops


class Connection:
    """A conversation of two machines, which is written as its events come to their turn."""
    number = 0

    def __init__(self, protocol, client, sport, server, dport, rng, dscp=(0, 0)):
        Connection.number += 1
        self.number, self.protocol = Connection.number, protocol
        self.ends, self.ports, self.rng = (client, server), (sport, dport), rng
        self.stacks = (rng.choice(client.stacks), rng.choice(server.stacks))
        self.dscp = list(dscp)
        self.labels = [stack.label() for stack in self.stacks]
        self.offsets = [stack.timestamp_offset() for stack in self.stacks]
        self.timestamps = all(stack.timestamps_hz for stack in self.stacks)
        self.last_tsval = [0, 0]
        self.next = [0, 0]
        self.ip6 = client.ip.version == 6
        self.padded = (client.mirrored, True)

    def __hash__(self):
        return self.number

    def __eq__(self, other):
        return self is other

    def frame(self, now_ns, side, flags, payload):
        stack = self.stacks[side]
        if self.protocol == TCP:
            segment = self._segment(now_ns, side, flags, payload)
        elif self.protocol == UDP:
            segment = struct.pack(">HHHH", self.ports[side], self.ports[1 - side], 8 + len(payload), 0) + payload
        else:
            segment = payload
        return self._wrapped(now_ns, side, stack, segment, flags)

    def _segment(self, now_ns, side, flags, payload):
        stack, other = self.stacks[side], 1 - side
        options = b""
        if flags & SYN:
            names = (self.ends[side].number, self.ends[other].number, self.ports[side], self.ports[other])
            self.next[side] = stack.isn(names, now_ns)
            options = self._syn_options(now_ns, side)
        elif self.timestamps and not flags & RST:
            options = b"\x01\x01" + self._timestamps(now_ns, side)
        ack = self.next[other] if flags & ACK else 0
        segment = struct.pack(">HHIIBBHHH", self.ports[side], self.ports[other], self.next[side], ack,
                              (5 + len(options) // 4) << 4, flags, 64240, 0, 0) + options + payload
        self.next[side] = (self.next[side] + len(payload) + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF
        return segment

    def _timestamps(self, now_ns, side):
        value = self.stacks[side].tsval(self.offsets[side], now_ns)
        self.last_tsval[side] = value
        return struct.pack(">BBII", 8, 10, value, self.last_tsval[1 - side])

    def _syn_options(self, now_ns, side):
        parts = {"mss": b"\x02\x04\x05\xb4", "nop": b"\x01", "scale": b"\x03\x03\x07", "sack_ok": b"\x04\x02",
                 "eol": b"\0"}
        options = b""
        for word in self.stacks[side].options.split():
            if word == "timestamps":
                if self.timestamps or side == 0:
                    options += self._timestamps(now_ns, side)
            else:
                options += parts[word]
        return options + b"\0" * (-len(options) % 4)

    def _wrapped(self, now_ns, side, stack, segment, flags):
        source, target = self.ends[side], self.ends[1 - side]
        ttl = stack.ttl - source.distance(now_ns)
        if self.ip6:
            protocol = 58 if self.protocol == 1 else self.protocol
            header = struct.pack(">IHBB", 6 << 28 | self.dscp[side] << 22 | self.labels[side], len(segment), protocol,
                                 ttl) + source.packed + target.packed
            return target.mac + source.mac + b"\x86\xdd" + header + segment
        syn_ack = self.protocol == TCP and flags & (SYN | ACK) == SYN | ACK
        number = stack.ip_id(self, side, self.protocol, now_ns, syn_ack)
        header = struct.pack(">BBHHHBBH", 0x45, self.dscp[side] << 2, 20 + len(segment), number,
                             0x4000 if self.protocol == TCP else 0, ttl, self.protocol, 0)
        header += source.packed + target.packed
        header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
        frame = target.mac + source.mac + b"\x08\x00" + header + segment
        return frame + b"\0" * (60 - len(frame)) if self.padded[side] and len(frame) < 60 else frame


def tls_data(rng, length, nonce=b""):
    at = rng.randrange(len(RANDOM_BYTES) - length - 1)
    return wire.record(23, nonce + RANDOM_BYTES[at + len(nonce):at + length])


class Nonces:
    """Explicit nonces of GCM in TLS 1.2, by library: the number of the record (GnuTLS, mbed TLS), a counter from anywhere
    (OpenSSL, wolfSSL), that number masked by a part of the key block, random bytes."""

    def __init__(self, rng, machine):
        self.rng, self.number, self.kind = rng, 0, machine.number // 7 % 4
        self.start = rng.getrandbits(64)

    def take(self):
        values = (self.number, self.start + self.number, self.start ^ self.number, self.rng.getrandbits(64))
        self.number += 1
        return (values[self.kind] & (1 << 64) - 1).to_bytes(8, "big")


class Day:
    """Events of one client: (time, tie, connection, side, flags, payload)."""

    def __init__(self, rng, client, servers):
        self.rng, self.client, self.servers, self.events = rng, client, servers, []
        self.port = rng.randrange(32768, 60000)

    def add(self, when, conn, side, flags, payload=b""):
        self.events.append((int(when), len(self.events), conn, side, flags, payload))

    def sport(self):
        self.port = 32768 + (self.port + self.rng.choice((1, 2, 2, 3, 7)) - 32768) % 28000
        return self.port

    def server(self):
        same = [server for server in self.servers if server.ip.version == self.client.ip.version]
        return self.rng.choice(same)

    def tcp(self, when, dport, dscp=(0, 0), server=None):
        server = server or self.server()
        conn = Connection(TCP, self.client, self.sport(), server, dport, self.rng, dscp)
        conn.rtt = int(self.rng.lognormvariate(3.2, 0.6) * 10**6)
        self.add(when, conn, 0, SYN)
        self.add(when + conn.rtt, conn, 1, SYN | ACK)
        self.add(when + conn.rtt + 30000, conn, 0, ACK)
        return conn, when + conn.rtt + 100000

    def say(self, when, conn, side, payload):
        """The bytes, and the acknowledgement of the other side half a round trip later."""
        self.add(when, conn, side, PSH | ACK, payload)
        self.add(when + conn.rtt // 2 + self.rng.randrange(1, 200000), conn, 1 - side, ACK)
        return when + conn.rtt + self.rng.randrange(100000, 3000000)

    def close(self, when, conn, middlebox=False):
        if middlebox or self.rng.random() < 0.1:
            self.add(when, conn, self.rng.randrange(2), RST | ACK)
            return
        self.add(when, conn, 0, FIN | ACK)
        self.add(when + conn.rtt, conn, 1, FIN | ACK)
        self.add(when + conn.rtt + 50000, conn, 0, ACK)

    # --- what clients do ---

    def web(self, when, tickets):
        """TLS 1.3 as browsers do it, or 1.2 with tickets."""
        rng = self.rng
        conn, now = self.tcp(when, 443)
        key = conn.ends[1].packed
        name = wire.server_name("www%d.example" % (conn.ends[1].number % 1000))
        old = conn.ends[1].number % 3 == 0
        if old:
            offered = tickets.get(key, b"")
            extensions = [name, wire.groups((29, 23)), wire.signature_algorithms(), wire.EXTENDED_MASTER_SECRET,
                          wire.RENEGOTIATION_INFO, wire.ticket(offered)]
            session_id = rng.randbytes(32) if offered else b""
            hello = wire.client_hello_body(wire.TLS12, rng.randbytes(32), session_id,
                                           (wire.ECDHE_RSA_GCM, wire.ECDHE_PSK_GCM), extensions)
            server = wire.handshake(2, wire.server_hello_body(wire.TLS12, rng.randbytes(32), session_id,
                                                              wire.ECDHE_RSA_GCM, [wire.ticket(b"")]))
            tickets[key] = key.rjust(16, b"k") + rng.randbytes(144)
            server += wire.handshake(4, b"\0\0\x1c\x20" + wire.vec(2, tickets[key]))
            # an abbreviated handshake: of a full one only what matters here would be different
            nonces = [Nonces(rng, machine) for machine in conn.ends]
            answer = wire.record(22, server) + wire.record(20, b"\x01") + \
                wire.record(22, nonces[1].take() + rng.randbytes(32))
        else:
            extensions = [name, wire.groups((29, 23)), wire.signature_algorithms(), wire.versions((0x0304, 0x0303)),
                          wire.psk_modes((1,)), wire.key_shares(((29, rng.randbytes(32)),)),
                          wire.extension(21, bytes(180))]
            session_id = rng.randbytes(32)
            hello = wire.client_hello_body(wire.TLS12, rng.randbytes(32), session_id, (0x1301, 0x1302, 0xC02F),
                                           extensions)
            server = wire.handshake(2, wire.server_hello_body(wire.TLS12, rng.randbytes(32), session_id, 0x1301, [
                wire.extension(43, b"\x03\x04"),
                wire.key_share(29, rng.randbytes(32))]))
            answer = wire.record(22, server) + wire.record(20, b"\x01") + tls_data(rng, 60)
        now = self.say(now, conn, 0, wire.record(22, wire.handshake(1, hello), 0x0301))
        now = self.say(now, conn, 1, answer)
        now = self.say(now, conn, 0, wire.record(20, b"\x01") +
                       (wire.record(22, nonces[0].take() + rng.randbytes(32)) if old else tls_data(rng, 36)))
        for _ in range(rng.randrange(2, 7)):
            now = self.say(now, conn, 0, tls_data(rng, rng.randrange(40, 300), nonces[0].take() if old else b""))
            for _ in range(rng.randrange(1, 4)):
                now = self.say(now, conn, 1, tls_data(rng, rng.randrange(60, 400), nonces[1].take() if old else b""))
            now += int(rng.expovariate(1 / 2) * SECOND)
        self.close(now, conn)

    def upload(self, when):
        rng = self.rng
        conn, now = self.tcp(when, 8443)
        for _ in range(rng.randrange(300, 500)):
            self.add(now, conn, 0, ACK, tls_data(rng, 100))
            now += int(rng.lognormvariate(-0.5, 0.8) * 10**6) + 20000
            if rng.random() < 0.5:
                self.add(now + conn.rtt // 2, conn, 1, ACK)
            if rng.random() < 0.05:
                now += conn.rtt
        self.close(now + conn.rtt, conn)

    def shell(self, when):
        """Keys as people press them."""
        rng = self.rng
        conn, now = self.tcp(when, 22, (18, 18))
        for side in (1, 0):
            now = self.say(now, conn, side, b"SSH-2.0-OpenSSH_9.2\r\n")
        for _ in range(rng.randrange(80, 200)):
            now = self.say(now, conn, 0, RANDOM_BYTES[:36])
            self.add(now - conn.rtt // 4, conn, 1, PSH | ACK, RANDOM_BYTES[:44])
            now += int(rng.lognormvariate(-1.7, 0.9) * SECOND)
        self.close(now, conn)

    def call(self, when):
        """Voice, 20 ms a packet; with some, video in the same conversation and of another class."""
        rng = self.rng
        conn = Connection(UDP, self.client, self.sport(), self.server(), 16384 + 2 * rng.randrange(1000), rng, (46, 46))
        mixed, now = rng.random() < 0.3, when
        jitter = rng.choice((50000, 300000, 2000000))
        for number in range(300):
            for side in (0, 1):
                late = int(abs(rng.gauss(0, jitter)))
                header = struct.pack(">BBHII", 0x80, 0, number, number * 160, conn.number)
                self.add(now + late + side * 7 * 10**6, conn, side, 0, header + RANDOM_BYTES[number:number + 80])
            if mixed and number % 2:
                self.add(now + 3 * 10**6, conn, 0, 34, struct.pack(">BBHII", 0x80, 96, number, number * 3000, 7) +
                         RANDOM_BYTES[:200])
            now += 20 * 10**6

    def telemetry(self, when, until):
        """The same few bytes again and again, at set times."""
        rng = self.rng
        period = rng.choice((60, 300, 900)) * SECOND
        conn, now = self.tcp(when, 8883)
        jitter = rng.choice((10**5, 5 * 10**6, 10**8))
        for _ in range(min(200, (until - when) // period)):
            now += period + int(rng.gauss(0, jitter))
            self.say(now, conn, 0, tls_data(rng, 30))

    def clock(self, when, until):
        """NTP: each minute, and later seldom."""
        conn = Connection(UDP, self.client, 123, self.server(), 123, self.rng)
        for poll in range(min(100, (until - when) // (64 * SECOND))):
            now = when + poll * 64 * SECOND + self.rng.randrange(10**7)
            self.add(now, conn, 0, 0, b"\x23" + bytes(39) + struct.pack(">Q", now))
            self.add(now + 2 * 10**7, conn, 1, 0, b"\x24" + bytes(39) + struct.pack(">Q", now))

    def names(self, when):
        conn = Connection(UDP, self.client, self.rng.randrange(1024, 65536), self.server(), 53, self.rng)
        question = struct.pack(">HHHHHH", self.rng.getrandbits(16), 0x0100, 1, 0, 0, 0)
        question += b"\x03www\x07example\0\0\1\0\1"
        self.add(when, conn, 0, 0, question)
        answer = question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12:] + b"\xc0\x0c\0\1\0\1\0\0\0<\0\4\xc0\0\2\1"
        self.add(when + 15 * 10**6, conn, 1, 0, answer)

    def ping(self, when):
        rng = self.rng
        conn = Connection(1, self.client, 0, self.server(), 0, rng)
        kinds = (128, 129) if conn.ip6 else (8, 0)
        ident = rng.getrandbits(16)
        for number in range(rng.randrange(4, 40)):
            now = when + number * SECOND + rng.randrange(10**6)
            if conn.stacks[0].ping == "windows":
                data = b"abcdefghijklmnopqrstuvwabcdefghi"
            elif conn.stacks[0].ping == "router":
                data = bytes(4) + struct.pack(">I", now // 10**6 & 0xFFFFFFFF) + b"\xab\xcd" * 32
            else:
                data = struct.pack("<QQ", now // SECOND, now % SECOND // 1000) + bytes(range(16, 56))
            for side in (0, 1):
                self.add(now + side * 2 * 10**7, conn, side, 0,
                         struct.pack(">BBHHH", kinds[side], 0, 0, ident, number + 1) + data)

    def lease(self, when):
        """DHCP with a relay or server that is asked for more time."""
        conn = Connection(UDP, self.client, 68, self.server(), 67, self.rng)
        xid = self.rng.getrandbits(32)
        request = wire.dhcp(3, xid, self.client.mac, ((55, bytes((1, 3, 6, 15))), (12, b"pc")))
        answer = wire.dhcp(5, xid, self.client.mac, ((51, b"\0\0\x0e\x10"), (1, b"\xff\xff\xff\0")))
        self.add(when, conn, 0, 0, request + bytes(300 - len(request) if len(request) < 300 else 0))
        self.add(when + 10**7, conn, 1, 0, answer + bytes(max(0, 300 - len(answer))))

    def mail(self, when):
        """SMTP that goes over to TLS (RFC 3207)."""
        conn, now = self.tcp(when, 25)
        rng = self.rng
        for side, text in ((1, b"220 mail.example ESMTP\r\n"), (0, b"EHLO client.example\r\n"),
                           (1, b"250-mail.example\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n"), (0, b"STARTTLS\r\n"),
                           (1, b"220 2.0.0 Ready to start TLS\r\n")):
            now = self.say(now, conn, side, text)
        hello = wire.client_hello_body(wire.TLS12, rng.randbytes(32), rng.randbytes(32), (0x1301, 0x1302), [
            wire.groups((29,)), wire.signature_algorithms(), wire.versions((0x0304,)),
            wire.key_shares(((29, rng.randbytes(32)),))])
        now = self.say(now, conn, 0, wire.record(22, wire.handshake(1, hello), 0x0301))
        self.close(now, conn)

    def frames(self):
        """(time, frame), in the order of time; what a stack counts goes on in that order."""
        self.events.sort(key=lambda event: event[:2])
        for when, _, conn, side, flags, payload in self.events:
            if conn.protocol != UDP or flags == 0:
                yield when, conn.frame(when, side, flags, payload)
                continue
            usual, conn.dscp[side] = conn.dscp[side], flags
            yield when, conn.frame(when, side, 0, payload)
            conn.dscp[side] = usual


def draw_stack(rng, born_ns):
    at = rng.randrange(sum(share for _, share in stacks.MIX))
    for model, share in stacks.MIX:
        at -= share
        if at < 0:
            return model(rng, born_ns)
    raise AssertionError


def make_client(rng, number, day_ns):
    behind = [draw_stack(rng, day_ns) for _ in range(3 if rng.random() < 0.05 else 1)]
    version6 = rng.random() < 0.25
    address = "2001:db8:%x:%x::10" % (number >> 16, number & 0xFFFF) if version6 else \
        str(ipaddress.ip_address("10.0.0.0") + 256 + number)
    machine = Machine(address, behind, rng.choice((0, 0, 0, 1, 4, 9, 13)))
    if machine.hops and rng.random() < 0.05:
        at = day_ns
        for _ in range(rng.randrange(1, 5)):
            at += rng.randrange(3600 * SECOND, 6 * 3600 * SECOND)
            machine.flaps.append((at, max(1, machine.hops + rng.choice((-2, -1, 0, 1, 2)))))
    return machine


def make_servers(rng, day_ns, group):
    """Sixteen servers of a group of clients, of both versions of IP."""
    made = []
    for number in range(16):
        stack = draw_stack(rng, day_ns) if number % 4 == 0 else stacks.Linux(rng, day_ns)
        address = "2001:db8:%x:%x::%x" % (0x8000 + (group >> 16), group & 0xFFFF, number) if number % 2 else \
            str(ipaddress.ip_address("10.128.0.0") + 16 * group + number)
        made.append(Machine(address, [stack], rng.choice((3, 7, 12))))
    return made


def make_day(seed, number, day_ns=START, only=None):
    """Client |number| and the frames of its day, without checksums, as network cards leave them to later. |only| names
    what it does and how often, else it is drawn."""
    rng = random.Random("%s:%d" % (seed, number))
    client = make_client(rng, number, day_ns)
    day = Day(rng, client, make_servers(rng, day_ns, number))
    tickets = {}
    for what, share, times in (("web", 0.9, (3, 16)), ("upload", 0.3, (1, 2)), ("shell", 0.15, (1, 2)),
                               ("call", 0.2, (1, 3)), ("telemetry", 0.3, (1, 2)), ("clock", 0.4, (1, 2)),
                               ("names", 0.8, (5, 40)), ("ping", 0.2, (1, 4)), ("lease", 0.5, (1, 3)),
                               ("mail", 0.1, (1, 20))):
        if (what not in only) if only is not None else rng.random() >= share:
            continue
        if what == "lease" and client.ip.version == 6:
            continue
        low, high = times if only is None else (only[what], only[what] + 1)
        for _ in range(rng.randrange(low, high)):
            when = day_ns + rng.randrange(20 * 3600 * SECOND)
            if what == "web":
                day.web(when, tickets)
            elif what in ("telemetry", "clock"):
                getattr(day, what)(when, day_ns + DAY)
            else:
                getattr(day, what)(when)
    return client, day.frames()
