#!/usr/bin/env python3
"""psk_audit_test.py PERPASS PCAPS: the audit of pre-shared keys, over handshakes of real stacks.

It finds the keys of pcaps/psk-weak-* among 100,000, and nothing with a list that lacks them; damaged, cut and lost parts
are no proof; and no key gets into anything that perpass writes, under any policy.
"""
import base64
import dataclasses
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True

PERPASS, PCAPS = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1)).resolve()
CASES = ("psk-weak-tls13", "psk-weak-tls12", "psk-weak-dtls12", "psk-weak-dtls13")
LINES, FEW = 100_000, 2_300
PLACE = 1_777  # in a list of few


def module(path):
    spec = importlib.util.spec_from_file_location(path.parent.name.replace("-", "_"), path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


sys.path.insert(0, str(PCAPS))
import captures  # noqa: E402

CODE = {name: module(PCAPS / name / "case.py") for name in CASES}
# What is in each list, as bytes; TLS 1.3 has two.
KEYS = {
    "psk-weak-tls13": (b"letmein", bytes.fromhex(CODE["psk-weak-tls13"].WEAK_HEX)),
    "psk-weak-tls12": (bytes.fromhex(CODE["psk-weak-tls12"].WEAK),),
    "psk-weak-dtls12": (bytes.fromhex(CODE["psk-weak-dtls12"].WEAK),),
    "psk-weak-dtls13": (CODE["psk-weak-dtls13"].WEAK,),
}


def weak_identities(name):
    """The identities whose key is in the list, by what the stacks were told."""
    with open(PCAPS / name / "expect.json", encoding="utf-8") as file:
        return {finding["fields"]["perpass.finding.subject.identity"] for finding in json.load(file)["findings"]}


def forms(key):
    """The key, its hexadecimal digits, and base64 of it at each of three places, without what neighbours share."""
    yield key
    yield key.hex().encode()
    yield key.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + key)
        yield whole[4 if shift else 0:-4]


def is_in(key, text):
    return any(form in text for form in forms(key) if len(form) >= 6)


