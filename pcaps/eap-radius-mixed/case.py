"""EAP-TLS of two devices at one access point at the same time: their messages are mixed in one conversation of RADIUS."""

import os
import struct

from captures import udp_packet, write
from dtls_frames import (
    CLIENT_HELLO, HANDSHAKE, SERVER_HELLO, X25519, extension, groups, offered_share, offered_versions,
    signature_schemes, u16s, vec8, vec16,
)
from lab import CLIENTS, SERVER

TLS12, TLS13 = 0x0303, 0x0304
SUITES_13, SUITES_12 = [0x1301, 0xC02B], [0xC02B]  # TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
EXTENDED_MASTER_SECRET = extension(23, b"")
RENEGOTIATION = extension(0xFF01, b"\0")
REQUEST, RESPONSE, IDENTITY, EAP_TLS, START = 1, 2, 1, 13, b"\x20"
ACCESS_REQUEST, ACCESS_CHALLENGE, STATE, EAP_MESSAGE = 1, 11, 24, 79
NO_FLAGS = b"\0"
DOWNGRADE = b"DOWNGRD\1"  # RFC 8446 section 4.1.3
POINT, RADIUS = (CLIENTS[0], 40001), (SERVER, 1812)


def message(kind, body):
    return bytes([HANDSHAKE]) + u16s(TLS12) + vec16(bytes([kind]) + len(body).to_bytes(3, "big") + body)


def client_hello(suites, extensions):
    return message(CLIENT_HELLO, u16s(TLS12) + os.urandom(32) + vec8(b"") + vec16(u16s(*suites)) + vec8(b"\0")
                   + vec16(b"".join(extensions)))


def server_hello(random, extensions):
    return message(SERVER_HELLO, u16s(TLS12) + random + vec8(b"") + u16s(0xC02B) + b"\0" + vec16(b"".join(extensions)))


def eap(code, identifier, kind, data):
    return struct.pack("!BBHB", code, identifier, 5 + len(data), kind) + data


def attribute(kind, value):
    return bytes([kind, 2 + len(value)]) + value


class Device:
    """One of them, and the server that answers it. |state| is how the server knows it again."""

    def __init__(self, name, hello, answer):
        self.name, self.hello, self.answer = name, hello, answer
        self.state = b""
        self.number = 1  # of its next EAP packet

    def asks(self, wire, kind, data):
        wire.request(eap(RESPONSE, self.number, kind, data), self)

    def is_asked(self, wire, data):
        self.state = os.urandom(16)
        self.number += 1
        wire.challenge(eap(REQUEST, self.number, EAP_TLS, data), self)


class Wire:
    def __init__(self):
        self.packets, self.identifier = [], 0

    def add(self, source, destination, code, identifier, eap_packet, device):
        attributes = b"".join(attribute(EAP_MESSAGE, eap_packet[at : at + 253]) for at in range(0, len(eap_packet), 253))
        if device.state:
            attributes += attribute(STATE, device.state)
        packet = struct.pack("!BBH", code, identifier, 20 + len(attributes)) + os.urandom(16) + attributes
        time = 1_700_000_000_000_000 + 10_000 * len(self.packets)
        self.packets.append(udp_packet(time, source, destination, packet))

    def request(self, eap_packet, device):
        self.identifier += 1
        device.identifier = self.identifier
        self.add(POINT, RADIUS, ACCESS_REQUEST, device.identifier, eap_packet, device)

    def challenge(self, eap_packet, device):
        self.add(RADIUS, POINT, ACCESS_CHALLENGE, device.identifier, eap_packet, device)


def make(_, out):
    usual = [groups(X25519), signature_schemes(0x0403)]
    newer = [*usual, EXTENDED_MASTER_SECRET, RENEGOTIATION, offered_versions(TLS13, TLS12), offered_share(X25519, 32)]
    # The server speaks 1.3 with the one only: to the other it says so in its random.
    anna = Device(b"anna@home.example", client_hello(SUITES_13, newer),
                  server_hello(os.urandom(32), [EXTENDED_MASTER_SECRET, RENEGOTIATION]))
    bert = Device(b"bert@home.example", client_hello(SUITES_12, [*usual, RENEGOTIATION]),
                  server_hello(os.urandom(24) + DOWNGRADE, [RENEGOTIATION]))
    wire = Wire()
    for device in (anna, bert):
        device.asks(wire, IDENTITY, device.name)
        device.is_asked(wire, START)
    for device in (bert, anna):
        device.asks(wire, EAP_TLS, NO_FLAGS + device.hello)
    for device in (bert, anna):
        device.is_asked(wire, NO_FLAGS + device.answer)
    write(f"{out}/capture.pcap", wire.packets)
