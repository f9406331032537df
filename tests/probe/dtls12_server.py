#!/usr/bin/env python3
"""A DTLS 1.2 server with pre-shared keys that can be told to do each thing well or badly.

    dtls12_server.py ADDRESS PORT [NAME=VALUE...]

The names are the fields of Settings below; what each does is said there. Each thing that it does is a line on
its standard output, which is what the tests compare with. RFC 6347, and those that dtls12_crypto.py names.
"""

import dataclasses
import hashlib
import hmac
import os
import select
import socket
import sys
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import dtls12_crypto as crypto
from dtls_wire import (
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLIENT_HELLO, CLIENT_KEY_EXCHANGE, CLOSE_NOTIFY, DTLS10, DTLS12, FATAL,
    FINISHED, HANDSHAKE, HELLO_VERIFY_REQUEST, NEW_SESSION_TICKET, NO_RENEGOTIATION, SERVER_HELLO, SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE, TLS12_CID, WARNING, ClientHello, Cursor, Inbox, Malformed, Message, extension, fragments,
    records, u16s, vec8, vec16)

CERTIFICATE, P256 = 11, 23
MODP_2048 = int(  # RFC 3526 section 3
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF", 16)


@dataclasses.dataclass
class Settings:
    key: str = "c0ffee5eed0123456789abcdef0a1b2c"  # hexadecimal
    identity: str = "device-1"
    cookie: str = "bound"  # to the address; "unbound": good for any; "constant": the same for all; "off": none
    cookie_len: int = 20
    hint: str = ""
    suites: str = "ecdhe-ccm8,ecdhe-gcm,ccm8,gcm"  # see NAMES, in the server's order
    prefer: str = "server"  # whose order of suites counts: "client"
    versions: str = "1.2"  # "1.0,1.2", "1.0"
    unknown: str = "random"  # of an identity: goes on with a random key; "any": takes it; "silent"; an alert's number
    wrong: str = "silent"  # after a Finished that cannot be read: "silent", or an alert's number
    resend: int = 1000  # ms until a flight is sent again; 0: never
    ems: bool = True  # extended master secret
    etm: bool = True  # encrypt-then-MAC
    reneg_info: bool = True
    mfl: bool = True  # max_fragment_length
    cid: int = -1  # bytes of the connection id that it wants; -1: the extension is not spoken
    record_size: int = 0  # record_size_limit
    heartbeat: bool = False
    compression: int = 0  # what it chooses when the client has it
    truncated_hmac: bool = False
    sessions: bool = True  # by session id
    tickets: str = "off"  # "fixed": with a key name that stays; "random": without one
    lifetime: int = 7200  # s, of a ticket
    renegotiation: str = "refuse"  # with the warning; "silent", "fatal", "accept"
    fragmented: bool = True  # takes fragmented handshake messages
    certificate: bool = False  # has an ECDHE_ECDSA suite for those who offer one
    padding: int = 0  # bytes that its first flight is longer, as a second hint of that length
    coap: bool = True  # answers a CoAP ping
    unknown_delay: int = 0  # ms that looking for an identity that is not there takes
    no_common: str = "40"  # alert without a common suite; "silent"


NAMES = {"ccm8": 0xC0A8, "ccm": 0xC0A4, "gcm": 0x00A8, "cbc": 0x00AE, "chacha": 0xCCAB, "dhe-gcm": 0x00AA,
         "dhe-ccm": 0xC0A6, "ecdhe-ccm8": 0xD003, "ecdhe-ccm": 0xD005, "ecdhe-gcm": 0xD001, "ecdhe-cbc": 0xC037,
         "ecdhe-chacha": 0xCCAC}
ECDSA_SUITES = (0xC0AE, 0xC0AC, 0xC02B)


def parse(words):
    settings = Settings()
    for word in words:
        name, _, value = word.partition("=")
        old = getattr(settings, name)
        setattr(settings, name, value in ("1", "yes") if isinstance(old, bool) else type(old)(value))
    return settings


def say(text):
    print(text, flush=True)


class Session:
    """One client, known by its address."""

    def __init__(self, server, address):
        self.server, self.set, self.address = server, server.settings, address
        self.inbox = Inbox(self.set.fragmented)
        self.version = DTLS12
        self.sequence = [0, 0]  # of records written, for each epoch
        self.next_message = 0
        self.flight = []  # datagrams to send again
        self.resend_at = None
        self.resends = 0
        self.read = self.write = None
        self.established = self.dead = self.resumed = False
        self.refusal = self.set.wrong  # of a Finished that cannot be read
        self.state = "hello"
        self.cid = None  # what its records carry to here
        self.peer_cid = None
        self.closed_at = None
        self.seen_finished = set()

    # Writing

    def record(self, kind, body, epoch=0):
        sequence = u16s(epoch) + self.sequence[epoch].to_bytes(6, "big")
        self.sequence[epoch] += 1
        if epoch == 0:
            return bytes([kind]) + u16s(self.version) + sequence + vec16(body)
        if self.peer_cid:
            sealed = self.write.seal(sequence, crypto.aad(sequence, kind, self.version, self.peer_cid),
                                     body + bytes([kind]))
            return bytes([TLS12_CID]) + u16s(self.version) + sequence + self.peer_cid + vec16(sealed)
        return (bytes([kind]) + u16s(self.version) + sequence
                + vec16(self.write.seal(sequence, crypto.aad(sequence, kind, self.version), body)))

    def message(self, kind, body):
        """A handshake message, whole, and its place in the transcript."""
        message = Message(kind, self.next_message, body)
        self.next_message += 1
        self.transcript += message.hashed()
        return b"".join(fragments(kind, message.number, body))

    def send_flight(self, records_of):
        """|records_of|: pairs of a content type and a body, and the epoch; they are written anew each time."""
        self.flight = records_of
        self.resends = 0
        self._send()
        if self.set.resend:
            self.resend_at = time.monotonic() + self.set.resend / 1000

    def _send(self):
        self.server.send(b"".join(self.record(*row) for row in self.flight), self.address)

    def tick(self, now):
        if self.resend_at is not None and now >= self.resend_at:
            self.resends += 1
            if self.resends > 3:
                self.resend_at = None
                return
            say("flight again")
            self._send()
            self.resend_at = now + self.set.resend / 1000 * 2**self.resends

    def alert(self, level, number, epoch=0):
        say(f"alert {level} {number}")
        self.server.send(self.record(ALERT, bytes([level, number]), epoch), self.address)
        if level == FATAL:
            self.dead = True
            self.resend_at = None

    # Reading

    def take(self, datagram):
        for record in records(datagram, max(self.cid or 0, 0)):
            if self.dead:
                return
            self.take_record(record)

    def take_record(self, record):
        body, kind = record.body, record.kind
        if record.epoch == 1:
            if self.read is None:
                return
            sequence = u16s(1) + record.number.to_bytes(6, "big")
            try:
                cid = record.header[11:-2] if kind == TLS12_CID else None
                body = self.read.open(sequence, crypto.aad(sequence, kind, record.version, cid), body)
            except crypto.BadRecord:
                self.unreadable()
                return
            if kind == TLS12_CID:
                body = body.rstrip(b"\0")
                body, kind = body[:-1], body[-1]
        elif record.epoch > 1 or self.established and kind != HANDSHAKE:
            return
        if kind == HANDSHAKE:
            self.take_handshake(record, body)
        elif kind == ALERT:
            say(f"client alert {body[0]} {body[1]}")
            self.dead = True
            self.resend_at = None
        elif kind == APPLICATION_DATA and self.established:
            self.application_data(body)

    def unreadable(self):
        if self.established:
            return
        say("record that cannot be read")
        if self.refusal != "silent":
            self.alert(FATAL, int(self.refusal))

    def take_handshake(self, record, body):
        if self.established and record.epoch == 1 and body[:1] == b"\1" and body[4:6] == b"\0\0":
            self.inbox = Inbox(self.set.fragmented)  # another handshake, numbered from 0 again
        repeated = self.inbox.repeated
        before = self.inbox.expected
        self.inbox.add(body)
        for message in self.inbox.messages():
            self.handshake(message, record)
        last = self.inbox.repeated > repeated and before == self.inbox.expected
        if last and self.flight and (self.state != "established" or record.epoch == 1):
            self._send()

    def handshake(self, message, record):
        if message.kind == CLIENT_HELLO and self.state == "established":
            self.renegotiate()
        elif message.kind == CLIENT_HELLO and self.state == "hello":
            self.client_hello(message, record)
        elif message.kind == CLIENT_KEY_EXCHANGE and self.state == "key exchange":
            self.client_key_exchange(message)
        elif message.kind == FINISHED and record.epoch == 1 and self.state == "finished":
            self.finished(message)
        else:
            say(f"unexpected message {message.kind}")

    # The first flights

    def client_hello(self, message, record):
        hello = ClientHello(message.body)
        speaks = [{"1.0": DTLS10, "1.2": DTLS12}[v] for v in self.set.versions.split(",")]
        common = [v for v in hello.versions() if v in speaks]
        if not common:
            self.alert(FATAL, 70)
            return
        if self.set.cookie != "off" and not self.server.cookie_holds(hello, self.address):
            self.server.verify(hello, message, record, self.address)
            return
        self.version = min(common)
        self.sequence[0] = record.number  # goes on from the client's, past that of the HelloVerifyRequest
        self.client_random, self.random = hello.random, os.urandom(32)
        self.next_message = message.number
        self.transcript = message.hashed()
        self.hello = hello
        if self.resume():
            return
        self.choose_suite()

    def choose_suite(self):
        hello = self.hello
        mine = [NAMES[name] for name in self.set.suites.split(",")]
        first, second = (mine, hello.suites) if self.set.prefer == "server" else (hello.suites, mine)
        common = [code for code in first if code in second]
        if not common and self.set.certificate:
            common = [code for code in ECDSA_SUITES if code in hello.suites]
        if not common and self.set.no_common == "silent":
            self.dead = True
            return
        if not common:
            self.alert(FATAL, int(self.set.no_common))
            return
        self.suite = common[0]
        say(f"suite {self.suite:04x}")
        self.session_id = os.urandom(32) if self.set.sessions else b""
        flight = self.message(SERVER_HELLO, self.server_hello(self.session_id))
        if self.suite in ECDSA_SUITES:
            flight += self.message(CERTIFICATE, vec24(vec24(os.urandom(500))))
        flight += self.server_key_exchange()
        flight += self.message(SERVER_HELLO_DONE, b"")
        self.state = "key exchange"
        self.send_flight([(HANDSHAKE, flight, 0)])

    def server_hello(self, session_id):
        theirs, out = self.hello.extensions, b""
        self.ems = self.set.ems and 23 in theirs
        cipher = crypto.SUITES[self.suite][2] if self.suite in crypto.SUITES else "gcm"
        self.etm = self.set.etm and 22 in theirs and cipher == "cbc"
        self.truncated = self.set.truncated_hmac and 4 in theirs and cipher == "cbc"
        granted = []
        if self.set.reneg_info and (0xFF01 in theirs or 0x00FF in self.hello.suites):
            granted.append((0xFF01, b"\0"))
        granted += [(code, b"") for code, on in ((23, self.ems), (22, self.etm), (4, self.truncated)) if on]
        if self.set.mfl and 1 in theirs:
            granted.append((1, theirs[1]))
        if self.set.record_size and 28 in theirs:
            granted.append((28, u16s(self.set.record_size)))
        if self.set.heartbeat and 15 in theirs:
            granted.append((15, b"\1"))
        if self.set.cid >= 0 and 54 in theirs:
            self.cid, self.peer_cid = self.set.cid, Cursor(theirs[54]).vector(1)
            granted.append((54, vec8(os.urandom(self.cid))))
        self.ticket = self.set.tickets != "off" and 35 in theirs
        if self.ticket:
            granted.append((35, b""))
        for code, data in granted:
            out += extension(code, data)
        compression = self.set.compression if self.set.compression in self.hello.compression else 0
        say("granted " + " ".join(str(code) for code, _ in granted))
        return (u16s(self.version) + self.random + vec8(session_id) + u16s(self.suite) + bytes([compression])
                + (vec16(out) if out else b""))

    def server_key_exchange(self):
        exchange = crypto.SUITES[self.suite][1] if self.suite in crypto.SUITES else "certificate"
        hint = self.set.hint.encode() + b"-" * self.set.padding
        parameters = b""
        if exchange in ("ecdhe", "certificate"):
            self.secret = ec.generate_private_key(ec.SECP256R1())
            public = self.secret.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            parameters = b"\3" + u16s(P256) + vec8(public)
        elif exchange == "dhe":
            self.secret = int.from_bytes(os.urandom(32), "big")
            public = pow(2, self.secret, MODP_2048).to_bytes(256, "big")
            parameters = vec16(MODP_2048.to_bytes(256, "big")) + vec16(b"\2") + vec16(public)
        if exchange == "certificate":
            return self.message(SERVER_KEY_EXCHANGE, parameters + u16s(0x0403) + vec16(os.urandom(70)))
        if not parameters and not hint:
            return b""
        return self.message(SERVER_KEY_EXCHANGE, vec16(hint) + parameters)

    # The keys

    def client_key_exchange(self, message):
        cursor = Cursor(message.body)
        exchange = crypto.SUITES[self.suite][1] if self.suite in crypto.SUITES else "certificate"
        if exchange == "certificate":
            return
        identity = cursor.vector(2)
        psk = self.server.key_of(identity)
        if psk is None:
            if self.set.unknown == "silent":
                self.resend_at = None
                self.dead = True
                return
            psk, self.refusal = os.urandom(16), self.set.unknown  # told when a wrong key would be: after the same work
        shared = None
        if exchange == "ecdhe":
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), cursor.vector(1))
            shared = self.secret.exchange(ec.ECDH(), point)
        elif exchange == "dhe":
            theirs = int.from_bytes(cursor.vector(2), "big")
            shared = pow(theirs, self.secret, MODP_2048).to_bytes(256, "big").lstrip(b"\0")
        secret = crypto.premaster(psk, shared)
        self.transcript += message.hashed()
        if self.ems:
            self.master = crypto.extended_master_secret(secret, self.transcript)
        else:
            self.master = crypto.master_secret(secret, self.client_random, self.random)
        self.take_keys()
        self.state = "finished"

    def take_keys(self):
        self.read, self.write = crypto.protections(self.suite, self.master, self.client_random, self.random,
                                                   self.etm, 10 if self.truncated else 32)

    def finished(self, message):
        expected = crypto.verify_data(self.master, b"client", self.transcript)
        if not hmac.compare_digest(expected, message.body):
            self.unreadable()
            return
        self.transcript += message.hashed()
        say("handshake finished" + (" (resumed)" if self.resumed else ""))
        self.established, self.state = True, "established"
        self.resend_at = None
        if self.resumed:
            self.flight = []
            return
        flight = []
        if self.session_id:
            self.server.sessions[self.session_id] = (self.suite, self.master, self.ems)
        if self.ticket:
            flight.append((HANDSHAKE, self.new_ticket(), 0))
        self.resume_flight(flight)
        self.resend_at = None  # nothing answers this flight; it goes again when the client's does

    def new_ticket(self):
        name = b"perpass-test-key" if self.set.tickets == "fixed" else os.urandom(16)
        ticket = name + os.urandom(80)
        self.server.tickets[ticket] = (self.suite, self.master, self.ems)
        return self.message(NEW_SESSION_TICKET, self.set.lifetime.to_bytes(4, "big") + vec16(ticket))

    def resume_flight(self, flight):
        """ChangeCipherSpec and Finished after |flight|."""
        verify = crypto.verify_data(self.master, b"server", self.transcript)
        flight += [(CHANGE_CIPHER_SPEC, b"\1", 0), (HANDSHAKE, self.message(FINISHED, verify), 1)]
        self.send_flight(flight)

    def resume(self):
        hello = self.hello
        ticket = hello.extensions.get(35, b"")
        known = self.server.tickets.get(ticket) if ticket else self.server.sessions.get(hello.session_id)
        if known is None or known[0] not in hello.suites:
            return False
        self.suite, self.master, self.ems = known
        if self.ems != (23 in hello.extensions and self.set.ems):
            return False
        self.resumed = True
        self.session_id = hello.session_id
        say("resumes by " + ("ticket" if ticket else "session id"))
        flight = self.message(SERVER_HELLO, self.server_hello(hello.session_id))
        if self.ticket:
            flight += self.new_ticket()
        self.take_keys()
        self.resume_flight([(HANDSHAKE, flight, 0)])
        self.state = "finished"
        return True

    # After the handshake

    def renegotiate(self):
        say("client wants to renegotiate")
        how = self.set.renegotiation
        if how == "refuse":
            self.alert(WARNING, NO_RENEGOTIATION, 1)
        elif how == "fatal":
            self.alert(FATAL, 40, 1)
        elif how == "accept":
            self.next_message = 0
            flight = self.message(SERVER_HELLO, self.server_hello(b"")) + self.server_key_exchange()
            flight += self.message(SERVER_HELLO_DONE, b"")
            self.flight = [(HANDSHAKE, flight, 1)]
            self._send()

    def application_data(self, body):
        say(f"application data, {len(body)} bytes")
        if len(body) == 4 and body[0] & 0xF0 == 0x40 and body[1] == 0:
            if self.set.coap:
                reset = bytes([0x70, 0]) + body[2:]
                self.server.send(self.record(APPLICATION_DATA, reset, 1), self.address)
            return
        self.server.send(self.record(APPLICATION_DATA, body, 1), self.address)


