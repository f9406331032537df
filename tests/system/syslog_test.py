#!/usr/bin/env python3
"""syslog_test.py: events as messages of syslog (RFC 5424, octet counting of RFC 6587) arrive whole.

The environment variable PERPASS names the program. A receiver of the test's own checks every byte; then rsyslog is the
receiver: the one in build/unpacked (tools/unpack), or one that is installed.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PERPASS = os.environ.get("PERPASS", "perpass")
ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = [str(ROOT / "pcaps" / case / "capture.pcap") for case in ("tls12-psk", "tls13", "dtls12-mtls", "dhcp-boot")]
UNPACKED = ROOT / "build" / "unpacked"
RSYSLOGD = shutil.which("rsyslogd", path=":".join((str(UNPACKED / "usr" / "sbin"), os.environ["PATH"], "/usr/sbin")))
LIMIT_S = 60
HEADER = re.compile(rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S{1,255}) perpass (\d{1,128}) "
                    rb"(\S{1,32}) - ")
SEVERITIES = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imptcp")
template(name="message" type="string" string="%syslogpriority% %app-name% %msgid% %msg%\\n")
input(type="imptcp" path="{folder}/socket" unlink="on")
action(type="omfile" file="{folder}/received" template="message")
"""


class Syslog(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-syslog-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def analyze(self, to):
        done = subprocess.run([PERPASS, "analyze", "--quiet", "--privacy", "raw", "--observations", "--events", to,
                               *CAPTURES], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def messages(self, data):
        """the messages of a stream: what the lengths say, and nothing else"""
        found = []
        while data:
            length, data = data.split(b" ", 1)
            self.assertRegex(length, rb"\A[1-9]\d*\Z")
            self.assertGreaterEqual(len(data), int(length))
            found.append(data[:int(length)])
            data = data[int(length):]
        return found

    def check(self, messages):
        lines = self.analyze("-").splitlines(keepends=True)
        self.assertGreater(len(lines), 50)
        self.assertEqual(len(messages), len(lines))
        for message, line in zip(messages, lines):
            head = HEADER.match(message)
            self.assertIsNotNone(head, message[:100])
            self.assertEqual(message[head.end():], line)
            event = json.loads(line)
            severity = SEVERITIES[event["perpass"].get("finding", {}).get("severity", "info")]
            self.assertEqual(int(head.group(1)), 16 * 8 + severity)
            self.assertEqual(head.group(2).decode(), event["@timestamp"][:26] + "Z")
            self.assertEqual(head.group(5).decode(), event["event"]["dataset"][:32])

    def test_standard_output(self):
        self.check(self.messages(self.analyze("syslog:-")))

    def test_socket(self):
        path, received = str(self.folder / "socket"), []
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            server.settimeout(LIMIT_S)

            def take():
                connection, _ = server.accept()
                with connection:
                    while data := connection.recv(65536):
                        received.append(data)
            taker = threading.Thread(target=take)
            taker.start()
            self.analyze("syslog:unix:" + path)
            taker.join(LIMIT_S)
        self.check(self.messages(b"".join(received)))

    @staticmethod
    def is_served(path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            return client.connect_ex(str(path)) == 0

    @unittest.skipUnless(RSYSLOGD, "rsyslog is neither in build/unpacked (tools/unpack) nor installed")
    def test_rsyslog(self):
        config = self.folder / "rsyslog.conf"
        config.write_text(RSYSLOG.format(folder=self.folder), encoding="utf-8")
        command, environment = [RSYSLOGD, "-n", "-f", str(config), "-i", str(self.folder / "pid")], dict(os.environ)
        if RSYSLOGD.startswith(str(UNPACKED)):
            libraries, = (UNPACKED / "usr" / "lib").glob("*-linux-gnu*")
            command += ["-M", str(libraries / "rsyslog")]
            environment["LD_LIBRARY_PATH"] = str(libraries)
        daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: self.is_served(self.folder / "socket"))
            self.analyze("syslog:unix:" + str(self.folder / "socket"))
            lines = self.analyze("-").decode().splitlines()
            self.assertLess(max(map(len, lines)), 7000)
            received = self.folder / "received"
            self.wait_for(lambda: received.exists() and received.read_text().count("\n") >= len(lines))
        finally:
            daemon.terminate()
            daemon.wait(LIMIT_S)
        for got, line in zip(received.read_text(encoding="utf-8").splitlines(), lines, strict=True):
            event = json.loads(line)
            severity, name, dataset, text = got.split(" ", 3)
            self.assertEqual(text.lstrip(" "), line)
            self.assertEqual((name, dataset), ("perpass", event["event"]["dataset"][:32]))
            self.assertEqual(int(severity),
                             SEVERITIES[event["perpass"].get("finding", {}).get("severity", "info")])

    def wait_for(self, condition):
        end = time.monotonic() + LIMIT_S
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
