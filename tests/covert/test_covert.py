#!/usr/bin/env python3
"""That what is put into captures is in them, and nothing else became wrong.

    tests/covert/test_covert.py [--channel NAME]

Every channel, as text and as random bits, at two rates: what was sent is read from the file again; checksums are right;
connections hold together. Where tshark is installed, it finds nothing malformed and no wrong checksum either.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import channels
import packets
import trials
from header_fields import is_tcp

ONLY = None
HERE = Path(__file__).resolve().parent
PCAPS = HERE.parents[1] / "pcaps"


def names():
    return [name for name in channels.CHANNELS if ONLY is None or name == ONLY]


def wrong_checksums(capture):
    wrong = 0
    for packet in capture.packets:
        if packet.l4 != 0:
            before = bytes(packet.data)
            packet.mend()
            wrong += before != bytes(packet.data)
    return wrong


def mended(capture):
    for packet in capture.packets:
        packet.mend()
    return capture


def out_of_order(capture):
    """Segments of connections that do not follow from those before, and acknowledgements of what was not sent."""
    expected, wrong = {}, 0
    for packet in capture.packets:
        if not is_tcp(packet) or packet.flags() & packets.RST:
            continue
        own, other = (packet.flow(), packet.source), (packet.flow(), packet.target)
        seq, ack = packets.u32(packet.data, packet.l4 + 4), packets.u32(packet.data, packet.l4 + 8)
        if packet.flags() & packets.SYN == 0:
            wrong += expected.get(own) != seq
            wrong += (expected.get(other, ack) - ack) & 0xFFFFFFFF > 1 << 20
        expected[own] = (seq + packet.end - packet.payload + (packet.flags() & (packets.SYN | packets.FIN) != 0)) \
            & 0xFFFFFFFF
    return wrong


def echoes_unknown(capture):
    """Time stamps that are echoed and were not sent."""
    sent, wrong = set(), 0
    for packet in capture.packets:
        at = packet.tcp_option(8, 8) if is_tcp(packet) else None
        if at is not None:
            echoed = packets.u32(packet.data, at + 4)
            wrong += echoed != 0 and (packet.flow(), packet.target, echoed) not in sent
            sent.add((packet.flow(), packet.source, packets.u32(packet.data, at)))
    return wrong


class Channels(unittest.TestCase):
    def check(self, path, name, rate, payload):
        for client, capture, sent, key in trials.with_channel(name, rate, payload, 3, 1):
            mended(capture).write(path)
            again = packets.read(path)
            self.assertEqual(channels.extract(again, client.packed, name, rate, payload, key), sent)
            self.assertEqual(wrong_checksums(again), 0)
            if not name.startswith("timing") and name != "ack-bounce":
                self.assertEqual(out_of_order(again), 0)
                self.assertEqual(echoes_unknown(again), 0)

    def test_read_again(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in names():
                for rate, payload in ((1, "plain"), (1, "encrypted"), (4, "encrypted")):
                    with self.subTest(channel=name, rate=rate, payload=payload):
                        self.check(Path(folder) / "capture.pcap", name, rate, payload)

    def test_real_captures(self):
        """Of stacks as they are: pcaps/."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "capture.pcap"
            for case, name in (("tls13", "ip-id"), ("tls13", "isn"), ("tls13", "timestamp"), ("tls13", "ack-bounce"),
                               ("tls13", "session-id"), ("tls12-resumption-ticket", "ticket"), ("tls13", "heartbeat"),
                               ("tls12-ecdhe-rsa", "nonce"),
                               ("starttls-smtp", "starttls"), ("dhcp-boot", "dhcp-sname"), ("vlan-ipv6", "padn")):
                source = next((PCAPS / case).glob("capture.*"))
                command = [HERE / "embed", "--channel", name, source, out]
                with self.subTest(case=case, channel=name):
                    run = subprocess.run(command, capture_output=True, text=True, check=False)
                    self.assertEqual((run.returncode, run.stderr), (0, ""))
                    run = subprocess.run([HERE / "embed", "--extract", str(out) + ".json", out], capture_output=True,
                                         text=True, check=False)
                    self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)

    def test_rates(self):
        """At one carrier of four there is about a quarter of the bits."""
        for name in names():
            if name in ("dhcp-slack", "dhcp-sname", "timing-onoff"):
                continue
            num = []
            for rate in (1, 4):
                num.append(sum(len(sent) for _, _, sent, _ in trials.with_channel(name, rate, "encrypted", 3, 3)))
            with self.subTest(channel=name):
                self.assertTrue(0.1 * num[0] <= num[1] <= 0.45 * num[0], num)

    def test_nothing_lost(self):
        """Another key finds something else."""
        for client, capture, sent, key in trials.with_channel("ip-id", 4, "encrypted", 3, 1):
            self.assertNotEqual(channels.extract(capture, client.packed, "ip-id", 4, "encrypted", key + 1), sent)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark(self):
        wrong = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || " \
                "icmp.checksum.status == 0 || icmpv6.checksum.status == 0"
        command = ["tshark", "-n", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o",
                   "udp.check_checksum:TRUE", "-Y", wrong, "-r"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "capture.pcap"
            together = []
            for name in names():
                for payload in ("plain", "encrypted"):
                    for _, capture, _, _ in trials.with_channel(name, 1, payload, 3, 1):
                        together += mended(capture).packets
            together.sort(key=lambda packet: packet.time_ns)
            packets.Capture(packets.ETHERNET, together).write(path)
            run = subprocess.run(command + [path], capture_output=True, text=True, check=True, timeout=300)
            self.assertEqual(run.stdout, "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channel", choices=sorted(channels.CHANNELS))
    given, rest = parser.parse_known_args()
    ONLY = given.channel
    unittest.main(argv=[sys.argv[0], *rest])