def vec24(data):
    return len(data).to_bytes(3, "big") + data


class Server:
    def __init__(self, address, port, settings):
        self.settings = settings
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.secret = os.urandom(32)
        self.live = {}  # address: Session
        self.sessions, self.tickets = {}, {}  # what they resume: (suite, master secret, EMS)

    def send(self, data, address):
        self.socket.sendto(data, address)

    def key_of(self, identity):
        name = self.settings.identity.encode()
        if identity == name or self.settings.unknown == "any":
            say(f"identity {identity.hex()} known")
            return bytes.fromhex(self.settings.key)
        say(f"identity {identity.hex()} unknown")
        if self.settings.unknown_delay > 0:  # without, a busy machine would make others wait here
            time.sleep(self.settings.unknown_delay / 1000)
        return os.urandom(16) if self.settings.unknown == "random" else None

    def cookie(self, hello, address):
        if self.settings.cookie == "constant":
            return b"cookie-of-perpass-test"[: self.settings.cookie_len]
        bound = repr(address).encode() if self.settings.cookie == "bound" else b""
        salt = hello.random if self.settings.cookie == "bound" else b""
        return hashlib.sha256(self.secret + bound + salt).digest()[: self.settings.cookie_len]

    def cookie_holds(self, hello, address):
        if not hello.cookie:
            return False
        holds = hmac.compare_digest(hello.cookie, self.cookie(hello, address))
        say("cookie good" if holds else "cookie bad")
        return holds

    def verify(self, hello, message, record, address):
        """HelloVerifyRequest, without a state kept: message and record have the numbers of what they answer."""
        del self.live[address]
        body = u16s(DTLS10) + vec8(self.cookie(hello, address))
        say("asks for a cookie")
        self.send(bytes([HANDSHAKE]) + u16s(DTLS10, 0) + record.number.to_bytes(6, "big")
                  + vec16(b"".join(fragments(HELLO_VERIFY_REQUEST, message.number, body))), address)

    def take(self, datagram, address):
        session = self.live.get(address)
        first = datagram[:1] == bytes([HANDSHAKE]) and datagram[3:5] == b"\0\0" and datagram[13:14] == b"\1"
        if session is None or first and (session.dead or session.established):
            session = self.live[address] = Session(self, address)
            session.inbox.expected = int.from_bytes(datagram[17:19], "big") if first else 0
        try:
            session.take(datagram)
        except (Malformed, ValueError) as error:
            say(f"malformed: {error}")

    def run(self):
        say("ready")
        while True:
            if select.select([self.socket], [], [], 0.02)[0]:
                datagram, address = self.socket.recvfrom(65536)
                self.take(datagram, address)
            now = time.monotonic()
            for session in list(self.live.values()):
                session.tick(now)


def main():
    address, port, *words = sys.argv[1:]
    Server(address, int(port), parse(words)).run()


if __name__ == "__main__":
    main()
