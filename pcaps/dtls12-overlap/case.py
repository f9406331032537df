"""DTLS 1.2: the fragments of both hellos overlap, as they do when a part comes again with other sizes."""

import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, HANDSHAKE, SERVER_HELLO, SERVER_HELLO_DONE, End, Exchange, client_hello, fragments, groups,
    server_hello, server_name, signature_schemes,
)
from lab import CLIENTS, SERVER, SERVER_NAME

SUITE = 0xC02B  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256


def part(kind, number, body, begin, end):
    """One fragment of the message, from |begin| to |end|."""
    whole = next(fragments(kind, number, body))
    return whole[:6] + begin.to_bytes(3, "big") + (end - begin).to_bytes(3, "big") + body[begin:end]


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire = Exchange(client, server)
    hello = client_hello(os.urandom(32), [SUITE, 0x00FF], [server_name(SERVER_NAME), groups(29), signature_schemes(0x0403)])
    for begin, end in ((0, 40), (20, 70), (30, 60), (50, len(hello))):
        wire.to_server(client.plain(HANDSHAKE, part(CLIENT_HELLO, 0, hello, begin, end)))
    answer = server_hello(os.urandom(32), SUITE, [], os.urandom(32))
    for begin, end in ((35, len(answer)), (0, 50)):
        wire.to_client(server.plain(HANDSHAKE, part(SERVER_HELLO, 0, answer, begin, end)))
    wire.to_client(server.message(SERVER_HELLO_DONE, 1, b""))
    write(f"{out}/capture.pcap", wire.packets)
