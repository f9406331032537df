#!/usr/bin/env python3
"""kafka_test.py: --events kafka:TOPIC, with the broker that librdkafka has for tests (kafka_broker.c), all on 127.0.0.1.

The environment names the programs: PERPASS, KAFKA_BROKER, VETH_SENDER. What needs "perpass monitor" needs root and a
network namespace, too, and is left out without. Exits with 77 where perpass is built without librdkafka.
"""
import collections
import contextlib
import json
import os
import pathlib
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import monitor_test
from monitor_test import Watch, inside, make_namespace, remove_namespace, send, wait_for

PERPASS = os.environ.get("PERPASS", "perpass")
BROKER = os.environ.get("KAFKA_BROKER", "kafka_broker")
ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = [str(ROOT / "pcaps" / case / "capture.pcap") for case in ("tls12-psk", "tls13", "dtls12-mtls", "dhcp-boot")]
LIMIT_S = 60
NOBODY = "127.0.0.1:1"
Message = collections.namedtuple("Message", "partition key value")


class Broker:
    """a broker, and what came to the topic perpass"""

    def __init__(self, wrap=lambda *words: list(words)):
        self.process = subprocess.Popen(wrap(BROKER, "perpass"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.address = self.process.stdout.readline().decode().strip()
        self.messages, self.done = [], queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line == b"done\n":
                self.done.put(True)
                continue
            partition, key, value = line.rstrip(b"\n").split(b"\t", 2)
            self.messages.append(Message(int(partition), key.decode(), value))

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        self.done.get(timeout=LIMIT_S)

    def wait(self, num):
        wait_for(lambda: len(self.messages) >= num, "%d messages, there are %d" % (num, len(self.messages)))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=LIMIT_S)
        self.reader.join(timeout=LIMIT_S)
        self.process.stdout.close()


class Kafka(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-kafka-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def broker(self, *more):
        broker = Broker(*more)
        self.addCleanup(broker.stop)
        return broker

    def config(self, *lines, mode=0o600):
        path = self.folder / "kafka.properties"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def analyze(self, *words, status=0, captures=CAPTURES):
        done = subprocess.run([PERPASS, "analyze", "--quiet", "--privacy", "raw", *words, *captures],
                              capture_output=True, timeout=LIMIT_S)
        told = done.stderr.decode()
        self.assertEqual(done.returncode, status, told)
        return done.stdout, told


class Analyze(Kafka):
    def check(self, *words):
        """every event arrives once, as it is written to a file, and with its id as key"""
        broker = self.broker()
        out, _ = self.analyze("--events", "-", "--observations")
        lines = out.splitlines()
        self.analyze("--events", "kafka:perpass", "--observations", *[word.replace("BROKER", broker.address)
                                                                      for word in words])
        broker.wait(len(lines))
        self.assertEqual(sorted(message.value for message in broker.messages), sorted(lines))
        places = collections.defaultdict(set)
        for message in broker.messages:
            self.assertEqual(message.key, json.loads(message.value)["event"]["id"])
            places[message.key].add(message.partition)
        self.assertGreater(len({message.partition for message in broker.messages}), 1)
        self.assertEqual({len(partitions) for partitions in places.values()}, {1})

    def test_brokers(self):
        self.check("--kafka-brokers", "BROKER")

    def test_name_is_looked_up(self):
        """inside the sandbox of the process that sends"""
        broker = self.broker()
        self.analyze("--events", "kafka:perpass", "--kafka-brokers", "localhost:" + broker.address.split(":")[1])
        broker.wait(1)

    def test_no_sandbox(self):
        self.check("--kafka-brokers", "BROKER", "--no-sandbox")

    def test_config(self):
        path = self.config("# the brokers", "", " compression.codec = lz4 ", "enable.idempotence=true", mode=0o644)
        self.check("--kafka-config", path, "--kafka-brokers", "BROKER")
        broker = self.broker()
        path = self.config("bootstrap.servers=" + broker.address)
        self.analyze("--events", "kafka:perpass", "--kafka-config", path)
        broker.wait(1)

    def test_own_broker(self):
        """that of librdkafka listens, which the sandbox forbids"""
        path = self.config("test.mock.num.brokers=1")
        self.analyze("--events", "kafka:perpass", "--kafka-config", path, "--no-sandbox")

    def test_broker_away(self):
        """it ends, says why, and has another status; a report is written all the same"""
        path = self.config("message.timeout.ms=500")
        report = self.folder / "report.json"
        _, told = self.analyze("--events", "kafka:perpass", "--kafka-brokers", NOBODY, "--kafka-config", path,
                               "--report", str(report), status=4)
        self.assertIn("kafka:perpass did not take all events: ", told)
        self.assertIn("Connection refused", told)
        self.assertTrue(json.loads(report.read_text(encoding="utf-8"))["findings"])

    def test_broker_refuses(self):
        broker = self.broker()
        broker.tell("large")
        _, told = self.analyze("--events", "kafka:perpass", "--kafka-brokers", broker.address, status=4)
        self.assertIn("Message size too large", told)

    def test_what_cannot_be(self):
        """is told before the first packet is read, without the value of a property"""
        secret = "sasl.password=hunter2"
        for words, lines, mode, expected in (
                ("", None, 0, "--events kafka:TOPIC needs --kafka-brokers"),
                ("--kafka-config NONE", None, 0, "NONE cannot be read: No such file"),
                ("--kafka-config /", None, 0, "/ is no regular file"),
                ("", ["client.id=x"], 0o644, "no broker is named"),
                ("--kafka-brokers NOBODY", ["# a", "sasl.pasword=hunter2"], 0o600,
                 'line 2: No such configuration property: "sasl.pasword"'),
                ("--kafka-brokers NOBODY", ["hunter2"], 0o600, "line 1: it has no NAME=VALUE"),
                ("--kafka-brokers NOBODY", ["security.protocol=sasl_ssl"], 0o644, "GSSAPI"),
                ("--kafka-brokers NOBODY", ["a=" + "b" * 70000], 0o644, "longer than 65536 bytes"),
                ("--kafka-brokers NOBODY", ["client.id=x"] * 201, 0o644, "more than 200 properties"),
                ("--kafka-brokers NOBODY", [secret], 0o640, "chmod 600"),
                ("--kafka-brokers NOBODY", [secret, "message.timeout.ms=x"], 0o600, "line 2: ")):
            words = words.replace("NOBODY", NOBODY).split()
            if lines is not None:
                words += ["--kafka-config", self.config(*lines, mode=mode)]
            with self.subTest(words=words, expected=expected):
                _, told = self.analyze("--events", "kafka:perpass", *words, status=2)
                self.assertIn(expected, told)
                self.assertNotIn("hunter2", told)
                self.assertEqual(told.count("\n"), 1)

    def test_what_contradicts(self):
        for words, expected in (("--kafka-brokers b:1", "--kafka-brokers needs --events kafka:TOPIC"),
                                ("--kafka-config f --events -", "--kafka-config needs --events kafka:TOPIC"),
                                ("--events kafka:a/b --kafka-brokers b:1", '"a/b" is no name of a topic'),
                                ("--events kafka: --kafka-brokers b:1", '"" is no name of a topic'),
                                ("--events syslog:kafka:a --kafka-brokers b:1", "there is no syslog:kafka:")):
            _, told = self.analyze(*words.split(), status=2)
            self.assertIn(expected, told)


class Tls(Kafka):
    def serve(self, listener, context, seen):
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            # one that breaks off is not the last one
            with plain, contextlib.suppress(OSError, ssl.SSLError), \
                    context.wrap_socket(plain, server_side=True) as wrapped:
                seen.append(wrapped.recv(100))

    def broker(self, context):
        """its address, and what it will have heard"""
        seen, listener = [], socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        threading.Thread(target=self.serve, args=(listener, context, seen), daemon=True).start()
        return "localhost:%d" % listener.getsockname()[1], seen

    def test_certificate(self):
        """the sandbox lets the authority's certificate be read; the server then gets a request"""
        cert, key = str(self.folder / "cert.pem"), str(self.folder / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True, timeout=LIMIT_S)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        brokers, seen = self.broker(context)
        settings = ["security.protocol=ssl", "message.timeout.ms=500"]
        self.analyze("--events", "kafka:perpass", "--kafka-brokers", brokers, "--kafka-config",
                     self.config(*settings, "ssl.ca.location=" + cert), status=4)
        self.assertTrue(any(b"perpass" in request for request in seen), seen)  # client.id
        brokers, seen = self.broker(context)
        _, told = self.analyze("--events", "kafka:perpass", "--kafka-brokers", brokers, "--kafka-config",
                               self.config(*settings), status=4)
        self.assertIn("certificate verify failed", told)
        self.assertEqual(seen, [])


class Sensor(Kafka):
    """perpass monitor"""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("network namespaces are made by root")
        try:
            make_namespace()
        except (OSError, subprocess.CalledProcessError) as error:
            remove_namespace()
            raise unittest.SkipTest("there is no network namespace with a veth pair: %s" % error)
        monitor_test.ip("link", "set", "lo", "up")

    @classmethod
    def tearDownClass(cls):
        remove_namespace()

    def watch(self, *words):
        watch = Watch(self.folder, "--privacy", "raw", "--events", "kafka:perpass", *words)
        self.addCleanup(watch.errors.close)
        self.addCleanup(lambda: watch.process.poll() is None and watch.process.kill())
        watch.wait_begun()
        self.assertIsNone(watch.process.poll(), watch.stderr())
        return watch

    def test_broker_goes_and_comes(self):
        """events wait for it; packets do not"""
        broker = self.broker(inside)
        watch = self.watch("--kafka-brokers", broker.address, "--interval", "1", "--kafka-config",
                           self.config("reconnect.backoff.max.ms=200"))
        send(CAPTURES[0])
        broker.wait(2)
        broker.tell("down")
        send(CAPTURES[1])
        wait_for(lambda: "events wait" in watch.stderr(), "a word of trouble")
        self.assertIn("kafka:perpass: events wait", watch.stderr())
        broker.tell("up")
        of_then = lambda: [message for message in broker.messages if b'"link.server-name"' in message.value]
        wait_for(of_then, "a finding of the time without broker")
        self.assertEqual(watch.end(), 0, watch.stderr())
        metrics = watch.metrics()
        self.assertEqual((metrics["events_dropped_total"], metrics["capture_dropped_total"]), (0, 0))

    def test_more_than_can_wait(self):
        """is dropped and counted; packets are not"""
        broker = self.broker(inside)
        broker.tell("slow")
        watch = self.watch("--kafka-brokers", broker.address, "--flows", "--observations", "--kafka-config",
                           self.config("queue.buffering.max.messages=100"))
        send(CAPTURES[0], 48000, 40000)
        watch.wait_frames(48000)
        wait_for(lambda: watch.metrics()["events_dropped_total"] > 0, "dropped events")
        self.assertEqual(watch.metrics()["capture_dropped_total"], 0)
        begun = time.monotonic()
        watch.end()
        self.assertLess(time.monotonic() - begun, 20)
        told = re.search(r"([\d,]+) events were dropped", watch.stderr())
        self.assertEqual(int(told[1].replace(",", "")), watch.metrics()["events_dropped_total"])
        self.assertGreater(len(broker.messages), 0)

    def test_end_without_broker(self):
        """comes in time, and what did not arrive is counted"""
        watch = self.watch("--kafka-brokers", NOBODY, "--kafka-config", self.config("message.timeout.ms=1000"))
        send(CAPTURES[0])
        watch.wait_frames(10)
        begun = time.monotonic()
        self.assertEqual(watch.end(), 4)
        self.assertLess(time.monotonic() - begun, 15)
        told = watch.stderr()
        self.assertRegex(told, r"[1-9]\d* events were dropped")
        self.assertIn("events are missing in kafka:perpass", told)
        self.assertIn("Connection refused", told)


def main():
    version = subprocess.run([PERPASS, "version"], check=True, capture_output=True, timeout=LIMIT_S).stdout
    if b"librdkafka" not in version:
        print("skipped: perpass is built without librdkafka")
        return 77
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print("kafka_test: %d passed, %d failed, %d skipped"
          % (result.testsRun - failed - len(result.skipped), failed, len(result.skipped)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
