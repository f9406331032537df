#!/usr/bin/env python3
"""merge_test.py: perpass merge, as a user runs it: two sensors of which each sees half of what a device does.

Captures of real stacks (pcaps/) are cut in two by conversation: what one sensor saw, and what the other one saw. Each half
is analysed with the same key. What the whole capture tells of links, group keys, secrets and installs must come out of
the joined report, and of neither half. PERPASS names the program.
"""
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

PERPASS = os.environ.get("PERPASS", "perpass")
ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 60


def records(path):
    """the head of a pcap file in this machine's byte order, and its records"""
    data = pathlib.Path(path).read_bytes()
    if struct.unpack_from("<I", data)[0] not in (0xA1B2C3D4, 0xA1B23C4D):
        raise ValueError("%s is no pcap file of this byte order" % path)
    at, found = 24, []
    while at < len(data):
        end = at + 16 + struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at:end])
        at = end
    return data[:24], found


def conversation(record):
    """what two packets of one conversation have in common: addresses and ports (Ethernet, IPv4)"""
    frame = record[16:]
    if frame[12:14] != b"\x08\x00":
        return None
    start = 14 + 4 * (frame[14] & 15)
    ends = [frame[26:30] + frame[start:start + 2], frame[30:34] + frame[start + 2:start + 4]]
    return bytes(frame[23:24]) + b"".join(sorted(ends))


def halves(path, of):
    """two pcap files: of(number of the conversation, record) says which sensor, 0 or 1, saw a packet"""
    head, found = records(path)
    numbers, parts = {}, [head, head]
    for record in found:
        number = numbers.setdefault(conversation(record), len(numbers))
        parts[of(number, record)] += record
    return parts


def port_of(record):
    """the lower port: that of the service"""
    start = 16 + 14 + 4 * (record[30] & 15)
    return min(struct.unpack_from(">HH", record, start))


