#!/usr/bin/env python3
"""A DTLS 1.3 server with external pre-shared keys, for what no stack here speaks.

    dtls13_server.py ADDRESS PORT [NAME=VALUE...]

The names are the fields of Settings below. It knows SHA-256 suites, psk_ke and psk_dhe_ke with x25519 and P-256.
What it reads beyond that it leaves alone: certificates, early data, key updates. RFC 9147 and RFC 8446.
"""

import dataclasses
import hashlib
import hmac
import os
import select
import socket
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dtls_wire import (
    ALERT, APPLICATION_DATA, CLIENT_HELLO, DTLS12, DTLS13, FATAL, FINISHED, HANDSHAKE, NEW_SESSION_TICKET,
    SERVER_HELLO, ClientHello, Cursor, Inbox, Malformed, extension, fragments, records, u16s, vec8, vec16)

ACK, ENCRYPTED_EXTENSIONS, MESSAGE_HASH = 26, 8, 254
SUPPORTED_VERSIONS, COOKIE, PSK_MODES, PRE_SHARED_KEY, KEY_SHARE = 43, 44, 45, 41, 51
CONNECTION_ID = 54
X25519, P256 = 0x001D, 0x0017
GROUPS = {"x25519": X25519, "p256": P256}
DRAFT = 0x7F2B
PSK_KE, PSK_DHE_KE = 0, 1
PREFIX = b"dtls13"  # of labels (RFC 9147 section 5.9)
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
SUITES = {0x1301: (AESGCM, 16, 16), 0x1303: (ChaCha20Poly1305, 32, 16), 0x1304: (AESCCM, 16, 16),
          0x1305: (lambda key: AESCCM(key, tag_length=8), 16, 8)}


@dataclasses.dataclass
class Settings:
    key: str = "c0ffee5eed0123456789abcdef0a1b2c"  # hexadecimal
    identity: str = "device-1"
    suites: str = "1301,1303,1304,1305"  # in the server's order
    modes: str = "dhe,ke"  # in the server's order
    groups: str = "x25519,p256"  # the first is asked for where none was shown
    retry: bool = True  # asks for a cookie with a HelloRetryRequest
    unknown: str = "47"  # alert of an unknown identity, or "silent"
    wrong: str = "47"  # alert of a binder made with another key, or "silent"
    resend: int = 1000  # ms until the flight is sent again; 0: never
    tickets: bool = False
    cid: int = -1  # bytes of the connection id that it wants; -1: the extension is not spoken
    coap: bool = True  # answers a CoAP ping
    draft: bool = False  # as NSS 3.87 speaks it: another version number, headers of DTLS in the transcript, epochs in
    # nonces, short record numbers in ACKs; the RFC has changed these, and nothing else that is used here


def parse(words):
    settings = Settings()
    for word in words:
        name, _, value = word.partition("=")
        old = getattr(settings, name)
        setattr(settings, name, value in ("1", "yes") if isinstance(old, bool) else type(old)(value))
    return settings


def say(text):
    print(text, flush=True)


def sha(data):
    return hashlib.sha256(data).digest()


def extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


