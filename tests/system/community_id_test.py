#!/usr/bin/env python3
"""community_id_test.py PERPASS: network.community_id of conversations of ICMP, in events: one where all messages belong
together, none where there are several kinds or addresses are hidden."""
import ipaddress
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

LIMIT_S = 60
ECHO = "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="  # the specification's, of 192.168.0.89 and 192.168.0.1


def message(source, destination, kind, code):
    icmp = struct.pack("!BBHHH", kind, code, 0, 1, 1) + bytes(range(8, 64))
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + addresses + icmp


def ids(perpass, messages, privacy="raw"):
    """of the conversations of a capture of raw IP"""
    content = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
    for number, packet in enumerate(message(*words) for words in messages):
        content += struct.pack("<IIII", 1700000000, number, len(packet), len(packet)) + packet
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "icmp.pcap")
        path.write_bytes(content)
        done = subprocess.run([perpass, "analyze", "--quiet", "--flows", "--privacy", privacy, "--events", "-", path],
                              check=True, capture_output=True, timeout=LIMIT_S)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event["network"].get("community_id") for event in events if event["event"]["dataset"] == "perpass.flow"]


def main():
    perpass = sys.argv[1]
    a, b = "192.168.0.89", "192.168.0.1"
    echo, answer, unreachable = (a, b, 8, 0), (b, a, 0, 0), (b, a, 3, 3)
    cases = (([echo, answer, echo, answer], "raw", ECHO), ([echo], "raw", ECHO), ([answer], "raw", ECHO),
             ([echo, answer], "internal", ECHO), ([echo, answer], "strict", None),
             ([echo, answer, unreachable], "raw", None), ([echo, unreachable], "raw", None),
             ([echo, (b, a, 8, 0)], "raw", None))
    failed = 0
    for messages, privacy, expected in cases:
        found = ids(perpass, messages, privacy)
        if found != [expected]:
            print("%s, %s: %s instead of %s" % (messages, privacy, found, [expected]))
            failed += 1
    print("community_id_test: %d passed, %d failed" % (len(cases) - failed, failed))
    return 1 if failed else 0


sys.exit(main())
