"""A population of devices whose true identity is known: they open sessions for weeks, behind address translation and
from changing networks, with keys of their own or of a group. What rules should say of it is noted beside it.
"""
import hashlib
import heapq
import ipaddress
import random
from collections import Counter, defaultdict

import wire
from wire import DTLS12, TLS12, TLS13, DtlsSide, End, Tcp, Udp

DAY = 86400
START = 1_750_000_000  # seconds since 1970

ROUTER_IN, ROUTER_OUT = bytes.fromhex("0a0000000001"), bytes.fromhex("0a0000000002")

# What TLS libraries offer, made up but of the usual kind: ciphers of 1.3 and 1.2, groups, order of extensions.
STACKS = [
    (tuple(ciphers), tuple(groups), order)
    for ciphers in ((0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F), (0x1302, 0x1303, 0x1301, 0xC02C, 0xC030, 0xC02B, 0xC02F),
                    (0x1301, 0xC02F), (0x1301, 0x1303, 0xC02B, 0xCCA8))
    for groups in ((29, 23), (29, 23, 24), (23, 29))
    for order in (0, 1)
]


class Site:
    """A network with one public IPv4 address, which its operator changes now and then, and an IPv6 prefix."""

    def __init__(self, world, number):
        self.number = number
        self.changes = sorted(world.random.randrange(world.days * DAY) for _ in range(world.days // 8))
        first = number * 8
        self.addresses = [world.public_address(first + i) for i in range(min(len(self.changes), 7) + 1)]
        self.prefix = "2001:db8:%x:%x" % (number >> 8, (number & 0xFF) << 8)

    def address(self, time):
        index = sum(time >= change for change in self.changes)
        return self.addresses[min(index, len(self.addresses) - 1)]


class Device:
    def __init__(self, world, number, kind):
        self.number, self.kind = number, kind
        self.home = world.site()
        self.work = world.site()
        self.moves = False
        self.mac = bytes([0x00, 0x1B, 0x63]) + number.to_bytes(3, "big")
        self.stack = world.random.choice(STACKS)
        self.last_address = None
        self.known_at = None  # the chain and the network of the last session that something of its own was in
        self.sessions = 0
        self.memory = {}

    def place(self, world, time):
        """Where it is: at home, or for a mobile device by turns at work and on the road."""
        if not self.moves:
            return self.home.address(time)
        hour = time // 3600 % 24
        if 9 <= hour < 17:
            return self.work.address(time)
        if hour in (8, 17):
            return world.carrier_address()
        return self.home.address(time)


class World:
    def __init__(self, seed, devices, days):
        self.random = random.Random(seed)
        self.days = days
        self.sites = []
        self.num_sites = max(devices // 4, 8)
        self.queue, self.order = [], 0
        self.truth = defaultdict(set)  # rule -> subjects that it should tell
        self.doubtful = defaultdict(lambda: defaultdict(set))  # rule -> case -> subjects, told as possible at best
        self.sessions = []  # (number of the first packet, device, kind, what joins it to others of the device)
        self.external_psks = Counter()  # identities by uses
        self.devices = []
        self.servers = 0
        for kind, share in KINDS:
            kind.setup(self, max(int(devices * share), kind.least))

    # --- addresses and ports ---

    def public_address(self, number):
        return "%d.%d.%d.%d" % (11 + (number >> 16), number >> 8 & 255, number & 255, 7)

    def carrier_address(self):
        return "100.127.0.%d" % self.random.randrange(1, 65)

    def server(self):
        """The address of a server that nobody else has."""
        self.servers += 1
        return "198.18.%d.%d" % (self.servers >> 8, self.servers & 255)

    def site(self):
        if len(self.sites) < self.num_sites:
            self.sites.append(Site(self, len(self.sites)))
            return self.sites[-1]
        return self.random.choice(self.sites)

    def port(self):
        return self.random.randrange(32768, 61000)

    def bytes(self, num):
        return self.random.randbytes(num)

    # --- time ---

    def device(self, kind):
        device = Device(self, len(self.devices) + 1, kind)
        self.devices.append(device)
        return device

    def plan(self, device, per_day):
        """Sessions of a device at random times, each in the hands of its kind."""
        for day in range(self.days):
            for _ in range(per_day):
                self.at(day * DAY + self.random.random() * DAY, device.kind.session, device)

    def at(self, seconds, function, *arguments):
        self.order += 1
        heapq.heappush(self.queue, (seconds, self.order, function, arguments))

    def tell(self, seconds, device, conversation, session=True, chain=0, shareable=None):
        """Lets the frames of a conversation come at their times. |chain|: identifiers change from one to the next.
        |shareable|: what joins it to the one before, where that is not what its kind says."""
        mark = None
        if session:
            device.sessions += 1
            mark = len(self.sessions)
            self.sessions.append([0, device.number, device.kind.name, chain])
            self.follow(device, chain, device.kind.shareable if shareable is None else shareable)
        for ms, frame in conversation.frames:
            self.at(seconds + ms / 1000, self.write, frame, mark)
            mark = None

    def follow(self, device, chain, shareable):
        """Notes at which addresses an observer can know a device again that came from elsewhere."""
        address, before = device.last_address, device.known_at
        if not device.kind.linkable or address is None:
            return
        network = address if ":" not in address else address.rsplit(":", 4)[0]
        device.known_at = chain, network
        if before is None or before[0] != chain or before[1] == network:
            return
        if shareable:
            self.doubtful["link.cross-network"]["by what several hosts may have"].add(address)
        else:
            self.truth["link.cross-network"].add(address)

    def write(self, seconds, frame, mark):
        self.writer.write(int((START + seconds) * 1e9), frame)
        if mark is not None:
            self.sessions[mark][0] = self.writer.packets

    def run(self, file):
        self.writer = wire.PcapWriter(file)
        while self.queue:
            seconds, _, function, arguments = heapq.heappop(self.queue)
            function(seconds, *arguments)
        # Some addresses have devices of both sorts.
        for case in self.doubtful["link.cross-network"].values():
            case -= self.truth["link.cross-network"]
        for identity, uses in self.external_psks.items():
            if uses > 1:
                self.truth["link.psk-identity"].add(shown(identity))

    # --- who talks ---

    def client(self, device, seconds, address=None):
        address = str(ipaddress.ip_address(address or device.place(self, int(seconds))))
        device.last_address = address
        return End(address, ROUTER_IN)

    def server_end(self, address):
        return End(address, ROUTER_OUT)


def shuffled(stack, extensions):
    return list(reversed(extensions)) if stack[2] else list(extensions)


class Kind:
    """A way of life. |linkable|: an observer can tell that two sessions are of one device; |mixed|: it has identifiers
    that several devices share, and that cannot always be known for such; |shareable|: of a sort that others share."""

    name, least, linkable, mixed, shareable = "", 1, True, False, False

    def setup(self, world, num):
        raise NotImplementedError

    def session(self, seconds, device):
        raise NotImplementedError


# --- DTLS 1.2 with PSK ---

def dtls_psk(world, client, server, identity, stack=None, hint=b"", cipher=wire.PSK_CCM_8, alert=None, cid=None,
             name=None, port=5684):
    """A whole handshake with cookie exchange. |cid|: (of the client's choice, of the server's)."""
    world.external_psks[identity] += 1
    conversation = Udp(client, world.port(), server, port)
    one, two = DtlsSide(), DtlsSide()
    ciphers = [cipher, wire.PSK_GCM] if stack is None else [cipher, wire.PSK_GCM] + [c for c in stack[0] if c > 0xC000]
    offered = [wire.EXTENDED_MASTER_SECRET]
    if name is not None:
        offered.insert(0, wire.server_name(name))
        world.truth["link.server-name"].add(str(server.ip))
    if cid is not None:
        offered.append(wire.connection_id(cid[0]))
    if stack is not None:
        offered = shuffled(stack, offered + [wire.groups(stack[1])])
    random, cookie = world.bytes(32), world.bytes(20)
    conversation.send(0, one.handshake(1, wire.client_hello_body(DTLS12, random, b"", ciphers, offered, b"")))
    conversation.send(1, two.handshake(3, b"\xfe\xff" + wire.vec(1, cookie)))
    conversation.send(0, one.handshake(1, wire.client_hello_body(DTLS12, random, b"", ciphers, offered, cookie)))
    answered = [wire.EXTENDED_MASTER_SECRET] + ([wire.connection_id(cid[1])] if cid is not None else [])
    flight = two.handshake(2, wire.server_hello_body(DTLS12, world.bytes(32), world.bytes(32), cipher, answered))
    if hint:
        flight += two.handshake(12, wire.vec(2, hint))
    conversation.send(1, flight + two.handshake(14, b""))
    conversation.send(0, one.handshake(16, wire.vec(2, identity)))
    if alert is not None:
        conversation.send(1, two.record(21, bytes([2, alert])))
        return conversation
    last = [side.change_cipher_spec() for side in (one, two)]
    kind = 22 if cid is None else 25
    conversation.send(0, last[0] + one.record(kind, world.bytes(40), cid=cid[1] if cid else b""))
    conversation.send(1, last[1] + two.record(kind, world.bytes(40), cid=cid[0] if cid else b""))
    for side, state in enumerate((one, two)):
        conversation.send(side, state.record(23 if cid is None else 25, world.bytes(60),
                                             cid=cid[1 - side] if cid else b""), 20)
    return conversation


class OwnPsk(Kind):
    """Sensors with a random identity of their own; every other one moves."""

    name = "own-psk"
    shareable = True

    def __init__(self):
        self.world = None

    def setup(self, world, num):
        self.world, self.servers = world, [world.server() for _ in range(8)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            device.memory["identity"] = world.bytes(8).hex().encode()
            device.memory["server"] = world.random.choice(self.servers)
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        client = world.client(device, seconds)
        world.tell(seconds, device, dtls_psk(world, client, world.server_end(memory["server"]), memory["identity"]))
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(memory["server"])
        world.truth["psk.no-sni"].add(memory["server"])


class NamedPsk(OwnPsk):
    """Identities that say something: NAIs, and URNs; their server sends a hint."""

    name = "named-psk"

    def setup(self, world, num):
        self.world, self.servers = world, [world.server() for _ in range(2)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            text = "%s@plant-%d.example" % (world.bytes(5).hex(), i % 5) if i % 2 else "urn:dev:mac:%s" % (
                device.mac[:3] + world.bytes(5)).hex()
            device.memory.update(identity=text.encode(), server=self.servers[0])
            world.truth["psk.identity-structured"].add(text)
            if i % 2:
                world.truth["psk.identity-realm"].add(text)
            world.plan(device, 1)
        world.truth["psk.hint-sent"].add(self.servers[0])

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        world.tell(seconds, device, dtls_psk(world, world.client(device, seconds), world.server_end(memory["server"]),
                                             memory["identity"], hint=b"plant", name="coap.example"))
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(memory["server"])


class NumberedPsk(OwnPsk):
    """Identities that count up."""

    name, least = "numbered-psk", 5

    def setup(self, world, num):
        self.world = world
        server = world.server()
        world.truth["psk.identities-enumerable"].add(server)
        for i in range(num):
            device = world.device(self)
            device.memory.update(identity=b"meter-%06d" % (40000 + i * 3), server=server)
            world.plan(device, 1)


class GroupPsk(Kind):
    """Ten devices with one key. A third of the groups has different software; a third loses its server now and then,
    and all come back at once; the last third is quiet and alike: from outside, one device that moves a lot."""

    name, least, linkable, mixed = "group-psk", 30, False, True

    def setup(self, world, num):
        self.world = world
        for group in range(num // 10):
            identity, server, stack = world.bytes(8).hex().encode(), world.server(), world.random.choice(STACKS)
            style = group % 3
            if style == 2:
                world.doubtful["psk.group-clients"]["same software, a session a day"].add(identity.decode())
            else:
                world.truth["psk.group-clients"].add(identity.decode())
            for i in range(10):
                device = world.device(self)
                device.stack = STACKS[(i + group) % len(STACKS)] if style == 0 else stack
                device.memory.update(identity=identity, server=server)
                world.plan(device, 1)
                if style == 1:
                    for day in range(0, world.days, 10):
                        world.at(day * DAY + 50000 + i * 4, self.session, device)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        world.tell(seconds, device, dtls_psk(world, world.client(device, seconds), world.server_end(memory["server"]),
                                             memory["identity"], stack=device.stack))
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(memory["server"])
        world.truth["psk.no-sni"].add(memory["server"])


class DefaultPsk(GroupPsk):
    """A library's default identity in products of many makers."""

    name = "default-psk"

    def setup(self, world, num):
        self.world = world
        servers = [world.server() for _ in range(4)]
        identity = b"Client_identity"
        world.truth["psk.group-clients"].add(identity.decode())
        world.doubtful["psk.group-servers"]["clients name no server"].add(identity.decode())
        for i in range(num):
            device = world.device(self)
            device.memory.update(identity=identity, server=servers[i % 4])
            world.plan(device, 1)


class SwitchingPsk(Kind):
    """Pairs of nodes that call each other under one key."""

    name, least, linkable, mixed = "switching-psk", 4, False, True

    def setup(self, world, num):
        self.world = world
        for _ in range(num // 2):
            pair = [world.device(self), world.device(self)]
            identity = world.bytes(8).hex().encode()
            addresses = [world.server(), world.server()]
            world.truth["psk.role-switch"].add(identity.decode())
            for i, device in enumerate(pair):
                device.memory.update(identity=identity, own=addresses[i], server=addresses[1 - i])
                world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        client = world.client(device, seconds, memory["own"])
        world.tell(seconds, device, dtls_psk(world, client, world.server_end(memory["server"]), memory["identity"]))
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(memory["server"])
        world.truth["psk.no-sni"].add(memory["server"])


class SharingServersPsk(OwnPsk):
    """One client, whose key opens two services of different names."""

    name, least = "two-servers-psk", 2

    def setup(self, world, num):
        self.world = world
        self.servers = [world.server(), world.server()]
        for _ in range(num):
            device = world.device(self)
            device.memory["identity"] = world.bytes(8).hex().encode()
            world.truth["psk.group-servers"].add(device.memory["identity"].decode())
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        which = device.sessions % 2
        world.tell(seconds, device,
                   dtls_psk(world, world.client(device, seconds), world.server_end(self.servers[which]),
                            memory["identity"], name=("lights.example", "doors.example")[which]))
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(self.servers[which])


class UnknownPsk(OwnPsk):
    """A guesser, whom a server tells which identities there are."""

    name, least, linkable = "guesser-psk", 1, False

    def setup(self, world, num):
        self.world, self.servers = world, [world.server()]
        world.truth["psk.oracle"].add(self.servers[0])
        for _ in range(min(num, 5)):
            world.plan(world.device(self), 1)

    def session(self, seconds, device):
        world = self.world
        identity = world.bytes(8).hex().encode()
        world.tell(seconds, device, dtls_psk(world, world.client(device, seconds), world.server_end(self.servers[0]),
                                             identity, alert=115))
        world.truth["psk.identity-cleartext"].add(identity.decode())
        # No session came of it, so that nothing says that the key alone would have protected it; a name was missing.
        world.truth["psk.no-sni"].add(self.servers[0])
        world.truth["psk.no-forward-secrecy"].add(self.servers[0])


class ConnectionIdPsk(OwnPsk):
    """Devices that keep a connection id, RFC 9146, for a day and over a change of address."""

    name, least = "connection-id", 2

    def setup(self, world, num):
        self.world, self.servers = world, [world.server() for _ in range(2)]
        for _ in range(num):
            device = world.device(self)
            device.moves = True
            device.memory.update(identity=world.bytes(8).hex().encode(), server=world.random.choice(self.servers))
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        cid = (b"", world.bytes(8))
        server = world.server_end(memory["server"])
        world.tell(seconds, device,
                   dtls_psk(world, world.client(device, seconds), server, memory["identity"], cid=cid,
                            name="coap.example"))
        world.at(seconds + 3600 * 2, self.later, device, cid[1], server)
        world.truth["psk.identity-cleartext"].add(memory["identity"].decode())
        world.truth["psk.no-forward-secrecy"].add(memory["server"])

    def later(self, seconds, device, cid, server):
        """The same session from wherever the device is now: no handshake."""
        world = self.world
        conversation = Udp(world.client(device, seconds), world.port(), server, 5684)
        one, two = DtlsSide(), DtlsSide()
        one.epoch = two.epoch = 1
        one.sequence = two.sequence = 4
        for _ in range(3):
            conversation.send(0, one.record(25, world.bytes(60), cid=cid))
            conversation.send(1, two.record(23, world.bytes(60)))
        world.tell(seconds, device, conversation, shareable=False)
        world.truth["link.connection-id"].add(device.last_address)


# --- TLS 1.3 ---

def tls13(world, client, server, stack, name=None, psk=None, binder=32, modes=(1,), share=None, dhe=True, takes=False,
          random=None, early=False, port=443):
    """|psk|: (identity, age). |takes|: the server takes it. |dhe|: with a key share of the server."""
    conversation = Tcp(client, world.port(), server, port, world.random.randrange(1 << 32))
    if psk is not None and psk[1] == 0:
        world.external_psks[psk[0]] += 1
    session_id = world.bytes(32)
    group = stack[1][0]
    size = 32 if group == 29 else 65
    value = share or (b"\x04" if size == 65 else b"") + world.bytes(size - (size == 65))
    offered = [wire.groups(stack[1]), wire.signature_algorithms(), wire.versions([TLS13, TLS12]),
               wire.key_shares([(group, value)])]
    if name is not None:
        offered.insert(0, wire.server_name(name))
        world.truth["link.server-name"].add(str(server.ip))
    offered = shuffled(stack, offered)
    if psk is not None:
        if early:
            offered.append(wire.extension(42, b""))
        offered += [wire.psk_modes(modes), wire.pre_shared_key([psk], [world.bytes(binder)])]
    hello = wire.client_hello_body(TLS12, random or world.bytes(32), session_id, stack[0], offered)
    conversation.send(0, wire.record(22, wire.handshake(1, hello), 0x0301))
    answered = [wire.extension(43, b"\x03\x04")]
    if dhe:
        answered.append(wire.key_share(group, world.bytes(size) if size == 32 else b"\x04" + world.bytes(64)))
    if takes:
        answered.append(wire.extension(41, b"\0\0"))
    body = wire.server_hello_body(TLS12, world.bytes(32), session_id, wire.AES_GCM_13, answered)
    conversation.send(1, wire.record(22, wire.handshake(2, body)) + wire.record(20, b"\x01") +
                      wire.record(23, world.bytes(300 if takes else 1200)))
    conversation.send(0, wire.record(20, b"\x01") + wire.record(23, world.bytes(53)))
    conversation.send(0, wire.record(23, world.bytes(200)), 10)
    conversation.send(1, wire.record(23, world.bytes(900)), 30)
    conversation.close()
    return conversation


class Browser(Kind):
    """TLS 1.3 with tickets that are used once: nothing but the software tells two sessions apart."""

    name, linkable = "browser", False

    def setup(self, world, num):
        self.world, self.servers = world, [(world.server(), "site-%d.example" % i) for i in range(20)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 3 == 0
            world.plan(device, 1)

    def session(self, seconds, device):
        world = self.world
        server, name = world.random.choice(self.servers)
        resumes = device.sessions > 0 and world.random.random() < 0.5
        psk = (world.bytes(192), world.random.randrange(1, 1 << 32)) if resumes else None
        world.tell(seconds, device, tls13(world, world.client(device, seconds), world.server_end(server), device.stack,
                                          name=name, psk=psk, takes=resumes))


class TicketReuse(Browser):
    """TLS 1.3 clients that present one ticket for two days."""

    name, least, linkable = "ticket-reuse", 2, True

    def session(self, seconds, device):
        world = self.world
        if device.sessions % 3 == 0 or "ticket" not in device.memory:
            device.memory["ticket"] = world.bytes(192)
        server, name = self.servers[device.number % len(self.servers)]
        world.tell(seconds, device,
                   tls13(world, world.client(device, seconds), world.server_end(server), device.stack, name=name,
                         psk=(device.memory["ticket"], world.random.randrange(1, 1 << 32)), takes=True),
                   chain=device.sessions // 3)
        if device.sessions % 3 != 1:
            world.truth["link.session-ticket"].add(device.last_address)


class KeyShareReuse(Browser):
    """TLS 1.3 clients that make one key pair and keep it."""

    name, least, linkable, shareable = "key-share-reuse", 2, True, True

    def session(self, seconds, device):
        world = self.world
        if "share" not in device.memory:
            device.memory["share"] = world.bytes(32) if device.stack[1][0] == 29 else b"\x04" + world.bytes(64)
        server, name = world.random.choice(self.servers)
        world.tell(seconds, device, tls13(world, world.client(device, seconds), world.server_end(server), device.stack,
                                          name=name, share=device.memory["share"]))
        if device.sessions > 1:
            world.truth["link.key-share"].add(device.last_address)


class Eui64(Browser):
    """TLS 1.3 over IPv6 with the hardware address in the interface identifier, in changing networks."""

    name, least, linkable = "eui64", 2, True

    def session(self, seconds, device):
        world = self.world
        mac = bytes([device.mac[0] ^ 2]) + device.mac[1:3] + b"\xff\xfe" + device.mac[3:]
        site = device.work if 9 <= int(seconds) // 3600 % 24 < 17 else device.home
        address = "%s:%s" % (site.prefix, ":".join(mac[i:i + 2].hex() for i in range(0, 8, 2)))
        server, name = world.random.choice(self.servers)
        number = int(server.rsplit(".", 1)[1])
        world.truth["link.hardware-address"].add(device.mac.hex("-").upper())
        world.tell(seconds, device, tls13(world, world.client(device, seconds, address),
                                          world.server_end("2001:db8:ffff::%x" % number), device.stack, name=name))


class ExternalPsk13(Kind):
    """TLS 1.3 with an external PSK of their own: some take it as it is, some import it, some do without (EC)DHE, some
    send early data."""

    name, least = "external-psk-13", 8
    shareable = True

    def setup(self, world, num):
        self.world = world
        self.servers = [world.server() for _ in range(4)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            text = b"pump-" + world.bytes(5).hex().encode()
            style = i % 4
            device.memory.update(style=style, identity=text, server=self.servers[style])
            if style == 1:  # RFC 9258 section 5.1
                device.memory["identity"] = wire.vec(2, text) + wire.vec(2, b"") + b"\x03\x04\0\x01"
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        style = memory["style"]
        client = world.client(device, seconds)
        world.tell(seconds, device,
                   tls13(world, client, world.server_end(memory["server"]), device.stack, psk=(memory["identity"], 0),
                         modes=(0, 1) if style == 2 else (1,), dhe=style != 2, takes=True, early=style == 3,
                         name="pumps.example" if style != 0 else None))
        subject = shown(memory["identity"])
        world.truth["psk.identity-cleartext"].add(subject)
        if style == 0:
            world.truth["psk.no-sni"].add(memory["server"])
        if style == 1:
            world.truth["psk.import-context"].add(subject)
        else:
            world.truth["psk.not-imported"].add(subject)
        if style == 2:
            world.truth["psk.no-forward-secrecy"].add(memory["server"])
            world.truth["psk.offers-psk-ke"].add(str(client.ip))
        if style == 3:
            world.truth["psk.early-data"].add(subject)


class OddPsk13(Kind):
    """Identities that two systems may take for different names, and such as are ticket and external identity."""

    name, least = "odd-psk-13", 4
    shareable = True

    def setup(self, world, num):
        self.world, self.server = world, world.server()
        for i in range(num):
            device = world.device(self)
            text = b"lock-" + world.bytes(5).hex().encode() + (b"\0" if i % 2 else b"")
            device.memory.update(identity=text, collides=i % 2 == 0)
            rule = "psk.identity-encoding" if i % 2 else "psk.identity-collision"
            world.truth[rule].add(shown(text))
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        binder = 48 if memory["collides"] and device.sessions % 2 else 32
        world.tell(seconds, device,
                   tls13(world, world.client(device, seconds), world.server_end(self.server), device.stack,
                         name="lock.example", psk=(memory["identity"], 0), binder=binder, takes=True))
        subject = shown(memory["identity"])
        world.truth["psk.identity-cleartext"].add(subject)
        world.truth["psk.not-imported"].add(subject)


class Rerouted(Kind):
    """Now and then an attacker on the path delivers a hello to another server of the same key as well."""

    name, least = "rerouted", 2
    shareable = True

    def setup(self, world, num):
        self.world = world
        for _ in range(num):
            device = world.device(self)
            device.memory.update(identity=b"door-" + world.bytes(5).hex().encode(),
                                 servers=[world.server(), world.server()])
            world.truth["psk.reroute"].add(device.memory["servers"][1])
            for day in range(world.days):
                world.at(day * DAY + world.random.random() * DAY, self.session, device)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        random = world.bytes(32)
        client = world.client(device, seconds)
        psk = (memory["identity"], 0)
        attacked = device.sessions == 3
        first = tls13(world, client, world.server_end(memory["servers"][0]), device.stack, name="door.example",
                      psk=psk, random=random, takes=True)
        world.tell(seconds, device, first)
        subject = shown(memory["identity"])
        world.truth["psk.identity-cleartext"].add(subject)
        world.truth["psk.not-imported"].add(subject)
        if not attacked:
            return
        relay = End(world.public_address(60000 + device.number), ROUTER_IN)
        again = tls13(world, relay, world.server_end(memory["servers"][1]), device.stack, name="door.example", psk=psk,
                      random=random, takes=True)
        hello = [index for index, (_, data) in enumerate(first.frames) if len(data) > 200][0]
        payload = first.frames[hello][1][54:]
        again.frames[hello] = (again.frames[hello][0], again.frames[hello][1][:54] + payload)
        world.tell(seconds + 4, device, again, session=False)
        world.truth["link.server-name"].discard(memory["servers"][1])  # the same hello, once more


def shown(identity):
    """As reports write bytes."""
    text = ""
    for byte in identity:
        text += chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else "\\x%02x" % byte
    return text


# --- TLS 1.2 ---

def tls12(world, client, server, stack, name=None, session_id=b"", ticket=None, given=None, resumes=False, new_id=b"",
          certificate=None, random=None, server_certificate=None, port=443):
    """|given|: the ticket that the server gives; |certificate|: the client's; |resumes|: the short handshake."""
    conversation = Tcp(client, world.port(), server, port, world.random.randrange(1 << 32))
    offered = [wire.groups(stack[1]), wire.extension(11, b"\x01\0"), wire.signature_algorithms(),
               wire.EXTENDED_MASTER_SECRET, wire.RENEGOTIATION_INFO]
    if name is not None:
        offered.insert(0, wire.server_name(name))
        world.truth["link.server-name"].add(str(server.ip))
    if ticket is not None:
        offered.append(wire.ticket(ticket))
    ciphers = [cipher for cipher in stack[0] if cipher > 0xC000]
    hello = wire.client_hello_body(TLS12, random or world.bytes(32), session_id, ciphers, shuffled(stack, offered))
    conversation.send(0, wire.record(22, wire.handshake(1, hello), 0x0301))
    answered = [wire.EXTENDED_MASTER_SECRET, wire.RENEGOTIATION_INFO] + ([wire.ticket(b"")] if given else [])
    flight = wire.handshake(2, wire.server_hello_body(TLS12, world.bytes(32), new_id, ciphers[0], answered))
    new_ticket = wire.record(22, wire.handshake(4, (7200).to_bytes(4, "big") + wire.vec(2, given))) if given else b""
    finished = wire.record(20, b"\x01") + wire.record(22, world.bytes(40))
    if resumes:
        conversation.send(1, wire.record(22, flight) + new_ticket + finished)
        conversation.send(0, finished)
    else:
        flight += wire.handshake(11, wire.vec(3, wire.vec(3, server_certificate or SERVER_CERTIFICATE)))
        flight += wire.handshake(12, b"\x03\x00\x1d" + wire.vec(1, world.bytes(32)) + b"\x04\x03" +
                                 wire.vec(2, world.bytes(70)))
        if certificate is not None:
            flight += wire.handshake(13, b"\x01\x40" + wire.vec(2, b"\x04\x03") + b"\0\0")
        conversation.send(1, wire.record(22, flight + wire.handshake(14, b"")))
        answer = b""
        if certificate is not None:
            answer += wire.handshake(11, wire.vec(3, wire.vec(3, certificate)))
        answer += wire.handshake(16, wire.vec(1, world.bytes(32)))
        if certificate is not None:
            answer += wire.handshake(15, b"\x04\x03" + wire.vec(2, world.bytes(70)))
        conversation.send(0, wire.record(22, answer) + finished)
        conversation.send(1, new_ticket + finished)
    conversation.send(0, wire.record(23, world.bytes(200)), 10)
    conversation.send(1, wire.record(23, world.bytes(900)), 30)
    conversation.close()
    return conversation


def der(tag, *parts):
    data = b"".join(parts)
    length = bytes([len(data)]) if len(data) < 128 else bytes([0x82]) + len(data).to_bytes(2, "big")
    return bytes([tag]) + length + data


def make_certificate(common_name, key, serial):
    """An X.509 certificate, RFC 5280 section 4.1, of a P-256 key (a point of 64 bytes) by an issuer of ours. Nobody
    checks its signature."""
    def name(text):
        return der(0x30, der(0x31, der(0x30, bytes.fromhex("0603550403"), der(0x0C, text.encode()))))

    ecdsa_sha256 = der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    public = der(0x30, der(0x30, bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a8648ce3d030107")),
                 der(0x03, b"\0\x04" + key))
    body = der(0x30, der(0xA0, b"\x02\x01\x02"), der(0x02, b"\x40" + serial), ecdsa_sha256, name("Devices CA"),
               der(0x30, der(0x17, b"240101000000Z"), der(0x17, b"340101000000Z")), name(common_name), public)
    return der(0x30, body, ecdsa_sha256, der(0x03, b"\0" + bytes(range(70))))


def key_hash(certificate):
    """SHA-256 of the SubjectPublicKeyInfo, which has 91 bytes."""
    at = certificate.index(bytes.fromhex("3059301306072a8648ce3d0201"))
    return hashlib.sha256(certificate[at:at + 91]).hexdigest()


SERVER_CERTIFICATE = make_certificate("server.example", bytes(range(64)), bytes(8))


class Ticket12(Kind):
    """TLS 1.2 with tickets that are given in clear: each session presents what the one before was given."""

    name = "ticket-12"

    def setup(self, world, num):
        self.world = world
        self.servers = [(world.server(), "shop-%d.example" % i, world.bytes(16)) for i in range(10)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            world.plan(device, 1)
        world.truth["pfs.ticket-key"].update(address for address, _, _ in self.servers[:5])

    def key_name(self, which, seconds):
        """Half of the servers change their keys every day, the others never do."""
        if which < 5:
            return self.servers[which][2]
        return random.Random(which * 1000 + int(seconds) // DAY).randbytes(16)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        which = device.number % len(self.servers)
        address, name, _ = self.servers[which]
        given = self.key_name(which, seconds) + world.bytes(144)
        world.tell(seconds, device,
                   tls12(world, world.client(device, seconds), world.server_end(address), device.stack, name=name,
                         ticket=memory.get("ticket", b""), given=given, resumes="ticket" in memory,
                         session_id=world.bytes(32) if "ticket" in memory else b""))
        if "ticket" in memory:
            world.truth["link.session-ticket"].add(device.last_address)
        memory["ticket"] = given


class SessionId12(Kind):
    """TLS 1.2 with session ids, each resumed for a week; a load balancer's servers have one cache."""

    name = "session-id-12"

    def setup(self, world, num):
        self.world = world
        self.servers = [world.server() for _ in range(3)]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        resumes = device.sessions % 7 != 0
        session_id = memory.get("id", b"")
        if not resumes:
            memory["id"] = world.bytes(32)
        world.tell(seconds, device,
                   tls12(world, world.client(device, seconds), world.server_end(self.servers[device.number % 3]),
                         device.stack, name="bank.example", session_id=session_id if resumes else b"",
                         resumes=resumes, new_id=memory["id"]),
                   chain=device.sessions // 7)
        if resumes:
            world.truth["link.session-id"].add(device.last_address)


class Certificate12(Kind):
    """TLS 1.2 clients that show a certificate."""

    name, least = "client-certificate", 2

    def setup(self, world, num):
        self.world, self.servers = world, [world.server()]
        for i in range(num):
            device = world.device(self)
            device.moves = i % 2 == 1
            device.memory["certificate"] = make_certificate("device-%06d" % device.number, world.bytes(64),
                                                            world.bytes(8))
            world.plan(device, 1)

    def session(self, seconds, device):
        world = self.world
        world.tell(seconds, device,
                   tls12(world, world.client(device, seconds), world.server_end(self.servers[0]), device.stack,
                         name="fleet.example", certificate=device.memory["certificate"]))
        world.truth["link.client-certificate"].add(key_hash(device.memory["certificate"]))


class Clock12(Kind):
    """TLS 1.2 clients whose random begins with the time of a clock of their own: every third is right, the others are
    off by up to four days."""

    name, least, linkable = "clock-12", 2, False

    def setup(self, world, num):
        self.world, self.servers = world, [world.server()]
        for i in range(num):
            device = world.device(self)
            device.memory.update(offset=0 if i % 3 == 0 else world.random.randrange(-4 * DAY, 4 * DAY), seen=set())
            world.plan(device, 1)

    def session(self, seconds, device):
        world = self.world
        now = int(START + seconds) + device.memory["offset"]
        world.tell(seconds, device,
                   tls12(world, world.client(device, seconds), world.server_end(self.servers[0]), device.stack,
                         name="old.example", random=now.to_bytes(4, "big") + world.bytes(28)))
        if device.last_address in device.memory["seen"]:
            world.truth["link.clock"].add(device.last_address)
        device.memory["seen"].add(device.last_address)


class OddSoftware(Kind):
    """Clients with fixed addresses that offer what nobody else does, and pairs of them that offer the same."""

    name, least, linkable = "odd-software", 6, False

    def setup(self, world, num):
        self.world, self.server = world, world.server()
        for i in range(num // 3 * 3):
            device = world.device(self)
            alone = i % 3 == 0
            device.stack = ((0x1301, 0x1303, 0xC023 if alone else 0xC024), (29, 0x0200 + i // 3), 0)
            device.memory.update(address=world.server(), alone=alone)
            world.plan(device, 1)

    def session(self, seconds, device):
        world, address = self.world, device.memory["address"]
        world.tell(seconds, device, tls13(world, world.client(device, seconds, address), world.server_end(self.server),
                                          device.stack))
        if device.memory["alone"] and device.sessions == 3:
            world.truth["link.fingerprint"].add(address)


# --- DHCP ---

class Dhcp(Kind):
    """Devices that ask for an address on the observer's segment: half tell their name and true hardware address, the
    others a random one each day and nothing else."""

    name, least, linkable = "dhcp", 4, False

    def setup(self, world, num):
        self.world = world
        self.server = End("192.168.77.1", ROUTER_OUT)
        for i in range(num):
            device = world.device(self)
            device.memory["private"] = i % 2 == 1
            world.plan(device, 1)

    def session(self, seconds, device):
        world = self.world
        private = device.memory["private"]
        mac = bytes([0x02]) + world.bytes(5) if private else device.mac
        options = [(55, bytes([1, 3, 6, 15]))]
        if not private:
            for rule in ("link.dhcp-identity", "link.hardware-address"):
                world.truth[rule].add(mac.hex("-").upper())
            options += [(12, b"laptop-of-%d" % device.number), (61, b"\x01" + mac)]
        conversation = Udp(End("0.0.0.0", mac), 68, End("255.255.255.255", b"\xff" * 6), 67)
        xid = world.random.randrange(1 << 32)
        conversation.send(0, wire.dhcp(1, xid, mac, options))
        conversation.send(0, wire.dhcp(3, xid, mac, options + [(50, bytes([192, 168, 77, 9]))]), 50)
        world.tell(seconds, device, conversation, session=False)


class Leased(Browser):
    """Devices on the observer's segment that are given an address by DHCP, for which they tell their name and true
    hardware address, and open a session from it."""

    name, least, linkable, private = "leased", 2, True, False
    LEASE, NET = 3600, 0

    def setup(self, world, num):
        super().setup(world, 0)
        self.dhcp_server = End("10.77.0.1", ROUTER_OUT)
        for i in range(num):
            device = world.device(self)
            device.memory["address"] = "10.77.%d.%d" % (self.NET + 1 + i // 250, 1 + i % 250)
            world.plan(device, 1)

    def session(self, seconds, device):
        world, memory = self.world, device.memory
        mac = bytes([0x02]) + world.bytes(5) if self.private else device.mac
        asked = [(50, ipaddress.ip_address(memory["address"]).packed), (54, self.dhcp_server.packed)]
        if not self.private:
            for rule in ("link.dhcp-identity", "link.hardware-address"):
                world.truth[rule].add(mac.hex("-").upper())
            world.truth["link.cleartext-pairing"].add(memory["address"])
            asked += [(12, b"desk-%d" % device.number), (61, b"\x01" + mac)]
        xid = world.random.randrange(1 << 32)
        request = Udp(End("0.0.0.0", mac), 68, End("255.255.255.255", b"\xff" * 6), 67)
        request.send(0, wire.dhcp(3, xid, mac, asked))
        answer = Udp(self.dhcp_server, 67, End(memory["address"], mac), 68)
        answer.send(0, wire.dhcp(5, xid, mac, [(54, self.dhcp_server.packed), (51, self.LEASE.to_bytes(4, "big"))],
                                 given=ipaddress.ip_address(memory["address"]).packed), 5)
        world.tell(seconds, device, request, session=False)
        world.tell(seconds, device, answer, session=False)
        address, name = world.random.choice(self.servers)
        world.tell(seconds + 60, device, tls13(world, End(memory["address"], mac), world.server_end(address),
                                               device.stack, name=name))


class LeasedPrivate(Leased):
    """The same with a random hardware address each day, and no name: RFC 7844."""

    name, linkable, private = "leased-private", False, True
    NET = 128


KINDS = [
    (OwnPsk(), 0.18), (NamedPsk(), 0.05), (NumberedPsk(), 0.02), (GroupPsk(), 0.18), (DefaultPsk(), 0.05),
    (SwitchingPsk(), 0.01), (SharingServersPsk(), 0.01), (UnknownPsk(), 0.0005), (ConnectionIdPsk(), 0.01),
    (Browser(), 0.15), (TicketReuse(), 0.02), (KeyShareReuse(), 0.02), (Eui64(), 0.03), (ExternalPsk13(), 0.04),
    (OddPsk13(), 0.002), (Rerouted(), 0.003), (Ticket12(), 0.12), (SessionId12(), 0.05), (Certificate12(), 0.03), (Clock12(), 0.01),
    (Dhcp(), 0.02), (OddSoftware(), 0.003), (Leased(), 0.005),
    (LeasedPrivate(), 0.005),
]