class Audit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="perpass-audit-")
        self.addCleanup(self.folder.cleanup)
        self.scratch = pathlib.Path(self.folder.name)

    def list_of(self, name, *keys, num=LINES):
        """|num| random keys, and |keys| among them: text as text, other bytes as digits."""
        source = random.Random(20261121)
        lines = [b"%032x" % source.getrandbits(128) for _ in range(num)]
        for number, key in enumerate(keys):
            lines[num - FEW + PLACE + number] = key if key.isascii() and key.isalnum() else key.hex().encode()
        path = self.scratch / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    def run_perpass(self, *words, status=0):
        done = subprocess.run([PERPASS, "analyze", *map(str, words)], capture_output=True, check=False, timeout=300)
        self.assertEqual(done.returncode, status, done.stderr.decode("utf-8", "replace"))
        return done

    def report(self, candidates, capture, *more, status=0):
        """The report of an audit: findings of psk.weak-key by identity, and statistics."""
        path = self.scratch / "report.json"
        self.run_perpass("--privacy", "raw", "--rules", "psk.weak-key", "--psk-candidates", candidates, "--report", path,
                         *more, capture, status=status)
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        found = {finding["subject"]["value"] for finding in report["findings"]}
        return found, self.statistics(report)

    def statistics(self, node):
        """The counters of the audit, wherever the report has them."""
        found = {}
        if isinstance(node, dict):
            for key, value in node.items():
                if key.startswith("psk_audit_"):
                    found[key[len("psk_audit_"):]] = value
                else:
                    found |= self.statistics(value)
        return found

    def test_among_many(self):
        for name in CASES:
            with self.subTest(name):
                candidates = self.list_of("list", *KEYS[name])
                found, counts = self.report(candidates, PCAPS / name / "capture.pcap")
                self.assertEqual(found, weak_identities(name))
                self.assertGreaterEqual(counts["keys"], LINES)
                self.assertEqual(counts.get("incomplete", 0), 0)

    def test_not_in_the_list(self):
        """among many others no key is found that is none: test_among_many shows that, too"""
        candidates = self.list_of("list", num=FEW)
        for name in CASES:
            with self.subTest(name):
                found, counts = self.report(candidates, PCAPS / name / "capture.pcap")
                self.assertEqual(found, set())
                self.assertGreaterEqual(counts["proofs"], 8)
                self.assertEqual(counts["keys"], 2 * FEW)

    def test_threads(self):
        candidates = self.list_of("list", *KEYS["psk-weak-tls12"], num=FEW)
        reports = set()
        for threads in (1, 2, 4):
            path = self.scratch / f"{threads}.json"
            self.run_perpass("--privacy", "raw", "--threads", threads, "--psk-candidates", candidates, "--report", path,
                             *(PCAPS / name / "capture.pcap" for name in CASES))
            reports.add(path.read_bytes())
        self.assertEqual(len(reports), 1)

    def outputs(self, policy, candidates, capture):
        """Everything that perpass writes, by name."""
        reports = [self.scratch / f"{policy}.{kind}" for kind in ("json", "txt")]
        events = self.scratch / f"{policy}.ndjson"
        words = ["--privacy", policy, "--verbose", "--progress", "on", "--psk-candidates", candidates]
        full = self.run_perpass(*words, "--events", events, "--observations", "--flows",
                                *(word for path in reports for word in ("--report", path)), capture)
        screen = self.run_perpass(*words, capture)
        texts = {path.name: path.read_bytes() for path in (*reports, events)}
        return texts | {"messages": full.stdout + full.stderr, "summary": screen.stdout + screen.stderr}

    def check_evidence(self, report):
        """Nothing else is said of a key: not its line, its length or its form."""
        for finding in report["findings"]:
            if finding["rule"] == "psk.weak-key":
                self.assertLessEqual(set(finding["evidence"]),
                                     {"where", "proof", "imported", "cipher", "accepted", "identity"})

    def test_no_key_is_written(self):
        for name in CASES:
            candidates = self.list_of("list", *KEYS[name], num=FEW)
            capture = PCAPS / name / "capture.pcap"
            for key in KEYS[name]:
                self.assertTrue(is_in(key, candidates.read_bytes()))
            for policy in ("strict", "internal", "raw"):
                for output, text in self.outputs(policy, candidates, capture).items():
                    with self.subTest(case=name, policy=policy, output=output):
                        if output.endswith("json") or output == "summary":
                            self.assertIn(b"psk.weak-key" if output != "summary" else b"Pre-shared key", text)
                        for key in KEYS[name]:
                            self.assertFalse(is_in(key, text))
                        if output == f"{policy}.json":
                            self.check_evidence(json.loads(text))

    def test_transcripts_are_not_shown(self):
        """Observations tell that there was a message, and not what is in it."""
        capture = PCAPS / "psk-weak-tls12" / "capture.pcap"
        done = self.run_perpass("--privacy", "raw", "--observations", "--events", "-", "--psk-candidates",
                                PCAPS / "psk-weak-tls12" / "keys.txt", capture)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = {event["event"]["dataset"] for event in events}
        self.assertLessEqual({"perpass.tls.handshake_message", "perpass.tls.finished_record"}, kinds)
        for event in events:
            if event["event"]["dataset"] in ("perpass.tls.handshake_message", "perpass.tls.finished_record"):
                shown = json.dumps(event["perpass"]["tls"])
                self.assertLess(len(shown), 300, shown)
        plain = self.run_perpass("--privacy", "raw", "--observations", "--events", "-", capture)
        self.assertNotIn(b"handshake_message", plain.stdout)
        self.assertNotIn(b"finished_record", plain.stdout)

    def test_lost_packets(self):
        """Without any one packet the key is found, or the handshake is counted; nothing else is found."""
        for name in ("tls12-psk", "dtls12-psk", "tls13-psk-ke"):
            packets = captures.read(PCAPS / name / "capture.pcap")
            candidates = self.scratch / "list"
            candidates.write_text("secret\nc0ffee5eed0123456789abcdef0a1b2c\n", encoding="ascii")
            whole, _ = self.report(candidates, PCAPS / name / "capture.pcap", "--quiet")
            self.assertEqual(len(whole), 1)
            missed = 0
            for lost in range(len(packets)):
                path = self.scratch / "lost.pcap"
                captures.write(path, packets[:lost] + packets[lost + 1:])
                found, counts = self.report(candidates, path, "--quiet")
                self.assertLessEqual(found, whole)
                missed += not found
                if not found and name == "tls12-psk" and counts.get("proofs", 0) > 0:
                    self.fail(f"{name} without packet {lost + 1}: tried on a proof that is none")
            self.assertGreater(missed, 0)

    def test_cut_packets(self):
        for name in ("psk-weak-tls12", "psk-weak-dtls12"):
            with self.subTest(name):
                packets = captures.read(PCAPS / name / "capture.pcap")
                path = self.scratch / "cut.pcap"
                captures.write(path, [dataclasses.replace(p, data=p.data[:100]) for p in packets])
                found, counts = self.report(PCAPS / name / "keys.txt", path, "--quiet")
                self.assertEqual(found, set())
                self.assertEqual(counts.get("proofs", 0), 0)

    def test_incomplete_is_counted_and_told(self):
        """The capture ends before the client's Finished."""
        packets = captures.read(PCAPS / "tls12-psk" / "capture.pcap")
        path = self.scratch / "short.pcap"
        captures.write(path, packets[:captures.count_to_client_key_exchange(packets) - 1])
        found, counts = self.report(PCAPS / "psk-weak-tls12" / "keys.txt", path)
        self.assertEqual((found, counts["incomplete"], counts.get("proofs", 0)), (set(), 1, 0))
        done = self.run_perpass("--psk-candidates", PCAPS / "psk-weak-tls12" / "keys.txt", path)
        self.assertIn(b"key audit: 1 handshake not tried: the capture lacks a part of the proof", done.stderr)

    def test_other_secret_is_counted_and_told(self):
        done = self.run_perpass("--psk-candidates", PCAPS / "psk-weak-tls12" / "keys.txt",
                                PCAPS / "tls12-dhe-psk" / "capture.pcap")
        self.assertIn(b"key audit: 1 handshake not tried: DHE_PSK", done.stderr)

    def test_damaged_finished(self):
        """Any byte of the client's Finished that is another: no key fits."""
        packets = captures.read(PCAPS / "tls12-psk" / "capture.pcap")
        candidates = self.scratch / "list"
        candidates.write_text("c0ffee5eed0123456789abcdef0a1b2c\n", encoding="ascii")
        number = captures.count_to_client_key_exchange(packets) - 1
        data = packets[number].data
        at = data.rindex(b"\x16\x03\x03\x00\x28") + 5 + 8  # behind the header of the record, and its nonce
        for place in (at, at + 3, at + 4, at + 15):
            changed = bytearray(data)
            changed[place] ^= 0x20
            path = self.scratch / "damaged.pcap"
            captures.write(path, packets[:number] + [dataclasses.replace(packets[number], data=bytes(changed))]
                           + packets[number + 1:])
            found, counts = self.report(candidates, path, "--quiet")
            self.assertEqual((found, counts["proofs"]), (set(), 1))

    def test_list_from_a_pipe(self):
        pipe = self.scratch / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=lambda: pipe.write_bytes(b"no\n" * 50_000 + b"changeme"))
        writer.start()
        found, counts = self.report(pipe, PCAPS / "psk-weak-dtls13" / "capture.pcap")
        writer.join()
        self.assertEqual(found, weak_identities("psk-weak-dtls13"))
        self.assertEqual(counts["keys"], 50_001)

    def test_long_lines(self):
        candidates = self.scratch / "list"
        candidates.write_bytes(b"g" * 3000 + b"\n" + b"changeme\n")
        found, counts = self.report(candidates, PCAPS / "psk-weak-dtls13" / "capture.pcap")
        self.assertEqual(found, weak_identities("psk-weak-dtls13"))
        self.assertEqual((counts["keys"], counts["too_long"]), (1, 1))

    def test_errors(self):
        capture = PCAPS / "tls12-psk" / "capture.pcap"
        for words, sentence in (
                (("--psk-candidates", self.scratch / "none"), b"cannot open the list of candidates"),
                (("--psk-candidates", self.scratch), b"is a directory"),
        ):
            self.assertIn(sentence, self.run_perpass(*words, capture, status=2).stderr)
        candidates = self.scratch / "list.json"
        candidates.write_text("letmein\n", encoding="ascii")
        done = self.run_perpass("--psk-candidates", candidates, "--report", candidates, capture, status=2)
        self.assertIn(b"is an input", done.stderr)
        self.assertEqual(candidates.read_text(encoding="ascii"), "letmein\n")
        unreadable = self.run_perpass("--psk-candidates", "/proc/self/mem", capture, status=3)
        self.assertIn(b"cannot be read to its end", unreadable.stderr)

    def test_monitor_has_no_such_option(self):
        done = subprocess.run([PERPASS, "monitor", "-i", "lo", "--psk-candidates", "x"], capture_output=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"psk-candidates", done.stderr)


if __name__ == "__main__":
    unittest.main()
