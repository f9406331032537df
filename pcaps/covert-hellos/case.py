"""Hellos of DTLS that carry a text where they should not, and such as only look like it (put together by hand)."""

import hashlib
import os

from captures import write
from dtls_frames import (
    CLIENT_HELLO, DTLS10, HELLO_VERIFY_REQUEST, SERVER_HELLO, X25519, End, Exchange, client_hello, extension, groups,
    hello_verify_request, server_hello, server_name, signature_schemes, u16s, vec16,
)
from lab import SERVER

SUITE = 0xC02B  # TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
TEXT = b"attack at dawn, bring a lantern."
PADDING, DRAFT_KEY_SHARE, GREASE, NOBODYS = 21, 40, 0x1A1A, 0xE001


class Site:
    def __init__(self):
        self.packets = []

    def hello(self, host, *extensions, port=4433, cookie=None, session_id=None):
        """A hello of a host, and what the server answers, if it has anything to say."""
        client, server = End(f"192.0.2.{host}", 40000), End(SERVER, port)
        wire = Exchange(client, server)
        wire.time = self.packets[-1].time + 1_000_000 if self.packets else wire.time
        body = client_hello(os.urandom(32), [SUITE], [server_name("server.example"), groups(X25519),
                                                      signature_schemes(0x0403), *extensions])
        wire.to_server(client.message(CLIENT_HELLO, 0, body))
        if cookie is not None:
            wire.to_client(server.message(HELLO_VERIFY_REQUEST, 0, hello_verify_request(cookie), DTLS10))
        if session_id is not None:
            wire.to_client(server.message(SERVER_HELLO, 0, server_hello(os.urandom(32), SUITE, [], session_id)))
        self.packets += wire.packets


def make(_, out):
    site = Site()
    digest = hashlib.sha256(TEXT).digest()
    site.hello(21, extension(NOBODYS, TEXT))
    site.hello(22, extension(GREASE, TEXT))
    site.hello(23, extension(DRAFT_KEY_SHARE, vec16(digest)))  # as extended_random has it: bytes without a form
    site.hello(24, extension(PADDING, TEXT))
    site.hello(25, port=4434, cookie=TEXT[:20])
    site.hello(26, port=4435, session_id=TEXT)
    # What is usual, or allowed.
    site.hello(41, extension(GREASE, b""), extension(0x2A2A, b"\0"))
    site.hello(42, extension(DRAFT_KEY_SHARE, vec16(u16s(X25519) + vec16(digest))))
    site.hello(43, extension(PADDING, bytes(32)))
    site.hello(44, port=4436, cookie=os.urandom(20))
    site.hello(45, port=4437, session_id=os.urandom(32))
    write(f"{out}/capture.pcap", site.packets)
