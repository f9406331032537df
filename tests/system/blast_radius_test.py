#!/usr/bin/env python3
"""Asks tshark how many sessions and bytes belong to each secret of the captures, and compares what perpass tells.

Which conversations a secret opens is known from the stacks that made the captures (the README.md of each case);
their number, their bytes as IP counts them, and their hosts are tshark's. Skipped (77) without tshark."""

import json
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
PCAPS = pathlib.Path(__file__).resolve().parents[2] / "pcaps"

# capture, secret, the conversations that it opens (a display filter)
ROWS = [
    ("blast-radius", "server_key", "tcp.port == 4433"),
    ("blast-radius", "ticket_key", "tcp.port == 4433"),
    ("blast-radius", "psk", "tcp.port == 4435"),
    ("tls12-rsa", "server_key", "tcp.port == 4433"),
    ("tls12-static-ecdh", "server_key", "tcp.port == 4433"),
    ("tls12-psk", "psk", "tcp.port == 4433"),
    ("tls12-psk-nohint", "psk", "tcp.port == 4433"),
    ("tls13-psk-ke", "psk", "tcp.port == 4433"),
    ("dtls12-psk", "psk", "udp.port == 4433"),
    ("tls12-resumption-ticket", "ticket_key", "tcp.port == 4433"),
    ("dtls12-resumption-ticket", "ticket_key", "udp.port == 4433"),
    ("psk-group", "ticket_key", "tcp.port == 4433"),
]


def by_tshark(capture, conversations):
    """(sessions, bytes, clients, servers)"""
    fields = ["tcp.stream", "udp.stream", "ip.len", "ip.src", "ip.dst", "tcp.dstport", "udp.dstport"]
    command = ["tshark", "-n", "-r", capture, "-Y", conversations, "-T", "fields"]
    rows = subprocess.run(command + [part for name in fields for part in ("-e", name)], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    streams, total, clients, servers = set(), 0, set(), set()
    for row in rows:
        tcp, udp, length, source, destination, to_tcp, to_udp = row.split("\t")
        streams.add((tcp, udp))
        total += int(length)
        to_server = int(to_tcp or to_udp) < 10000
        clients.add(source if to_server else destination)
        servers.add(destination if to_server else source)
    return len(streams), total, len(clients), len(servers)


def by_perpass(perpass, capture, secret):
    report = subprocess.run([perpass, "analyze", "--quiet", "--report", "json:-", capture], check=True,
                            capture_output=True, text=True).stdout
    rows = [row for row in json.loads(report)["blast_radius"]["secrets"] if row["secret"] == secret]
    return [(row["sessions"], row["bytes"], row["clients"], row["servers"]) for row in rows]


def main():
    perpass = sys.argv[1]
    if shutil.which("tshark") is None:
        print("skipped: tshark is not installed: apt-get install tshark")
        return SKIPPED
    wrong = 0
    for case, secret, conversations in ROWS:
        capture = str(next((PCAPS / case).glob("capture.pcap*")))
        expected, found = by_tshark(capture, conversations), by_perpass(perpass, capture, secret)
        if expected[0] == 0 or found != [expected]:
            print(f"{case}: a {secret} opens (sessions, bytes, clients, servers) {found}, tshark says {expected}")
            wrong += 1
    print(f"{len(ROWS) - wrong} of {len(ROWS)} secrets open what tshark says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
