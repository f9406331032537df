"""DTLS 1.2 with a connection id in what the client sends only (RFC 9146): its own is empty."""

from captures import write
from dtls_frames import CHANGE_CIPHER_SPEC, HANDSHAKE, End, begin_ecdhe_psk
from lab import CLIENTS, SERVER

SUITE = 0xD001  # TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256
IDENTITY = b"tracker-0816@fleet.example"
SERVER_CID = bytes.fromhex("0417aa00c9ee")


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 5684)
    wire, key_exchange = begin_ecdhe_psk(client, server, SUITE, IDENTITY, b"", SERVER_CID)
    wire.to_server(key_exchange, client.plain(CHANGE_CIPHER_SPEC, b"\1"), client.with_cid12(SERVER_CID, 24))
    wire.to_client(server.plain(CHANGE_CIPHER_SPEC, b"\1"), server.protected12(24, HANDSHAKE))
    wire.to_server(client.with_cid12(SERVER_CID, 40))
    wire.to_client(server.protected12(12))
    client.port = 51234
    wire.to_server(client.with_cid12(SERVER_CID, 40))
    wire.to_client(server.protected12(12))
    write(f"{out}/capture.pcap", wire.packets)
