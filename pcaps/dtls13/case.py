"""DTLS 1.3 (RFC 9147): a hello retry request with a cookie, then records with the unified header."""

import os

from captures import write
from dtls_frames import (
    ACK, CLIENT_HELLO, DTLS12, DTLS13, HELLO_RETRY, SERVER_HELLO, X25519, End, Exchange, chosen_share,
    chosen_version, client_hello, groups, offered_share, offered_versions, retry_cookie, server_hello,
    server_name, signature_schemes,
)
from lab import CLIENTS, SERVER, SERVER_NAME

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256
COOKIE_LEN = 48


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire, random = Exchange(client, server), os.urandom(32)
    share = offered_share(X25519, 32)
    offer = [server_name(SERVER_NAME), groups(X25519, 0x0017), signature_schemes(0x0403, 0x0804), share,
             offered_versions(DTLS13, DTLS12)]
    cookie = retry_cookie(os.urandom(COOKIE_LEN))
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(random, [SUITE, 0x1303, 0xC02B], offer)))
    wire.to_client(server.message(SERVER_HELLO, 0, server_hello(HELLO_RETRY, SUITE, [chosen_version(DTLS13), cookie])))
    wire.to_server(client.message(CLIENT_HELLO, 1, client_hello(random, [SUITE, 0x1303, 0xC02B], offer + [cookie])))
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13)]
    # EncryptedExtensions, then Certificate, then CertificateVerify and Finished, in epoch 2
    wire.to_client(server.message(SERVER_HELLO, 1, server_hello(os.urandom(32), SUITE, answer)), server.unified(2, 18))
    wire.to_client(server.unified(2, 600))
    wire.to_client(server.unified(2, 92), server.unified(2, 44, with_length=False))
    wire.to_server(client.unified(2, 44))
    wire.to_client(server.unified(3, 18))  # ACK
    for length in (61, 350):
        wire.to_server(client.unified(3, length, with_length=False))
        wire.to_client(server.unified(3, length + 5))
    wire.to_server(client.unified(3, 2))  # close_notify
    write(f"{out}/capture.pcap", wire.packets)