def expand_label(secret, label, context, length):
    info = u16s(length) + vec8(PREFIX + label) + vec8(context)
    out, block = b"", b""
    for counter in range(1, 10):
        block = hmac.digest(secret, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def derive(secret, label, transcript):
    return expand_label(secret, label, sha(transcript), 32)


class Keys:
    """The keys of one epoch and one direction (RFC 9147 sections 4.2.2 and 4.2.3)."""

    def __init__(self, suite, secret, epoch, draft):
        self.draft = draft
        self.make, key_len, self.tag = SUITES[suite]
        self.box = self.make(expand_label(secret, b"key", b"", key_len))
        self.iv = expand_label(secret, b"iv", b"", 12)
        self.numbers = expand_label(secret, b"sn", b"", key_len)
        self.chacha = suite == 0x1303
        self.epoch, self.next, self.highest = epoch, 0, -1

    def _mask(self, sealed):
        if self.chacha:
            return Cipher(algorithms.ChaCha20(self.numbers, sealed[:16]), None).encryptor().update(bytes(2))
        return Cipher(algorithms.AES(self.numbers), modes.ECB()).encryptor().update(sealed[:16])

    def _nonce(self, number):
        number |= self.epoch << 48 if self.draft else 0
        return bytes(a ^ b for a, b in zip(self.iv, number.to_bytes(12, "big")))

    def seal(self, kind, body, cid=b""):
        number, self.next = self.next, self.next + 1
        first = 0x2C | (0x10 if cid else 0) | self.epoch & 3
        inner = body + bytes([kind])
        low, length = u16s(number & 0xFFFF), u16s(len(inner) + self.tag)
        sealed = self.box.encrypt(self._nonce(number), inner, bytes([first]) + cid + low + length)
        hidden = bytes(a ^ b for a, b in zip(low, self._mask(sealed)))
        return bytes([first]) + cid + hidden + length + sealed

    def open(self, first, cid, hidden, length, sealed):
        """The content's type, the content, and the record's number."""
        low = bytes(a ^ b for a, b in zip(hidden, self._mask(sealed)))
        width = 1 << 8 * len(low)
        number = self.highest + 1
        number += (int.from_bytes(low, "big") - number + width // 2) % width - width // 2
        number = number if number >= 0 else number + width
        inner = self.box.decrypt(self._nonce(number), sealed, bytes([first]) + cid + low + length)
        self.highest = max(self.highest, number)
        inner = inner.rstrip(b"\0")
        return inner[-1], inner[:-1], number


class Session:
    def __init__(self, server, address):
        self.server, self.set, self.address = server, server.settings, address
        self.inbox = Inbox()
        self.version = DRAFT if self.set.draft else DTLS13
        self.plain_number = self.next_message = 0
        self.transcript = b""
        self.read, self.write = {}, {}  # epoch: Keys
        self.state = "hello"
        self.flight, self.resend_at, self.resends = [], None, 0
        self.cid = self.peer_cid = b""
        self.retried = None

    # Writing

    def plain(self, kind, body):
        self.plain_number += 1
        return bytes([kind]) + u16s(DTLS12, 0) + (self.plain_number - 1).to_bytes(6, "big") + vec16(body)

    def send(self, rows):
        out = b""
        for epoch, kind, body in rows:
            out += self.write[epoch].seal(kind, body, self.peer_cid) if epoch else self.plain(kind, body)
        self.server.socket.sendto(out, self.address)

    def send_flight(self, rows):
        self.flight, self.resends = rows, 0
        self.send(rows)
        self.resend_at = time.monotonic() + self.set.resend / 1000 if self.set.resend else None

    def tick(self, now):
        if self.resend_at is not None and now >= self.resend_at:
            self.resends += 1
            self.resend_at = now + self.set.resend / 1000 * 2**self.resends if self.resends < 3 else None
            say("flight again")
            self.send(self.flight)

    def hashed(self, kind, body, number):
        """A message as a transcript has it: with the header of TLS (RFC 9147 section 5.2)."""
        size = len(body).to_bytes(3, "big")
        return bytes([kind]) + size + (u16s(number) + bytes(3) + size if self.set.draft else b"") + body

    def message(self, kind, body):
        self.transcript += self.hashed(kind, body, self.next_message)
        self.next_message += 1
        return b"".join(fragments(kind, self.next_message - 1, body))

    def alert(self, number, epoch=0):
        say(f"alert {FATAL} {number}")
        self.send([(epoch, ALERT, bytes([FATAL, number]))])
        self.state, self.resend_at = "dead", None

    # Reading

    def take(self, datagram):
        cursor = Cursor(datagram)
        while cursor.left() > 0 and self.state != "dead":
            first = datagram[cursor.at]
            if first & 0xE0 != 0x20:
                for record in records(datagram[cursor.at :]):
                    self.content(record.kind, record.body, 0)
                return
            cursor.take(1)
            cid = cursor.take(len(self.cid)) if first & 0x10 else b""
            hidden = cursor.take(2 if first & 8 else 1)
            length = cursor.take(2) if first & 4 else b""
            sealed = cursor.take(int.from_bytes(length, "big") if length else cursor.left())
            epoch = next((e for e in self.read if e & 3 == first & 3), None)
            if epoch is None or cid != (self.cid if first & 0x10 else b"") or len(sealed) < 16:
                return
            try:
                kind, body, number = self.read[epoch].open(first, cid, hidden, length, sealed)
            except InvalidTag:
                say("record that cannot be read")
                continue
            self.content(kind, body, epoch, number)

    def content(self, kind, body, epoch, number=0):
        if kind == HANDSHAKE:
            repeated = self.inbox.repeated
            self.inbox.add(body)
            done = [self.handshake(m, epoch, number) for m in self.inbox.messages()]
            if not done and self.inbox.repeated > repeated and self.flight:
                self.send(self.flight)
        elif kind == ACK:
            say("client's ack")
        elif kind == ALERT:
            say(f"client alert {body[0]} {body[1]}")
            self.state, self.resend_at = "dead", None
        elif kind == APPLICATION_DATA and epoch == 3 and self.state == "established":
            self.application_data(body)

    def handshake(self, message, epoch, number):
        if message.kind == CLIENT_HELLO and epoch == 0 and self.state == "hello":
            self.client_hello(message)
        elif message.kind == FINISHED and epoch == 2 and self.state == "finished":
            self.finished(message, number)
        else:
            say(f"unexpected message {message.kind}")

    # The handshake

    def client_hello(self, message):
        hello = ClientHello(message.body)
        if self.version not in hello.versions():
            self.alert(70)
            return
        suite = next((int(s, 16) for s in self.set.suites.split(",") if int(s, 16) in hello.suites), None)
        if suite is None:
            self.alert(40)
            return
        self.suite = suite
        shares = client_shares(hello.extensions.get(KEY_SHARE), [GROUPS[name] for name in self.set.groups.split(",")])
        if self.set.retry and COOKIE not in hello.extensions:
            self.ask_again(message, shares)
            return
        if self.set.retry and Cursor(hello.extensions[COOKIE]).vector(2) != self.retried:
            self.alert(47)
            return
        say("cookie good" if self.set.retry else "no cookie asked")
        if PRE_SHARED_KEY not in hello.extensions or PSK_MODES not in hello.extensions:
            say("no key on offer")
            self.alert(40 if PRE_SHARED_KEY not in hello.extensions else 109)
            return
        offered = Cursor(hello.extensions[PSK_MODES]).vector(1)
        mode = next((code for code in ({"ke": PSK_KE, "dhe": PSK_DHE_KE}[m] for m in self.set.modes.split(","))
                     if code in offered), None)
        if mode is None or mode == PSK_DHE_KE and not shares:
            self.alert(40 if mode is None else 47)
            return
        self.answer(hello, message, shares, mode)

    def ask_again(self, message, shares):
        """HelloRetryRequest, with a cookie."""
        say("asks for a cookie")
        self.retried = os.urandom(24)
        extensions = extension(SUPPORTED_VERSIONS, u16s(self.version)) + extension(COOKIE, vec16(self.retried))
        if "dhe" in self.set.modes and not shares:
            extensions += extension(KEY_SHARE, u16s(GROUPS[self.set.groups.split(",")[0]]))
        self.transcript = self.hashed(MESSAGE_HASH, sha(self.hashed(CLIENT_HELLO, message.body, message.number)), 0)
        self.send([(0, HANDSHAKE, self.message(SERVER_HELLO, server_hello(RETRY, self.suite, extensions)))])

    def answer(self, hello, message, shares, mode):
        early = self.early_secret(hello, message)
        if early is None:
            return
        self.transcript += self.hashed(CLIENT_HELLO, message.body, message.number)
        extensions = extension(SUPPORTED_VERSIONS, u16s(self.version)) + extension(PRE_SHARED_KEY, u16s(self.index))
        shared = bytes(32)
        if mode == PSK_DHE_KE:
            group, public, shared = exchange(shares)
            extensions += extension(KEY_SHARE, u16s(group) + vec16(public))
        if self.set.cid >= 0 and CONNECTION_ID in hello.extensions:
            self.cid, their_cid = os.urandom(self.set.cid), Cursor(hello.extensions[CONNECTION_ID]).vector(1)
            extensions += extension(CONNECTION_ID, vec8(self.cid))
        say(f"suite {self.suite:04x} mode {'dhe' if mode == PSK_DHE_KE else 'ke'}")
        rows = [(0, HANDSHAKE, self.message(SERVER_HELLO, server_hello(os.urandom(32), self.suite, extensions)))]
        if self.set.cid >= 0 and CONNECTION_ID in hello.extensions:
            self.peer_cid = their_cid
        handshake = extract(derive(early, b"derived", b""), shared)
        self.client_secret = derive(handshake, b"c hs traffic", self.transcript)
        server_secret = derive(handshake, b"s hs traffic", self.transcript)
        self.new_keys(2, self.client_secret, server_secret)
        rows.append((2, HANDSHAKE, self.message(ENCRYPTED_EXTENSIONS, vec16(b""))))
        verify = hmac.digest(expand_label(server_secret, b"finished", b"", 32), sha(self.transcript), "sha256")
        rows.append((2, HANDSHAKE, self.message(FINISHED, verify)))
        master = extract(derive(handshake, b"derived", b""), bytes(32))
        self.app = [derive(master, label, self.transcript) for label in (b"c ap traffic", b"s ap traffic")]
        self.state = "finished"
        self.send_flight(rows)

    def new_keys(self, epoch, client, server):
        self.read[epoch] = Keys(self.suite, client, epoch, self.set.draft)
        self.write[epoch] = Keys(self.suite, server, epoch, self.set.draft)

    def early_secret(self, hello, message):
        """Looks for the identity and checks its binder; None when an alert has been sent."""
        if list(hello.extensions)[-1] != PRE_SHARED_KEY:
            self.alert(47)
            return None
        offer = Cursor(hello.extensions[PRE_SHARED_KEY])
        identities, ids = [], Cursor(offer.vector(2))
        while ids.left() > 0:
            identities.append(ids.vector(2))
            ids.take(4)
        binders_at = offer.left()
        binders, list_of = [], Cursor(offer.vector(2))
        while list_of.left() > 0:
            binders.append(list_of.vector(1))
        name = self.set.identity.encode()
        known = name in identities
        self.index = identities.index(name) if known else 0
        say(f"identity {identities[self.index].hex()} {'known' if known else 'unknown'}")
        # An unknown identity takes as long as a wrong key.
        early = extract(bytes(32), bytes.fromhex(self.set.key) if known else os.urandom(16))
        binder_key = derive(early, b"ext binder", b"")
        start = self.hashed(CLIENT_HELLO, message.body, message.number)
        seen = self.transcript + start[: len(start) - binders_at]
        expected = hmac.digest(expand_label(binder_key, b"finished", b"", 32), sha(seen), "sha256")
        if not hmac.compare_digest(expected, binders[self.index]):
            if known:
                say("binder wrong")
            self.fail(self.set.wrong if known else self.set.unknown)
            return None
        return early

    def fail(self, how):
        if how == "silent":
            self.state = "dead"
        else:
            self.alert(int(how))

    def finished(self, message, number):
        expected = hmac.digest(expand_label(self.client_secret, b"finished", b"", 32), sha(self.transcript), "sha256")
        if not hmac.compare_digest(expected, message.body):
            self.alert(51, 2)
            return
        say("handshake finished")
        self.state, self.resend_at = "established", None
        self.transcript += self.hashed(FINISHED, message.body, message.number)
        self.new_keys(3, *self.app)
        size = (2, 6) if self.set.draft else (8, 8)
        rows = [(3, ACK, vec16((2).to_bytes(size[0], "big") + number.to_bytes(size[1], "big")))]
        if self.set.tickets:
            body = (3600).to_bytes(4, "big") + os.urandom(4) + vec8(b"\0") + vec16(os.urandom(64)) + vec16(b"")
            rows.append((3, HANDSHAKE, self.message(NEW_SESSION_TICKET, body)))
        self.flight = rows
        self.send(rows)

    def application_data(self, body):
        say(f"application data, {len(body)} bytes")
        if len(body) == 4 and body[0] & 0xF0 == 0x40 and body[1] == 0:
            if self.set.coap:
                self.send([(3, APPLICATION_DATA, bytes([0x70, 0]) + body[2:])])
            return
        self.send([(3, APPLICATION_DATA, body)])




def server_hello(random, suite, extensions):
    return u16s(DTLS12) + random + vec8(b"") + u16s(suite) + b"\0" + vec16(extensions)


def client_shares(data, known):
    shares = {}
    if data is not None:
        cursor = Cursor(Cursor(data).vector(2))
        while cursor.left() > 0:
            group = cursor.number(2)
            shares[group] = cursor.vector(2)
    return {group: share for group, share in shares.items() if group in known}


def exchange(shares):
    """The group, the server's public value, and the shared secret."""
    if X25519 in shares:
        mine = x25519.X25519PrivateKey.generate()
        shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(shares[X25519]))
        return X25519, mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), shared
    mine = ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), shares[P256])
    public = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return P256, public, mine.exchange(ec.ECDH(), theirs)


class Server:
    def __init__(self, address, port, settings):
        self.settings = settings
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.live = {}  # address: Session

    def take(self, datagram, address):
        session = self.live.get(address)
        hello = datagram[:1] == bytes([HANDSHAKE]) and datagram[13:14] == b"\1" and datagram[17:19] == b"\0\0"
        if session is None or hello and session.state in ("dead", "established"):
            session = self.live[address] = Session(self, address)
        try:
            session.take(datagram)
        except (Malformed, ValueError, IndexError) as error:
            say(f"malformed: {error}")

    def run(self):
        say("ready")
        while True:
            if select.select([self.socket], [], [], 0.02)[0]:
                self.take(*self.socket.recvfrom(65536))
            now = time.monotonic()
            for session in list(self.live.values()):
                session.tick(now)


def main():
    address, port, *words = sys.argv[1:]
    Server(address, int(port), parse(words)).run()


if __name__ == "__main__":
    main()
