#!/usr/bin/env python3
"""probe_cli_test.py PERPASS_PROBE: the command line of perpass-probe, without a server: what it refuses, what it says
where nobody listens or nobody answers, and that it keeps to its budget and its rate."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

program = ""


def run(*words, stdin=subprocess.DEVNULL):
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=60, stdin=stdin, check=False)


def port_of(listener):
    return "127.0.0.1:%d" % listener.getsockname()[1]


class Usage(unittest.TestCase):
    def refused(self, text, *words):
        done = run(*words)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_what_is_refused(self):
        self.refused("there is no target")
        self.refused("multicast", "224.0.0.1")
        self.refused("multicast", "ff02::1")
        self.refused("broadcast", "255.255.255.255")
        self.refused("unspecified", "0.0.0.0")
        self.refused("no port", "127.0.0.1:70000")
        self.refused("no coaps:// URI", "https://127.0.0.1")
        self.refused("--full needs an identity", "--full", "127.0.0.1")
        self.refused("needs a session", "--coap-ping", "127.0.0.1")
        self.refused("there is no check", "--checks", "nonsense", "127.0.0.1")
        self.refused("contradict", "--ipv4", "--ipv6", "127.0.0.1")
        self.refused("--timeout", "--timeout", "1", "127.0.0.1")
        self.refused("--rate", "--rate", "1000000", "127.0.0.1")
        for option in ("--parallel", "--rate", "--timeout"):
            self.refused(option, option, "0", "127.0.0.1")
        self.refused("no host", "[::1")
        self.refused("no host", "[::1]x")
        for option in ("--psk-identity", "--psk-file"):
            self.refused(option + " needs --full or --oracle", option, "a", "127.0.0.1")
        self.refused("--psk-identity-hex needs", "--psk-identity-hex", "ab", "127.0.0.1")
        self.refused("did you mean --oracle", "--oracl", "127.0.0.1")
        self.refused("hexadecimal", "--psk-identity-hex", "abc", "127.0.0.1")
        self.refused("no IP address", "--source", "here", "127.0.0.1")

    def test_long_lines(self):
        """A line is one target, or a comment, however long it is."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "targets")
            path.write_text("#" + " " * 600 + "224.0.0.1\n")
            self.refused("there is no target", "--targets", str(path))
            path.write_text("\n" + "a" * 1100 + "\n")
            self.refused("line 2: the name of the target is too long", "--targets", str(path))
            path.write_text(" " * 600 + "224.0.0.1")
            self.refused("line 1: 224.0.0.1 is not probed", "--targets", str(path))

    def test_key_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "key")
            path.write_text("secret\n")
            path.chmod(0o644)
            self.refused("chmod 600", "--full", "--psk-identity", "a", "--psk-file", str(path), "127.0.0.1")
            path.chmod(0o600)
            path.write_text("0x12345\n")
            self.refused("behind 0x", "--full", "--psk-identity", "a", "--psk-file", str(path), "127.0.0.1")
            path.write_text("\n")
            self.refused("1 to 1024 bytes", "--full", "--psk-identity", "a", "--psk-file", str(path), "127.0.0.1")

    def test_events_files(self):
        """Nothing is written over what is read; what cannot be written is no fault of the command line."""
        with tempfile.TemporaryDirectory() as folder:
            path, name, twin = (pathlib.Path(folder, name) for name in ("input", "name", "twin"))
            path.write_text("0x" + "ab" * 32 + "\n")
            path.chmod(0o600)
            name.symlink_to(path)
            twin.hardlink_to(path)
            before = path.read_bytes()
            for events in (path, name, twin):
                for words in (["--targets", str(path)], ["--pseudonym-key", str(path), "127.0.0.1"],
                              ["--full", "--psk-identity", "a", "--psk-file", str(path), "127.0.0.1"]):
                    self.refused("is an input", "--events", str(events), *words)
            with open(path, encoding="ascii") as stdin:
                done = run("--targets", "-", "--events", str(path), stdin=stdin)
            self.assertEqual(done.returncode, 2)
            self.assertIn("is an input", done.stderr)
            self.assertEqual(path.read_bytes(), before)
            done = run("--events", str(pathlib.Path(folder, "none", "events")), "127.0.0.1")
            self.assertEqual(done.returncode, 4)
            self.assertIn("cannot be written", done.stderr)

    def test_help_and_version(self):
        self.assertIn("Usage: perpass-probe [options]", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^perpass-probe \d")


class Nobody(unittest.TestCase):
    def setUp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.target = port_of(free)

    def test_port_unreachable(self):
        done = run("--json", self.target)
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(told["target"], self.target)
        self.assertEqual(told["checks"][0]["outcome"], "fail")
        self.assertIn("unreachable", told["checks"][0]["reason"])
        self.assertTrue(all(check["outcome"] == "unknown" for check in told["checks"][1:]))
        self.assertIn("at most 400 datagrams for each", done.stderr)
        self.assertIn("1 of 400 datagrams sent", done.stderr)

    def test_policies(self):
        told = json.loads(run("--json", "--privacy", "strict", "coaps://localhost").stdout)
        self.assertNotIn("localhost", json.dumps(told))
        self.assertTrue(told["target"].startswith("host:"))

    def test_fleet(self):
        with tempfile.TemporaryDirectory() as folder:
            targets, events = pathlib.Path(folder, "targets"), pathlib.Path(folder, "events")
            targets.write_text("# mine\n%s\n\n  coaps://%s/path  # again\n[::1]:9\n" % (self.target, self.target))
            done = run("--json", "--targets", str(targets), "--events", str(events), "--checks", "reachable,versions")
            told = [json.loads(line)["target"] for line in done.stdout.splitlines()]
            written = [json.loads(line) for line in events.read_text().splitlines()]
            self.assertEqual(events.stat().st_mode & 0o007, 0)  # they tell of targets and hints
        self.assertEqual(told, [self.target, self.target, "[::1]:9"])
        self.assertEqual([event["perpass"]["probe"]["check"] for event in written], ["reachable", "versions"] * 3)
        self.assertEqual(len({event["event"]["id"] for event in written}), 6)


class Silence(unittest.TestCase):
    """A server that only listens."""

    def setUp(self):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.settimeout(0.1)
        self.heard = []
        self.ended = False
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def tearDown(self):
        self.ended = True
        self.thread.join()
        self.listener.close()

    def listen(self):
        while not self.ended:
            try:
                heard = self.listener.recvfrom(65536)
                self.heard.append((time.monotonic(), heard))
            except TimeoutError:
                pass

    def test_retransmission(self):
        done = run("--json", "--timeout", "4", port_of(self.listener))
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(told["checks"][0]["outcome"], "fail")
        self.assertEqual(told["packets"]["sent"], 3)
        times = [at - self.heard[0][0] for at, _ in self.heard]
        self.assertEqual(len(times), 3)  # at once, after 1 s, after 2 s more
        self.assertAlmostEqual(times[1], 1, delta=0.5)
        self.assertAlmostEqual(times[2], 3, delta=0.5)
        for _, (datagram, _) in self.heard:
            self.assertIn(b"perpass-probe", datagram)  # it says what it is
        self.assertGreaterEqual(told["duration_s"], 4)

    def test_stopped(self):
        """The target that is waited for is told, the next one hears nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_one:
            next_one.bind(("127.0.0.1", 0))
            next_one.settimeout(0.1)
            with subprocess.Popen([program, "--json", "--timeout", "4", "--parallel", "1", port_of(self.listener),
                                   port_of(next_one)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
                while not self.heard:
                    time.sleep(0.05)
                child.send_signal(signal.SIGTERM)
                told = [json.loads(line) for line in child.communicate(timeout=60)[0].splitlines()]
            with self.assertRaises(TimeoutError):
                next_one.recvfrom(65536)
        self.assertEqual(child.returncode, 128 + signal.SIGTERM)
        self.assertEqual(len(told), 2)
        self.assertEqual(told[1]["checks"][0]["outcome"], "unknown")
        self.assertIn("stopped", told[1]["checks"][0]["reason"])

    def test_source(self):
        run("--source", "127.0.0.5", "--timeout", "4", "--quiet", port_of(self.listener))
        self.assertEqual({address for _, (_, (address, _)) in self.heard}, {"127.0.0.5"})


if __name__ == "__main__":
    program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
