#!/usr/bin/env python3
"""A server that answers a DTLS client wrongly, too much, or not at all.

    mischief.py ADDRESS PORT WHAT [SEED]

    silence      takes everything, answers nothing
    garbage      random bytes for every datagram
    echo         the client's own datagram
    text         a sentence that is no DTLS
    truncated    a HelloVerifyRequest cut at every length, one a datagram
    lengths      records and messages whose lengths are wrong
    flood        20,000 datagrams for the first one of each client
    cookies      another cookie each time, and none is ever good
    hello-loop   ServerHello again and again, never the rest
    alert-N      a fatal alert N for every datagram
    warning      a warning, user_canceled, for every datagram
    huge-hint    a ServerKeyExchange with a hint of 60,000 bytes, in fragments
    other-port   answers from another port than the one that was asked
    version      a ServerHello of a version that was not offered
    suite        a ServerHello with a suite that was not offered
"""

import os
import random
import select
import socket
import sys

from dtls_wire import (
    ALERT, DTLS10, DTLS12, HANDSHAKE, HELLO_VERIFY_REQUEST, SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE,
    ClientHello, Inbox, Malformed, fragments, records, u16s, vec8, vec16)

FLOOD = 20_000


def record(kind, body, number=0, version=DTLS12):
    return bytes([kind]) + u16s(version, 0) + number.to_bytes(6, "big") + vec16(body)


def message(kind, number, body):
    return b"".join(fragments(kind, number, body))


def cookie_request(size=16):
    return record(HANDSHAKE, message(HELLO_VERIFY_REQUEST, 0, u16s(DTLS10) + vec8(os.urandom(size))), 0, DTLS10)


def server_hello(suite, version=DTLS12):
    return u16s(version) + os.urandom(32) + vec8(b"") + u16s(suite) + b"\0"


def huge_hint(suite):
    out = [record(HANDSHAKE, message(SERVER_HELLO, 0, server_hello(suite)))]
    parts = fragments(SERVER_KEY_EXCHANGE, 1, vec16(b"h" * 60_000), 1200)
    out += [record(HANDSHAKE, part, 1 + i) for i, part in enumerate(parts)]
    return [*out, record(HANDSHAKE, message(SERVER_HELLO_DONE, 2, b""), len(out))]


def wrong_lengths(suite):
    hello = message(SERVER_HELLO, 0, server_hello(suite))
    whole = record(HANDSHAKE, hello)
    out = [whole[:11] + u16s(n) + whole[13:] for n in (0, 1, len(hello) + 1, 0xFFFF)]
    out += [record(HANDSHAKE, hello[:1] + n.to_bytes(3, "big") + hello[4:]) for n in (0, len(hello) * 2, 0xFFFFFF)]
    out += [record(HANDSHAKE, hello[:6] + n.to_bytes(3, "big") + hello[9:]) for n in (1, 0xFFFFFF)]
    out += [record(HANDSHAKE, hello[:9] + n.to_bytes(3, "big") + hello[12:]) for n in (0, 0xFFFFFF)]
    body = server_hello(suite)
    out.append(record(HANDSHAKE, message(SERVER_HELLO, 0, body[:34] + b"\xff" + body[35:])))
    out.append(record(HANDSHAKE, message(SERVER_HELLO, 0, body + u16s(0xFFFF))))
    out.append(record(HANDSHAKE, message(HELLO_VERIFY_REQUEST, 0, u16s(DTLS10) + b"\xff")))
    return out


def first_suite(datagram):
    """The first suite of the ClientHello in |datagram|; one that exists when there is none."""
    try:
        inbox = Inbox()
        for part in records(datagram):
            inbox.add(part.body)
        hello = next(inbox.messages(), None) or next(iter_any(inbox), None)
        return ClientHello(hello.body).suites[0] if hello else 0xC0A8
    except (Malformed, IndexError):
        return 0xC0A8


def iter_any(inbox):
    if inbox.parts:
        inbox.expected = min(inbox.parts)
        yield from inbox.messages()


def answers(what, datagram, rng):
    suite = first_suite(datagram)
    if what.startswith("alert-"):
        return [record(ALERT, bytes([2, int(what[6:])]))]
    return {
        "silence": lambda: [],
        "garbage": lambda: [rng.randbytes(rng.choice((1, 13, 60, 200, 1400)))],
        "echo": lambda: [datagram],
        "text": lambda: [b"Password: "],
        "truncated": lambda: [cookie_request()[:n] for n in range(len(cookie_request()))],
        "lengths": lambda: wrong_lengths(suite),
        "cookies": lambda: [cookie_request()],
        "hello-loop": lambda: [record(HANDSHAKE, message(SERVER_HELLO, 0, server_hello(suite)))],
        "warning": lambda: [record(ALERT, bytes([1, 90]))],
        "huge-hint": lambda: huge_hint(suite),
        "other-port": lambda: [cookie_request()],
        "version": lambda: [record(HANDSHAKE, message(SERVER_HELLO, 0, server_hello(suite, 0xFEF0)))],
        "suite": lambda: [record(HANDSHAKE, message(SERVER_HELLO, 0, server_hello(0x1337)))],
    }[what]()


def main():
    address, port, what = sys.argv[1:4]
    rng = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind((address, int(port)))
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((address, 0))
    flooded = set()
    print("ready", flush=True)
    while True:
        select.select([front], [], [])
        datagram, client = front.recvfrom(65536)
        print(f"{len(datagram)} bytes", flush=True)
        if what == "flood":
            if client not in flooded:
                flooded.add(client)
                for _ in range(FLOOD):
                    front.sendto(cookie_request(), client)
            continue
        for answer in answers(what, datagram, rng):
            (other if what == "other-port" else front).sendto(answer, client)


if __name__ == "__main__":
    main()
