"""DTLS 1.3 with an encrypted client hello, which the server confirms in its hello retry request."""

import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS13, HELLO_RETRY, SERVER_HELLO, X25519, End, Exchange, chosen_share, chosen_version, client_hello,
    extension, groups, offered_share, offered_versions, retry_cookie, server_hello, server_name, signature_schemes,
    u16s, vec16,
)
from lab import CLIENTS, SERVER

SUITE = 0x1301  # TLS_AES_128_GCM_SHA256
ECH = 0xFE0D
OUTER, HKDF_SHA256, AES_128_GCM, CONFIG = b"\0", 1, 1, b"\x2a"
CONFIRMATION_LEN = 8


def outer(enc_len):
    """ECHClientHello of type outer: RFC 9849 section 5."""
    return extension(ECH, OUTER + u16s(HKDF_SHA256, AES_128_GCM) + CONFIG + vec16(os.urandom(enc_len))
                     + vec16(os.urandom(208)))


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire, random = Exchange(client, server), os.urandom(32)
    offer = [server_name("public.example"), groups(X25519), signature_schemes(0x0403), offered_share(X25519, 32),
             offered_versions(DTLS13)]
    cookie = retry_cookie(os.urandom(32))
    confirmed = extension(ECH, os.urandom(CONFIRMATION_LEN))
    wire.to_server(client.message(CLIENT_HELLO, 0, client_hello(random, [SUITE], offer + [outer(32)])))
    wire.to_client(server.message(SERVER_HELLO, 0,
                                  server_hello(HELLO_RETRY, SUITE, [chosen_version(DTLS13), cookie, confirmed])))
    wire.to_server(client.message(CLIENT_HELLO, 1, client_hello(random, [SUITE], offer + [cookie, outer(0)])))
    answer = [chosen_share(X25519, 32), chosen_version(DTLS13)]
    wire.to_client(server.message(SERVER_HELLO, 1, server_hello(os.urandom(32), SUITE, answer)), server.unified(2, 600))
    wire.to_server(client.unified(2, 44))
    wire.to_client(server.unified(3, 18))  # ACK
    write(f"{out}/capture.pcap", wire.packets)
