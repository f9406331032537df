"""DTLS 1.3 from a client that offers one key share in three sessions, at two addresses (put together by hand)."""

import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS13, X25519, End, Exchange, chosen_share, chosen_version, client_hello, extension,
    groups, offered_share, offered_versions, server_name, signature_schemes, u16s, vec16,
)
from lab import CLIENTS, SERVER

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256


def session(packets, address, port, share, copies=1):
    """A session with the offered |share|; the hello is sent |copies| times."""
    client, server = End(address, port), End(SERVER, 4433)
    wire = Exchange(client, server)
    wire.time = packets[-1].time + 20_000_000 if packets else wire.time
    offer = [server_name("server.example"), groups(X25519), signature_schemes(0x0403), share, offered_versions(DTLS13)]
    hello = client_hello(os.urandom(32), [SUITE], offer)
    for _ in range(copies):
        wire.to_server(client.message(CLIENT_HELLO, 0, hello))
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13)]
    wire.complete13(SUITE, answer, 200)
    packets += wire.packets


def make(_, out):
    packets = []
    kept = extension(51, vec16(u16s(X25519) + vec16(os.urandom(32))))
    for port, address in enumerate((CLIENTS[0], CLIENTS[0], CLIENTS[1]), 40001):
        session(packets, address, port, kept)
    for port, copies in ((40004, 1), (40005, 2)):  # another client, with a share for each session
        session(packets, CLIENTS[2], port, offered_share(X25519, 32), copies)
    write(f"{out}/capture.pcap", packets)
