"""DTLS 1.3 with an imported PSK (RFC 9258): its identity names the external one, the protocol and the hash."""

import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS13, X25519, End, Exchange, chosen_psk, chosen_share, chosen_version, client_hello,
    groups, offered_psk, offered_share, offered_versions, psk_modes, signature_schemes, u16s, vec16,
)
from lab import CLIENTS, SERVER

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256
HKDF_SHA256 = 0x0001
IDENTITY = b"sensor-21@plant.example"


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire = Exchange(client, server)
    imported = vec16(IDENTITY) + vec16(b"perpass") + u16s(DTLS13, HKDF_SHA256)
    offer = [groups(X25519), signature_schemes(0x0403), offered_share(X25519, 32), offered_versions(DTLS13),
             psk_modes(1), offered_psk(imported)]
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(os.urandom(32), [SUITE], offer)))
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13), chosen_psk(0)]
    wire.complete13(SUITE, answer, 60)
    write(f"{out}/capture.pcap", wire.packets)
