"""DTLS 1.3 (RFC 9147): a ClientHello with a post-quantum key share, in two datagrams, the second one first."""

import os

from captures import write
from dtls_frames import (
    ACK, CLIENT_HELLO, DTLS13, HANDSHAKE, SERVER_HELLO, X25519, End, Exchange, chosen_share, chosen_version,
    client_hello, fragments, groups, offered_share, offered_versions, server_hello, server_name,
    signature_schemes, vec16,
)
from lab import CLIENTS, SERVER, SERVER_NAME

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256
X25519MLKEM768, SHARE, ANSWER = 0x11EC, 1216, 1120
PART = 1000


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire = Exchange(client, server)
    offer = [server_name(SERVER_NAME), groups(X25519MLKEM768, X25519), signature_schemes(0x0403),
             offered_share(X25519MLKEM768, SHARE), offered_versions(DTLS13)]
    hello = client_hello(os.urandom(32), [SUITE], offer)
    parts = [client.plain(HANDSHAKE, part) for part in fragments(CLIENT_HELLO, 0, hello, PART)]
    for part in reversed(parts):
        wire.to_server(part)
    answer = server_hello(os.urandom(32), SUITE, [chosen_share(X25519MLKEM768, ANSWER), chosen_version(DTLS13)])
    wire.to_client(*(server.plain(HANDSHAKE, part) for part in fragments(SERVER_HELLO, 0, answer, PART)))
    # The rest of the flight is lost, and the client says in clear what has come: records 0 and 1 of epoch 0.
    wire.to_server(client.plain(ACK, vec16(bytes(16) + bytes(15) + b"\1")))
    wire.to_client(server.unified(2, 18), server.unified(2, 600))
    wire.to_client(server.unified(2, 92), server.unified(2, 44))
    wire.to_server(client.unified(2, 44))
    wire.to_client(server.unified(3, 18))
    wire.to_server(client.unified(3, 100))
    write(f"{out}/capture.pcap", wire.packets)
