"""Reading DTLS records and handshake messages, for the servers of this folder. RFC 6347 section 4.

Shares nothing with perpass: what a server here understands, it understands by itself.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "pcaps"))

from dtls_frames import (  # noqa: E402, F401 (the builders of messages, for the servers)
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLIENT_HELLO, CLIENT_KEY_EXCHANGE, DTLS10, DTLS12, DTLS13,
    HANDSHAKE, HELLO_VERIFY_REQUEST, SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, TLS12_CID,
    extension, fragments, u16s, vec8, vec16)

NEW_SESSION_TICKET, FINISHED = 4, 20
CLOSE_NOTIFY, NO_RENEGOTIATION = 0, 100
WARNING, FATAL = 1, 2
MAX_MESSAGE = 1 << 17  # an identity of 65,535 bytes, and what is around it


class Malformed(Exception):
    """Bytes that are no DTLS."""


class Cursor:
    """Reads a message from its start to its end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left():
            raise Malformed("too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        """Bytes after their length, which has |size| bytes."""
        return self.take(self.number(size))


class Record:
    def __init__(self, kind, version, epoch, number, body, header):
        self.kind, self.version, self.epoch, self.number = kind, version, epoch, number
        self.body, self.header = body, header


def records(datagram, cid_len=0):
    """The DTLSPlaintext records in |datagram|; a tls12_cid record has a connection id of |cid_len| bytes."""
    cursor = Cursor(datagram)
    while cursor.left() > 0:
        start = cursor.at
        kind, version, epoch, number = cursor.number(1), cursor.number(2), cursor.number(2), cursor.number(6)
        if kind == TLS12_CID:
            cursor.take(cid_len)
        length = cursor.number(2)
        header = datagram[start : cursor.at]
        yield Record(kind, version, epoch, number, cursor.take(length), header)


class Message:
    def __init__(self, kind, number, body):
        self.kind, self.number, self.body = kind, number, body

    def hashed(self):
        """The message as a transcript of DTLS 1.2 has it: as if it had come in one fragment."""
        size = len(self.body).to_bytes(3, "big")
        return bytes([self.kind]) + size + u16s(self.number) + bytes(3) + size + self.body


class Inbox:
    """Puts fragments of handshake messages together, and gives the messages in order."""

    def __init__(self, reassemble=True):
        self.reassemble = reassemble
        self.expected = 0
        self.parts = {}  # number: (kind, length, {offset: byte})
        self.repeated = 0  # fragments of messages that had been given already

    def add(self, data):
        cursor = Cursor(data)
        while cursor.left() > 0:
            kind, length, number = cursor.number(1), cursor.number(3), cursor.number(2)
            offset = cursor.number(3)
            part = cursor.vector(3)
            if length > MAX_MESSAGE or offset + len(part) > length:
                raise Malformed("fragment")
            if number < self.expected:
                self.repeated += 1
                continue
            if len(part) != length and not self.reassemble:
                continue
            known = self.parts.setdefault(number, (kind, length, bytearray(length), bytearray(length)))
            if known[:2] != (kind, length):
                raise Malformed("fragments of different messages")
            known[2][offset : offset + len(part)] = part
            known[3][offset : offset + len(part)] = b"\1" * len(part)

    def messages(self):
        while self.expected in self.parts:
            kind, length, body, have = self.parts[self.expected]
            if sum(have) != length:
                return
            del self.parts[self.expected]
            self.expected += 1
            yield Message(kind, self.expected - 1, bytes(body))


class ClientHello:
    """ClientHello of DTLS 1.0 to 1.3."""

    def __init__(self, body):
        cursor = Cursor(body)
        self.version, self.random = cursor.number(2), cursor.take(32)
        self.session_id, self.cookie = cursor.vector(1), cursor.vector(1)
        suites, self.compression = cursor.vector(2), cursor.vector(1)
        self.suites = [code for (code,) in struct.iter_unpack("!H", suites)]
        self.extensions = {}
        if cursor.left() > 0:
            inner = Cursor(cursor.vector(2))
            while inner.left() > 0:
                kind = inner.number(2)
                self.extensions[kind] = inner.vector(2)

    def versions(self):
        """What the client speaks: the extension's list (RFC 8446 section 4.2.1), or all up to its version."""
        if 43 in self.extensions:
            return [code for (code,) in struct.iter_unpack("!H", Cursor(self.extensions[43]).vector(1))]
        return [code for code in (DTLS12, DTLS10) if code >= self.version]
