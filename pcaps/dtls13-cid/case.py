"""DTLS 1.3 (RFC 9147) with an external PSK and connection ids, followed to another address."""

import os

from captures import write
from dtls_frames import (
    ACK, CLIENT_HELLO, DTLS13, SERVER_HELLO, X25519, End, Exchange, chosen_psk, chosen_share, chosen_version,
    client_hello, connection_id, groups, offered_psk, offered_share, offered_versions, psk_modes, server_hello,
)
from lab import CLIENTS, SERVER, SERVER_NAME

SUITE = 0x1304  # TLS_AES_128_CCM_SHA256
IDENTITY = b"urn:dev:ops:32473-buoy-7"
CLIENT_CID, SERVER_CID = bytes.fromhex("b0"), bytes.fromhex("5e00000000000000000000000000a7c4")


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 5684)
    wire = Exchange(client, server)
    offer = [offered_versions(DTLS13), groups(X25519), offered_share(X25519, 32), connection_id(CLIENT_CID),
             psk_modes(1), offered_psk(IDENTITY)]
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13), connection_id(SERVER_CID), chosen_psk(0)]
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(os.urandom(32), [SUITE], offer)))
    wire.to_client(server.message(SERVER_HELLO, 0, server_hello(os.urandom(32), SUITE, answer)),
                   server.unified(2, 14, CLIENT_CID), server.unified(2, 44, CLIENT_CID))
    wire.to_server(client.unified(2, 44, SERVER_CID))
    wire.to_client(server.unified(3, 18, CLIENT_CID))  # ACK
    wire.to_server(client.unified(3, 80, SERVER_CID))
    wire.to_client(server.unified(3, 20, CLIENT_CID))
    client.address, client.port = CLIENTS[2], 40123
    for length in (80, 61):
        wire.to_server(client.unified(3, length, SERVER_CID), client.unified(3, 33, SERVER_CID))
        wire.to_client(server.unified(3, 20, CLIENT_CID))
    write(f"{out}/capture.pcap", wire.packets)
