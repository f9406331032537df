"""DTLS 1.3 with binders that are right, of keys in a list of weak ones: external and imported keys, after a hello retry.

No stack at hand speaks DTLS 1.3, so binders are computed here: RFC 8446 sections 4.2.11.2 and 7.1, RFC 9147 sections 5.2
and 5.9, RFC 9258 sections 5.1 and 5.2. The list is keys.txt.
"""

import hashlib
import hmac
import os
import struct

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS13, HELLO_RETRY, SERVER_HELLO, X25519, End, Exchange, chosen_psk, chosen_share, chosen_version,
    client_hello, extension, groups, offered_share, offered_versions, psk_modes, retry_cookie, server_hello, u16s, vec16,
    vec8,
)
from lab import CLIENTS, KEY, SERVER

SUITES = (0x1301, 0x1302)
WEAK = b"changeme"
MESSAGE_HASH = 254


def digest(name, data):
    return hashlib.new(name, data).digest()


def expand_label(name, secret, label, context, length):
    label = b"dtls13" + label
    info = struct.pack("!H", length) + vec8(label) + vec8(context)
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(secret, block + info + bytes([len(out) // hashlib.new(name).digest_size + 1]), name)
        out += block
    return out[:length]


def binder(name, key, label, transcript):
    size = hashlib.new(name).digest_size
    early = hmac.digest(bytes(size), key, name)
    binder_key = expand_label(name, early, label, digest(name, b""), size)
    finished = expand_label(name, binder_key, b"finished", b"", size)
    return hmac.digest(finished, digest(name, transcript), name)


class External:
    """A key as it is: its hash is SHA-256."""

    name = "sha256"

    def __init__(self, identity, key):
        self.identity, self.key = identity, key

    def binder(self, transcript):
        return binder(self.name, self.key, b"ext binder", transcript)


class Imported:
    """A key with SHA-256 of its own, imported for DTLS 1.3 with the hash |name|."""

    def __init__(self, identity, key, name):
        self.name, self.key = name, key
        self.identity = vec16(identity) + vec16(b"perpass") + u16s(DTLS13, 1 if name == "sha256" else 2)

    def binder(self, transcript):
        external = hmac.digest(bytes(32), self.key, "sha256")
        size = hashlib.new(self.name).digest_size
        key = expand_label("sha256", external, b"derived psk", digest("sha256", self.identity), size)
        return binder(self.name, key, b"imp binder", transcript)


def as_tls(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def hello(random, keys, more=(), before=lambda name: b""):
    """A client hello that proves |keys|; |before| gives what of the transcript comes before it."""
    sizes = [hashlib.new(key.name).digest_size for key in keys]
    identities = vec16(b"".join(vec16(key.identity) + bytes(4) for key in keys))
    empty = extension(41, identities + vec16(b"".join(vec8(bytes(size)) for size in sizes)))
    offer = [groups(X25519), offered_share(X25519, 32), offered_versions(DTLS13), psk_modes(1), *more, empty]
    body = client_hello(random, SUITES, offer)
    cut = 2 + sum(1 + size for size in sizes)
    begin = as_tls(CLIENT_HELLO, body)[:-cut]
    binders = vec16(b"".join(vec8(key.binder(before(key.name) + begin)) for key in keys))
    return body[:-cut] + binders


def session(wire, client, server, keys, selected, retry=False, damage=False):
    random, sequence = os.urandom(32), 0
    first = hello(random, keys)
    if damage:
        first = first[:-1] + bytes([first[-1] ^ 1])
    wire.to_server(client.message(CLIENT_HELLO, 0, first))
    if retry:
        cookie = retry_cookie(os.urandom(24))
        answer = server_hello(HELLO_RETRY, SUITES[0], [chosen_version(DTLS13), cookie])

        def before(name):
            return as_tls(MESSAGE_HASH, digest(name, as_tls(CLIENT_HELLO, first))) + as_tls(SERVER_HELLO, answer)

        wire.to_client(server.message(SERVER_HELLO, 0, answer))
        wire.to_server(client.message(CLIENT_HELLO, 1, hello(random, keys, [cookie], before)))
        sequence = 1
    suite = SUITES[keys[selected].name == "sha384"]
    chosen = [chosen_share(X25519, 32), chosen_version(DTLS13), chosen_psk(selected)]
    wire.complete13(suite, chosen, 60, sequence)


def make(_, out):
    with open(os.path.join(out, "keys.txt"), "wb") as keys:
        keys.write(b"secret\n" + WEAK + b"\n12345678\n")
    packets = []
    strong = bytes.fromhex(KEY)
    for number, (keys, selected, more) in enumerate((
        ([External(b"pump-1", WEAK)], 0, {}),
        ([Imported(b"valve-2", WEAK, "sha256"), Imported(b"valve-2", WEAK, "sha384")], 1, {}),
        ([External(b"pump-3", WEAK)], 0, {"retry": True}),
        ([Imported(b"strong-4", strong, "sha256"), External(b"strong-5", strong)], 0, {}),
        ([External(b"damaged-6", WEAK)], 0, {"damage": True}),
    )):
        client, server = End(CLIENTS[number], 40001), End(SERVER, 4433)
        wire = Exchange(client, server)
        session(wire, client, server, keys, selected, **more)
        packets += wire.packets
    write(f"{out}/capture.pcap", packets)
