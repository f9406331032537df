"""What operating systems put into the fields that they may set freely. Each model says where it is from; a stack belongs
to one machine and remembers what that machine counts.

    IP id      RFC 6864; Klein and Pinkas 2019 (Linux, Windows); FreeBSD ip_id.c; OpenBSD ip_id.c; lwIP ip4.c
    ISN        RFC 793 section 3.3, RFC 6528; Linux secure_seq.c; lwIP tcp.c
    TSval      RFC 7323 section 5.4; Linux tcp_output.c (1 kHz and an offset for each pair since 4.10)
    flow label RFC 6437; Linux ip6_make_flowlabel (a hash of the flow, another one after a timeout)
"""
UDP = 17


class Stack:
    name, ttl, hello_id = "?", 64, 0
    timestamps_hz, timestamps_step = 0, 1
    options = "mss sack_ok"
    ping = "unix"

    def __init__(self, rng, born_ns):
        self.rng, self.born_ns = rng, born_ns
        self.key = rng.getrandbits(32)
        self.counters = {}
        self.uptime = rng.randrange(3600, 40 * 86400)

    # --- IP id ---
    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        raise NotImplementedError

    # --- TCP ---
    def isn(self, names, now_ns):
        """RFC 6528: a hash of the names of both ends, and a clock of 4 microseconds."""
        return (hash((self.key, names)) + now_ns // 4000) & 0xFFFFFFFF

    def timestamp_offset(self):
        return self.rng.getrandbits(32)

    def tsval(self, offset, now_ns):
        ticks = (now_ns - self.born_ns + self.uptime * 10**9) * self.timestamps_hz // 10**9
        return (offset + ticks // self.timestamps_step * self.timestamps_step) & 0xFFFFFFFF or 1

    def label(self):
        return 0


class Counted:
    """An IP id for each of something, that counts."""

    def counted(self, name, step=1, start=None):
        value = self.counters.get(name)
        if value is None:
            value = self.rng.getrandbits(16) if start is None else start
        self.counters[name] = value = (value + step) & 0xFFFF
        return value


class Linux(Stack, Counted):
    """4.14 and later: TCP counts for each socket, SYN and ACK in answer have 0; datagrams by a counter of the pair of
    addresses that goes on by a random number of the ticks since it was used."""
    name, timestamps_hz = "linux", 1000
    options = "mss sack_ok timestamps nop scale"
    used = None

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        if protocol == 6:
            return 0 if syn_ack else self.counted((conn, side))
        if self.used is None:
            self.used = {}
        name = conn.ends[1 - side].packed
        ticks = (now_ns - self.used.get(name, now_ns)) * 250 // 10**9
        self.used[name] = now_ns
        return self.counted(name, 1 + (self.rng.randrange(min(ticks, 65535)) if ticks > 0 else 0))

    def isn(self, names, now_ns):
        return (hash((self.key, names)) + (now_ns >> 6)) & 0xFFFFFFFF

    def label(self):
        return self.rng.getrandbits(20)


class LinuxOld(Linux):
    """A jiffy of 4 ms, told as a millisecond: some ports of Linux, and boards."""
    name, timestamps_step = "linux-4ms", 4

    def timestamp_offset(self):
        return 0


class LinuxSlow(Linux):
    """2.6 and 3.x with 100 ticks a second and no offset."""
    name, timestamps_hz = "linux-100hz", 100

    def timestamp_offset(self):
        return 0


class LinuxMicro(Linux):
    """6.7 and later with microseconds."""
    name, timestamps_hz = "linux-us", 1000000


class Windows10(Stack, Counted):
    """A counter of the path (source and destination)."""
    name, ttl, ping = "windows10", 128, "windows"
    options = "mss nop scale nop nop sack_ok"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return self.counted(conn.ends[1 - side].packed)

    def isn(self, names, now_ns):
        return self.rng.getrandbits(32)

    def label(self):
        return self.rng.getrandbits(20)


class Windows7(Windows10):
    """One counter for all."""
    name = "windows7"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return self.counted("all")


class MacOs(Stack):
    """0 where the datagram must not be fragmented (RFC 6864), else random; a label for each connection."""
    name, timestamps_hz = "macos", 1000
    options = "mss nop scale nop nop timestamps sack_ok eol"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return 0 if protocol == 6 else self.rng.getrandbits(16)

    def label(self):
        return self.rng.getrandbits(20)


class FreeBsd(MacOs):
    name = "freebsd"
    options = "mss nop scale sack_ok timestamps"


class OpenBsd(Stack):
    """Random, and none twice in 32,768."""
    name, timestamps_hz, ttl = "openbsd", 2, 64
    options = "mss nop nop sack_ok nop scale nop nop timestamps"
    order = None

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        if not self.order:
            self.order = self.rng.sample(range(1, 65536), 32768)
        return self.order.pop()

    def isn(self, names, now_ns):
        return self.rng.getrandbits(32)

    def label(self):
        return self.rng.getrandbits(20)


class Solaris(Stack, Counted):
    name, timestamps_hz, ttl = "solaris", 100, 64
    options = "nop nop timestamps mss nop scale nop nop sack_ok"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return self.counted(conn.ends[1 - side].packed)


class LwIp(Stack, Counted):
    """One counter from 0; an ISN that goes on with a clock of half a second."""
    name, ttl = "lwip", 255
    options = "mss"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return self.counted("all", 1, 0)

    def isn(self, names, now_ns):
        return (6510 + self.counted("isn", 1, 0) + (now_ns - self.born_ns + self.uptime * 10**9) // 500000000) & 0xFFFFFFFF


class Printer(LwIp):
    """One counter, in the order of bytes of the machine: 256, 512, 768 on the wire. The ISN goes by RFC 793: 64,000 for
    each half second and for each connection."""
    name, ttl = "printer", 60

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        value = self.counted("all", 1, 0)
        return (value >> 8 | value << 8) & 0xFFFF

    def isn(self, names, now_ns):
        half_seconds = (now_ns - self.born_ns + self.uptime * 10**9) // 500000000
        return (64000 * (half_seconds + self.counted("isn", 1, 0))) & 0xFFFFFFFF


class OldBoard(Stack):
    """The same ISN each time, and the id 0."""
    name, ttl = "board", 64
    options = "mss"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return 0

    def isn(self, names, now_ns):
        return 0x1000


class Router(Stack):
    """Random ids, and a TTL of 255."""
    name, ttl, ping = "router", 255, "router"
    options = "mss"

    def ip_id(self, conn, side, protocol, now_ns, syn_ack):
        return self.rng.getrandbits(16)

    def isn(self, names, now_ns):
        return self.rng.getrandbits(32)


# Of 1,000 endpoints, so many have it.
MIX = ((Linux, 280), (LinuxOld, 30), (LinuxSlow, 30), (LinuxMicro, 20), (Windows10, 270), (Windows7, 40), (MacOs, 120),
       (FreeBsd, 30), (OpenBsd, 30), (Solaris, 20), (LwIp, 50), (Printer, 30), (OldBoard, 20), (Router, 30))