class Merge(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-merge-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.key = self.secret("key", b"k" * 32)

    def secret(self, name, key):
        path = self.folder / name
        path.write_bytes(key)
        path.chmod(0o600)
        return str(path)

    def path(self, name):
        return str(self.folder / name)

    def run_it(self, *words):
        return subprocess.run([PERPASS, *words], capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def passes(self, *words):
        done = self.run_it(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def refused(self, status, says, *words):
        done = self.run_it("merge", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(says, done.stderr)

    def analyze(self, name, capture, *words):
        """the report of |capture|, bytes or a path, as NAME.json"""
        if isinstance(capture, bytes):
            (self.folder / (name + ".pcap")).write_bytes(capture)
            capture = self.path(name + ".pcap")
        self.passes("analyze", "--quiet", "--pseudonym-key", self.key, "--report", self.path(name + ".json"),
                    *words, capture)
        return self.path(name + ".json")

    def read(self, name):
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def sensors(self, case, of, *words):
        """reports of two sensors that saw a half of the capture |case| each, the joined one, and that of one who saw all"""
        path = str(ROOT / "pcaps" / case / "capture.pcap")
        parts = halves(path, of)
        both = [self.analyze(name, part, *words) for name, part in zip("ab", parts)]
        self.passes("merge", "--report", self.path("both.json"), *both)
        self.analyze("whole", path, *words)
        return [self.read(name + ".json") for name in ("a", "b", "both", "whole")]

    @staticmethod
    def rules(report):
        return {(found["rule"], found["subject"].get("value")) for found in report["findings"]}

    @staticmethod
    def links(report):
        found = report["linkability"]["summaries"][0]
        return {name: found[name] for name in ("sessions", "linkable", "subjects", "moved", "largest", "kinds")}

    def test_link_that_neither_sees(self):
        """a ticket that one sensor saw given, or presented, and the other one presented"""
        for case in ("tls13-ticket-twice", "tls12-resumption-ticket", "tls12-resumption-id", "dtls12-resumption-ticket"):
            with self.subTest(case):
                # the last conversation is the other sensor's
                path = str(ROOT / "pcaps" / case / "capture.pcap")
                last = len({conversation(record) for record in records(path)[1]}) - 1
                a, b, both, whole = self.sensors(case, lambda number, record, last=last: int(number == last))
                self.assertEqual(self.links(both), self.links(whole))
                linkable = self.links(both)["linkable"]
                self.assertGreaterEqual(linkable, 2)
                self.assertGreater(linkable, self.links(a)["linkable"] + self.links(b)["linkable"])
                self.assertEqual(self.rules(both), self.rules(whole))
                if "ticket" in case:  # that a session id resumes one can be seen in one session
                    self.assertLess(self.rules(a) | self.rules(b), self.rules(both))

    def test_group_key(self):
        """two clients with one identity, one at each sensor"""
        a, b, both, whole = self.sensors("psk-group", lambda number, record: number % 2)
        group = {found for found in self.rules(whole) if found[0] == "psk.group-clients"}
        self.assertTrue(group)
        self.assertFalse(group & (self.rules(a) | self.rules(b)))
        self.assertLessEqual(group, self.rules(both))

    def test_blast_radius(self):
        """sessions that one PSK opens, over both sensors; and each once, although both recorded one of them"""
        path = str(ROOT / "pcaps" / "blast-radius" / "capture.pcap")

        def told(report):
            return [(row["sessions"], row["bytes"], row["clients"], row["servers"])
                    for row in report["blast_radius"]["secrets"] if row["secret"] == "psk"]
        a, b, both, whole = self.sensors("blast-radius", lambda number, record: number % 2)
        self.assertEqual(told(both), told(whole))
        self.assertTrue(told(a)[0][0] < told(both)[0][0] > told(b)[0][0])
        # the second sensor sees all but the first conversation, so most is recorded twice
        head, found = records(path)
        first = conversation(found[0])
        copy = head + b"".join(record for record in found if conversation(record) != first)
        self.analyze("c", path)
        self.analyze("d", copy)
        self.passes("merge", "--report", self.path("twice.json"), self.path("c.json"), self.path("d.json"))
        twice = self.read("twice.json")
        self.assertEqual(told(twice), told(whole))
        self.assertEqual(self.links(twice), self.links(whole))

    def test_install(self):
        """DHCP at one sensor, the files at the other"""
        a, b, both, whole = self.sensors("install-three-ways", lambda number, record: int(port_of(record) > 68))

        def told(report):
            return [(row["device"].get("mac"), row["asked"], row["obtained"], row["bytes"], row.get("encrypted"),
                     len(row["steps"])) for row in report["install"]["transactions"]]
        self.assertEqual(told(both), told(whole))
        self.assertTrue(all(row[1] == 0 for row in told(a)))
        self.assertTrue(all(row[0] is None for row in told(b)))

    def test_orders_and_formats(self):
        """the same bytes whatever the order, in every format; the summary; the status of --fail-on; baselines"""
        parts = halves(str(ROOT / "pcaps" / "tls12-psk" / "capture.pcap"), lambda number, record: 0)
        reports = [self.analyze("a", parts[0]),
                   self.analyze("b", str(ROOT / "pcaps" / "psk-group" / "capture.pcap")),
                   self.analyze("c", str(ROOT / "pcaps" / "tls13" / "capture.pcap"))]
        for ending in ("json", "html", "md", "txt", "sarif", "xml"):
            names = [self.path("%d.%s" % (i, ending)) for i in range(2)]
            self.passes("merge", "--report", names[0], *reports)
            self.passes("merge", "--report", names[1], *reversed(reports))
            texts = [pathlib.Path(name).read_bytes() for name in names]
            self.assertEqual(texts[0], texts[1])
            self.assertGreater(len(texts[0]), 500)
        self.assertEqual(self.read("0.json")["merged"], 3)
        self.assertIn("3 reports joined", self.passes("merge", *reports))
        self.assertEqual(self.passes("merge", "--quiet", *reports), "")
        self.assertEqual(self.run_it("merge", "--quiet", "--fail-on", "high", *reports).returncode, 1)
        known = self.path("known")
        self.passes("merge", "--quiet", "--write-baseline", known, *reports)
        self.passes("merge", "--quiet", "--fail-on", "high", "--baseline", known, *reports)

    def test_other_outputs_are_written(self):
        """when one cannot be"""
        reports = [self.analyze(name, str(ROOT / "pcaps" / case / "capture.pcap"))
                   for name, case in (("a", "tls12-psk"), ("b", "tls13"))]
        report, known = self.path("m.json"), self.path("known")
        done = self.run_it("merge", "--report", "html:/dev/full", "--report", report, "--report", "txt:/dev/full",
                           "--write-baseline", known, *reports)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr.count("/dev/full cannot be written"), 2)
        self.assertEqual(self.read("m.json")["merged"], 2)
        self.assertIn("perpass-baseline", pathlib.Path(known).read_text(encoding="utf-8"))
        self.refused(2, "is an input", "merge", "--baseline", known, "--report", "txt:" + known, *reports)

    def test_raw(self):
        """under raw values are compared as they are, still with a key"""
        a, b, both, whole = self.sensors("tls13-ticket-twice", lambda number, record: int(number == 2), "--privacy", "raw")
        self.assertEqual(self.links(both), self.links(whole))
        self.assertEqual(both["privacy"], whole["privacy"])
        self.assertGreater(self.links(both)["linkable"], self.links(a)["linkable"] + self.links(b)["linkable"])

    def test_refused(self):
        capture = str(ROOT / "pcaps" / "tls13" / "capture.pcap")
        other = str(ROOT / "pcaps" / "tls12-psk" / "capture.pcap")
        good = self.analyze("good", capture)
        self.analyze("raw", other, "--privacy", "raw")
        self.passes("analyze", "--quiet", "--report", self.path("random.json"), other)
        self.passes("analyze", "--quiet", "--pseudonym-key", self.secret("other", b"o" * 32), "--report",
                    self.path("foreign.json"), other)
        whole = pathlib.Path(good).read_text(encoding="utf-8")
        (self.folder / "cut.json").write_text(whole[:-40], encoding="utf-8")
        (self.folder / "old.json").write_text(whole.replace('"schema": 3', '"schema": 1'), encoding="utf-8")
        (self.folder / "no.json").write_text("<html>", encoding="utf-8")
        out = ["--report", self.path("out.json")]
        for status, says, *words in ((2, "of id", good, self.path("foreign.json")),
                                     (2, "--privacy", good, self.path("raw.json")),
                                     (3, "--pseudonym-key", good, self.path("random.json")),
                                     (2, "the same report", good, good),
                                     (3, "ends too early", good, self.path("cut.json")),
                                     (3, "schema 1", good, self.path("old.json")),
                                     (3, "no report in JSON", good, self.path("no.json")),
                                     (3, "cannot be read", good, self.path("none.json")),
                                     (2, "is an input", "--report", good, good, self.path("raw.json")),
                                     (2, "standard input", good, "-")):
            with self.subTest(says):
                self.refused(status, says, *([] if "--report" in words else out), *words)
                self.assertFalse((self.folder / "out.json").exists())
        self.assertEqual(self.run_it("merge", good).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
