"""DTLS 1.3 with imported PSKs (RFC 9258) of three poor contexts, and of one as it should be (put together by hand)."""

import hashlib
import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS13, X25519, End, Exchange, chosen_psk, chosen_share, chosen_version, client_hello,
    groups, offered_psk, offered_share, offered_versions, psk_modes, server_name, signature_schemes, u16s,
    vec8, vec16,
)
from lab import CLIENTS, SERVER

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256
HKDF_SHA256 = 0x0001


def scrambled(name, length):
    """Bytes that look random and are the same each time the capture is made."""
    return hashlib.sha256(name.encode()).digest()[:length]


CONTEXTS = {
    "empty": b"",
    "macs": vec8(bytes.fromhex("00005e005310")) + vec8(bytes.fromhex("00005e005301")),  # RFC 9258 appendix A
    "urn": b"urn:dev:mac:00005efffe005310",
    "good": vec8(scrambled("client", 32)) + vec8(scrambled("server", 32)),
}


def session(port, name, context):
    client, server = End(CLIENTS[0], port), End(SERVER, 4433)
    wire = Exchange(client, server)
    imported = vec16(scrambled(name, 16)) + vec16(context) + u16s(DTLS13, HKDF_SHA256)
    offer = [server_name("server.example"), groups(X25519), signature_schemes(0x0403), offered_share(X25519, 32),
             offered_versions(DTLS13), psk_modes(1), offered_psk(imported)]
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(os.urandom(32), [SUITE], offer)))
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13), chosen_psk(0)]
    wire.complete13(SUITE, answer, 60)
    return wire.packets


def make(_, out):
    packets = []
    for number, (name, context) in enumerate(CONTEXTS.items()):
        later = session(40001 + number, name, context)
        for packet in later:
            packet.time += 1_000_000 * number
        packets += later
    write(f"{out}/capture.pcap", packets)
