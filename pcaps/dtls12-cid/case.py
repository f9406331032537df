"""DTLS 1.2 with connection ids both ways (RFC 9146), followed to another address and port."""

from captures import write
from dtls_frames import CHANGE_CIPHER_SPEC, End, begin_ecdhe_psk
from lab import CLIENTS, SERVER

SUITE = 0xD001  # TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256
IDENTITY = b"tracker-0815@fleet.example"
CLIENT_CID, SERVER_CID = bytes.fromhex("c1a0170e"), bytes.fromhex("5e0b1fa97c33d204")


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 5684)
    wire, key_exchange = begin_ecdhe_psk(client, server, SUITE, IDENTITY, CLIENT_CID, SERVER_CID)
    wire.to_server(key_exchange, client.plain(CHANGE_CIPHER_SPEC, b"\1"), client.with_cid12(SERVER_CID, 24))
    wire.to_client(server.plain(CHANGE_CIPHER_SPEC, b"\1"), server.with_cid12(CLIENT_CID, 24))
    for length in (40, 57):
        wire.to_server(client.with_cid12(SERVER_CID, length))
        wire.to_client(server.with_cid12(CLIENT_CID, 12))
    # A NAT has forgotten the client and gives it another port, then it is on another network.
    for address, port in ((CLIENTS[0], 51234), (CLIENTS[1], 40777)):
        client.address, client.port = address, port
        wire.to_server(client.with_cid12(SERVER_CID, 33))
        wire.to_client(server.with_cid12(CLIENT_CID, 12))
    wire.to_server(client.with_cid12(SERVER_CID, 2))
    write(f"{out}/capture.pcap", wire.packets)
