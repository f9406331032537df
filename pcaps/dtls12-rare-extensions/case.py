"""DTLS 1.2 with extensions that hardly anybody uses, a certificate by its URL, and compression."""

import os

from captures import write
from dtls_frames import (
    CHANGE_CIPHER_SPEC, CLIENT_HELLO, CLIENT_KEY_EXCHANGE, DTLS12, HANDSHAKE, SERVER_HELLO, SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE, X25519, End, Exchange, extension, groups, server_name, signature_schemes, u16s, vec8, vec16,
)
from lab import CLIENTS, SERVER, SERVER_NAME

SUITE = 0xC013  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
RSA_SHA256 = 0x0401
CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, CERTIFICATE_URL = 13, 15, 21
DEFLATE = b"\x01"
URL = b"http://certificates.example/client.der"


def make(_, out):
    client, server = End(CLIENTS[0], 40001), End(SERVER, 4433)
    wire = Exchange(client, server)
    certificate_url, truncated_hmac, heartbeat = extension(2, b""), extension(4, b""), extension(15, b"\x01")
    cached = extension(25, vec16(b"\x02" + vec8(os.urandom(32))))  # a certificate request
    earlier = extension(0xFF01, vec8(os.urandom(12)))
    offer = [server_name(SERVER_NAME), groups(X25519), signature_schemes(RSA_SHA256), certificate_url, truncated_hmac,
             heartbeat, cached, earlier]
    hello = (u16s(DTLS12) + os.urandom(32) + vec8(b"") + vec8(b"") + vec16(u16s(SUITE)) + vec8(DEFLATE + b"\0")
             + vec16(b"".join(offer)))
    answer = [certificate_url, truncated_hmac, extension(15, b"\x02"), extension(25, vec16(b"\x02")),
              extension(0xFF01, vec8(os.urandom(24)))]
    answer_hello = u16s(DTLS12) + os.urandom(32) + vec8(b"") + u16s(SUITE) + DEFLATE + vec16(b"".join(answer))
    signed = u16s(RSA_SHA256) + vec16(os.urandom(256))
    wire.to_server(client.message(CLIENT_HELLO, 0, hello))
    wire.to_client(server.message(SERVER_HELLO, 0, answer_hello),
                   server.message(SERVER_KEY_EXCHANGE, 1, b"\x03" + u16s(X25519) + vec8(os.urandom(32)) + signed),
                   server.message(CERTIFICATE_REQUEST, 2, vec8(b"\x01") + vec16(u16s(RSA_SHA256)) + vec16(b"")),
                   server.message(SERVER_HELLO_DONE, 3, b""))
    url = b"\0" + vec16(vec16(URL) + b"\x01" + os.urandom(20))
    wire.to_server(client.message(CERTIFICATE_URL, 1, url),
                   client.message(CLIENT_KEY_EXCHANGE, 2, vec8(os.urandom(32))),
                   client.message(CERTIFICATE_VERIFY, 3, signed),
                   client.plain(CHANGE_CIPHER_SPEC, b"\x01"), client.plain(HANDSHAKE, os.urandom(64), epoch=1))
    wire.to_client(server.plain(CHANGE_CIPHER_SPEC, b"\x01"), server.plain(HANDSHAKE, os.urandom(64), epoch=1))
    wire.to_server(client.plain(23, os.urandom(64), epoch=1))
    write(f"{out}/capture.pcap", wire.packets)
