"""DTLS messages and records put together by hand, for what no stack here speaks: connection ids and DTLS 1.3.

RFC 9146 (connection ids of DTLS 1.2) and RFC 9147 (DTLS 1.3). Nothing is derived or encrypted: randoms, key shares
and whatever a key would protect are random bytes of the length that they would have. Who only listens cannot tell.
"""

import os
import struct

from captures import udp_packet

DTLS10, DTLS12, DTLS13 = 0xFEFF, 0xFEFD, 0xFEFC
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, TLS12_CID, ACK = 20, 21, 22, 23, 25, 26
CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST = 1, 2, 3
SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE = 12, 14, 16
X25519 = 0x001D
TAG = 16  # bytes that AEAD adds
HELLO_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def vec8(data):
    return bytes([len(data)]) + data


def vec16(data):
    return struct.pack("!H", len(data)) + data


def u16s(*numbers):
    return struct.pack(f"!{len(numbers)}H", *numbers)


def extension(kind, data):
    return u16s(kind) + vec16(data)


def server_name(name):
    return extension(0, vec16(b"\0" + vec16(name.encode())))


def groups(*codes):
    return extension(10, vec16(u16s(*codes)))


def signature_schemes(*codes):
    return extension(13, vec16(u16s(*codes)))


def connection_id(cid):
    return extension(54, vec8(cid))


def offered_versions(*versions):
    return extension(43, vec8(u16s(*versions)))


def chosen_version(version):
    return extension(43, u16s(version))


def retry_cookie(cookie):
    return extension(44, vec16(cookie))


def offered_share(group, length):
    return extension(51, vec16(u16s(group) + vec16(os.urandom(length))))


def chosen_share(group, length):
    return extension(51, u16s(group) + vec16(os.urandom(length)))


def psk_modes(*modes):
    return extension(45, vec8(bytes(modes)))


def offered_psk(identity):
    """An external key, its age 0, its binder 32 bytes. Goes last."""
    return extension(41, vec16(vec16(identity) + bytes(4)) + vec16(vec8(os.urandom(32))))


def chosen_psk(index):
    return extension(41, u16s(index))


def client_hello(random, suites, extensions, cookie=b""):
    return (u16s(DTLS12) + random + vec8(b"") + vec8(cookie) + vec16(u16s(*suites)) + vec8(b"\0")
            + vec16(b"".join(extensions)))


def server_hello(random, suite, extensions, session_id=b""):
    return u16s(DTLS12) + random + vec8(session_id) + u16s(suite) + b"\0" + vec16(b"".join(extensions))


def hello_verify_request(cookie):
    return u16s(DTLS10) + vec8(cookie)


def fragments(kind, number, body, size=None):
    """The handshake message in fragments of |size| bytes; whole without."""
    size = size or max(len(body), 1)
    for at in range(0, max(len(body), 1), size):
        part = body[at : at + size]
        yield (bytes([kind]) + len(body).to_bytes(3, "big") + u16s(number) + at.to_bytes(3, "big")
               + len(part).to_bytes(3, "big") + part)


class End:
    """One end of a session, and what it has sent: a record number for each epoch."""

    def __init__(self, address, port):
        self.address, self.port = address, port
        self.sent = {}

    def _next(self, epoch):
        self.sent[epoch] = self.sent.get(epoch, -1) + 1
        return self.sent[epoch]

    def plain(self, kind, data, version=DTLS12, epoch=0):
        """DTLSPlaintext of every version; with an epoch that is not 0, DTLSCiphertext of 1.2."""
        return (bytes([kind]) + u16s(version, epoch) + self._next(epoch).to_bytes(6, "big") + vec16(data))

    def message(self, kind, number, body, version=DTLS12):
        return b"".join(self.plain(HANDSHAKE, f, version) for f in fragments(kind, number, body))

    def protected12(self, length, kind=APPLICATION_DATA, epoch=1):
        """GenericAEADCipher of GCM: |length| bytes and what goes with them."""
        return self.plain(kind, os.urandom(8 + length + TAG), epoch=epoch)

    def with_cid12(self, cid, length, epoch=1):
        """tls12_cid of RFC 9146 section 4: the content type is inside. Of some thousand random fragments one has what
        might be its length, which makes the length of the id ambiguous: not where no byte is zero."""
        fragment = os.urandom(8 + length + 1 + TAG).replace(b"\0", b"\1")
        return (bytes([TLS12_CID]) + u16s(DTLS12, epoch) + self._next(epoch).to_bytes(6, "big") + cid
                + vec16(fragment))

    def unified(self, epoch, length, cid=b"", with_length=True):
        """DTLSCiphertext of RFC 9147 section 4, a record number of 16 bits (which is encrypted, too)."""
        self._next(epoch)
        first = 0x20 | (0x10 if cid else 0) | 0x08 | (0x04 if with_length else 0) | (epoch & 3)
        data = os.urandom(length + 1 + TAG)
        return bytes([first]) + cid + os.urandom(2) + (vec16(data) if with_length else data)


class Exchange:
    """Datagrams between two ends, one every |gap| microseconds."""

    def __init__(self, client, server, gap=10_000):
        self.client, self.server, self.gap = client, server, gap
        self.packets = []
        self.time = 1_700_000_000_000_000

    def _add(self, sender, receiver, records):
        self.time += self.gap
        self.packets.append(udp_packet(self.time, (sender.address, sender.port), (receiver.address, receiver.port),
                                       b"".join(records)))

    def to_server(self, *records):
        self._add(self.client, self.server, records)

    def to_client(self, *records):
        self._add(self.server, self.client, records)

    def complete13(self, suite, answer, flight, number=0):
        """DTLS 1.3 from the server hello on: |number| is its message number, |flight| the length of what follows it."""
        self.to_client(self.server.message(SERVER_HELLO, number, server_hello(os.urandom(32), suite, answer)),
                       self.server.unified(2, flight))
        self.to_server(self.client.unified(2, 44))
        self.to_client(self.server.unified(3, 18))  # ACK
        self.to_server(self.client.unified(3, 61))


def begin_ecdhe_psk(client, server, suite, identity, client_cid, server_cid):
    """A DTLS 1.2 handshake with connection ids, up to the ClientKeyExchange, which is the last that is given."""
    wire, random, cookie = Exchange(client, server), os.urandom(32), os.urandom(20)
    offer = [server_name("server.example"), groups(X25519), connection_id(client_cid)]
    answer = [connection_id(server_cid)]
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(random, [suite], offer)))
    wire.to_client(server.message(HELLO_VERIFY_REQUEST, 0, hello_verify_request(cookie), DTLS10))
    wire.to_server(client.message(CLIENT_HELLO, 1, client_hello(random, [suite], offer, cookie)))
    wire.to_client(server.message(SERVER_HELLO, 1, server_hello(os.urandom(32), suite, answer)),
                   server.message(SERVER_KEY_EXCHANGE, 2, vec16(b"") + b"\x03" + u16s(X25519) + vec8(os.urandom(32))),
                   server.message(SERVER_HELLO_DONE, 3, b""))
    return wire, client.message(CLIENT_KEY_EXCHANGE, 2, vec16(identity) + vec8(os.urandom(32)))
