#!/usr/bin/env python3
"""ci_test.py: perpass in continuous integration, as docs/ci.md tells: baselines, SARIF, JUnit.

The environment variable PERPASS names the program. Captures are those of pcaps/, also with other addresses, ports and
times, as if they had been made again.
"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

PERPASS = os.environ.get("PERPASS", "perpass")
ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 60
STRICT_PORT = 32768  # of servers: a port from here on was chosen by a system


def capture_of(case):
    return str(next((ROOT / "pcaps" / case).glob("capture.*")))


# Ethernet and IPv4 with TLS, DTLS, QUIC or STARTTLS: no address and no port is inside of a message.
CASES = ["tls12-psk", "tls12-rsa", "tls12-anon", "tls12-mtls", "tls12-weak-cipher", "tls13", "tls13-resumption",
         "dtls12-psk", "dtls12-mtls", "starttls-smtp", "quic-v1", "psk-identity-kinds", "tls12-resumption-ticket"]


def made_again(path, to):
    """the capture at |path|, but at another time, between other hosts, from other ports"""
    data = bytearray(pathlib.Path(path).read_bytes())
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    assert struct.unpack_from(order + "I", data, 20)[0] == 1, "no Ethernet"
    at, changed = 24, 0
    while at < len(data):
        seconds, _, length, _ = struct.unpack_from(order + "IIII", data, at)
        struct.pack_into(order + "I", data, at, seconds + 86400 * 400)
        frame = at + 16
        if data[frame + 12:frame + 14] == b"\x08\x00":
            header = 4 * (data[frame + 14] & 15)
            for address in (frame + 26, frame + 30):
                data[address:address + 2] = bytes([100, 64])  # of the shared address space of RFC 6598
                data[address + 3] ^= 0x40
            for port in (frame + 14 + header, frame + 16 + header):
                number = struct.unpack_from(">H", data, port)[0]
                if number >= STRICT_PORT:
                    struct.pack_into(">H", data, port, number ^ 0x0155)
            changed += 1
        at = frame + length
    assert changed > 0
    pathlib.Path(to).write_bytes(data)


class Ci(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-ci-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name):
        return str(self.folder / name)

    def analyze(self, *words, status=0):
        done = subprocess.run([PERPASS, "analyze", "--quiet", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=LIMIT_S)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def key(self, content=32 * b"k"):
        path = self.folder / ("key-" + content[:1].decode())
        path.write_bytes(content)
        path.chmod(0o600)
        return str(path)

    def fingerprints(self, capture, *words):
        self.analyze("--write-baseline", self.path("b"), *words, capture)
        return (self.folder / "b").read_text(encoding="utf-8")

    def test_made_again(self):
        for case in CASES:
            again = self.path("again.pcap")
            made_again(capture_of(case), again)
            for words in ((), ("--privacy", "raw"), ("--pseudonym-key", self.key())):
                with self.subTest(case=case, words=words):
                    first = self.fingerprints(capture_of(case), *words)
                    self.assertGreater(first.count("\n"), 2)
                    self.assertEqual(first, self.fingerprints(again, *words))
            self.analyze("--baseline", self.path("b"), "--pseudonym-key", self.key(), "--fail-on", "info",
                         again)

    def test_policies_share_a_baseline(self):
        capture = capture_of("tls12-psk")
        texts = {self.fingerprints(capture, "--privacy", policy) for policy in ("strict", "internal", "raw")}
        self.assertEqual(len(texts), 1)
        keyed = {self.fingerprints(capture, "--privacy", policy, "--pseudonym-key", self.key())
                 for policy in ("strict", "raw")}
        self.assertEqual(len(keyed), 1)
        self.assertNotEqual(texts, keyed)

    def test_new_weakness(self):
        known, baseline = capture_of("tls12-psk"), self.path("known")
        self.analyze("--write-baseline", baseline, known)
        self.analyze("--baseline", baseline, "--fail-on", "info", known)
        self.analyze("--fail-on", "high", known, status=1)
        report = self.path("r.json")
        self.analyze("--baseline", baseline, "--fail-on", "high", "--report", report, known,
                     capture_of("tls12-rsa"), status=1)
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
        fresh = {f["rule"] for f in told["findings"] if not f["known"]}
        self.assertIn("pfs.rsa-key-exchange", fresh)
        self.assertTrue(any(f["known"] for f in told["findings"]))
        self.assertEqual(told["baseline"]["new"], sum(not f["known"] for f in told["findings"]))
        text, _ = self.analyze("--baseline", baseline, "--report", "txt:-", known, capture_of("tls12-rsa"))
        self.assertIn("Of the findings %d are in the baseline, %d are new"
                      % (told["baseline"]["known"], told["baseline"]["new"]), " ".join(text.split()))
        self.assertRegex(text, r"high, 1 time, new")
        # Below the severity that fails, a new finding is only told.
        self.analyze("--baseline", baseline, "--fail-on", "critical", capture_of("tls12-rsa"))

    def test_new_identity_needs_a_key(self):
        kinds = capture_of("psk-identity-kinds")
        keyed = self.fingerprints(kinds, "--pseudonym-key", self.key())
        plain = self.fingerprints(kinds)
        count = "psk.identity-cleartext"
        self.assertGreater(keyed.count(count), plain.count(count))

    def test_refusals(self):
        capture, baseline = capture_of("tls13"), self.path("b")
        self.fingerprints(capture, "--pseudonym-key", self.key())
        _, stderr = self.analyze("--baseline", baseline, capture, status=2)
        self.assertIn("was written with the --pseudonym-key of id", stderr)
        self.analyze("--baseline", baseline, "--pseudonym-key", self.key(32 * b"z"), capture, status=2)
        self.fingerprints(capture)
        _, stderr = self.analyze("--baseline", baseline, "--pseudonym-key", self.key(), capture, status=2)
        self.assertIn("was written without --pseudonym-key", stderr)
        _, stderr = self.analyze("--baseline", self.path("nowhere"), capture, status=2)
        self.assertIn("cannot be read", stderr)
        self.analyze("--baseline", capture, capture, status=2)
        self.analyze("--write-baseline", capture, capture, status=2)
        self.analyze("--write-baseline", self.path("x"), "--report", "json:" + self.path("x"), capture, status=2)
        self.analyze("--write-baseline", self.path("no/folder"), capture, status=4)
        # The baseline may be written anew where it was read.
        self.analyze("--baseline", baseline, "--write-baseline", baseline, capture)

    def test_events_tell_it(self):
        capture, baseline = capture_of("tls12-psk"), self.path("b")
        out, _ = self.analyze("--events", "-", capture)
        findings = [e for e in map(json.loads, out.splitlines()) if e["event"]["kind"] == "alert"]
        lines = self.fingerprints(capture)
        for event in findings:
            self.assertIn(event["perpass"]["finding"]["fingerprint"], lines)
            self.assertNotIn("known", event["perpass"]["finding"])
        out, _ = self.analyze("--events", "-", "--baseline", baseline, capture)
        known = [e["perpass"]["finding"]["known"] for e in map(json.loads, out.splitlines())
                 if e["event"]["kind"] == "alert"]
        self.assertEqual(known, len(findings) * [True])

    # --- docs/ci: the commands of both jobs, in a product of this test's own ---

    def job(self, words, status):
        """the command that a job checks captures with, from where a clone of perpass is"""
        product = self.folder / "product"
        script = words.replace("/opt/perpass", str(ROOT))
        done = subprocess.run(["sh", "-c", script], cwd=product, timeout=LIMIT_S, stderr=subprocess.PIPE,
                              env=dict(os.environ, PERPASS=PERPASS))
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return ElementTree.parse(product / "perpass-reports" / "perpass.xml").getroot()

    def test_jobs(self):
        for page, pattern in (("github.yml", r"^ +run: (.*check-captures .*)$"),
                              ("gitlab.yml", r"^ +- (.*check-captures .*)$")):
            with self.subTest(page=page):
                text = (ROOT / "docs" / "ci" / page).read_text(encoding="utf-8")
                words, = re.findall(pattern, text, re.M)
                product = self.folder / "product"
                captures = product / "tests" / "captures"
                captures.mkdir(parents=True)
                made_again(capture_of("tls12-psk"), captures / "one.pcap")
                root = self.job(words, 1)  # without a baseline all is new
                self.assertGreater(int(root.get("failures")), 0)
                (product / "perpass-reports" / "perpass-baseline").rename(product / "tests" / "perpass-baseline")
                shutil.copy(capture_of("tls12-psk"), captures / "one.pcap")
                self.assertEqual(self.job(words, 0).get("failures"), "0")
                made_again(capture_of("tls12-weak-cipher"), captures / "two.pcap")
                self.assertGreater(int(self.job(words, 1).get("failures")), 0)
                for report in ("perpass.sarif", "perpass.txt", "perpass-baseline"):
                    self.assertIn("perpass-reports", text)
                    self.assertTrue((product / "perpass-reports" / report).is_file())
                shutil.rmtree(product)

    # --- SARIF and JUnit: what their readers need, whatever schema is at hand ---

    def reports(self, *words, status=0):
        self.analyze("--report", self.path("r.sarif"), "--report", self.path("r.xml"), *words, status=status)
        with open(self.path("r.sarif"), encoding="utf-8") as file:
            sarif = json.load(file)
        return sarif["runs"][0], ElementTree.parse(self.path("r.xml")).getroot()

    def check_sarif(self, run, captures):
        uris = [artifact["location"]["uri"] for artifact in run["artifacts"]]
        self.assertEqual(len(uris), len(captures))
        rules = run["tool"]["driver"]["rules"]
        hashes = set()
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            self.assertTrue(result["message"]["text"].endswith("."))
            place, = result["locations"]
            place = place["physicalLocation"]
            self.assertEqual(uris[place["artifactLocation"]["index"]], place["artifactLocation"]["uri"])
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertLessEqual(place["region"]["startLine"],
                                 run["artifacts"][place["artifactLocation"]["index"]]["properties"]["packets"])
            hashes.add(result["partialFingerprints"]["primaryLocationLineHash"])
        self.assertEqual(len(hashes), len(run["results"]))
        for rule in rules:
            self.assertTrue(0 <= float(rule["properties"]["security-severity"]) <= 10)
            self.assertIn("security", rule["properties"]["tags"])
            self.assertTrue(rule["helpUri"].startswith("https://"))
            self.assertTrue(rule["help"]["text"] and rule["help"]["markdown"])

    def check_junit(self, root):
        """the elements, their order and their attributes, and that the sums are right"""
        self.assertEqual(root.tag, "testsuites")
        sums = {"tests": 0, "failures": 0, "errors": 0}
        for suite in root:
            self.assertEqual(suite.tag, "testsuite")
            counted = {"tests": 0, "failures": 0, "errors": 0}
            for case in suite:
                self.assertEqual(case.tag, "testcase")
                self.assertEqual(set(case.attrib), {"classname", "name"})
                counted["tests"] += 1
                for part in case:
                    self.assertIn(part.tag, ("failure", "error", "system-out"))
                    if part.tag in ("failure", "error"):
                        self.assertEqual(set(part.attrib), {"type", "message"})
                        counted[part.tag + "s"] += 1
            self.assertEqual(counted, {name: int(suite.get(name)) for name in counted})
            sums = {name: sums[name] + counted[name] for name in sums}
        self.assertEqual(sums, {name: int(root.get(name)) for name in sums})

    def check_by_others(self, paths):
        """by a schema, and by a program that reads such files, where they are installed"""
        if shutil.which("xmllint"):
            schema = str(ROOT / "tests" / "system" / "junit.xsd")
            done = subprocess.run(["xmllint", "--noout", "--schema", schema, *paths], stderr=subprocess.PIPE,
                                  timeout=LIMIT_S)
            self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        else:
            print("xmllint is not installed: JUnit was not held against its schema")
        script = """
import sys, junitparser
for path in sys.argv[1:]:
    suites = junitparser.JUnitXml.fromfile(path)
    cases = [case for suite in suites for case in suite]
    results = [type(result).__name__ for case in cases for result in case.result]
    print(len(cases), results.count("Failure"), results.count("Error"))
"""
        if subprocess.run(["/usr/bin/python3", "-c", "import junitparser"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("junitparser is not installed: JUnit was not read by it")
            return
        done = subprocess.run(["/usr/bin/python3", "-c", script, *paths], check=True, capture_output=True,
                              timeout=LIMIT_S)
        roots = [ElementTree.parse(path).getroot() for path in paths]
        self.assertEqual(done.stdout.decode().splitlines(),
                         [" ".join(root.get(name) for name in ("tests", "failures", "errors")) for root in roots])

    def test_reports_of_all_captures(self):
        paths = []
        for folder in sorted((ROOT / "pcaps").iterdir()):
            for capture in folder.glob("capture.*"):
                with self.subTest(capture=folder.name):
                    done = subprocess.run([PERPASS, "analyze", "--quiet", "--fail-on", "medium",
                                           "--report", self.path("r.sarif"), "--report",
                                           self.path("r.xml"), str(capture)], stderr=subprocess.DEVNULL,
                                          timeout=LIMIT_S)
                    with open(self.path("r.sarif"), encoding="utf-8") as file:
                        run, = json.load(file)["runs"]
                    root = ElementTree.parse(self.path("r.xml")).getroot()
                    paths.append(self.path("%s.xml" % folder.name))
                    shutil.copy(self.path("r.xml"), paths[-1])
                    self.check_sarif(run, [capture])
                    self.check_junit(root)
                    self.assertEqual(run["invocations"][0]["exitCode"], done.returncode)
                    if done.returncode != 3:
                        self.assertEqual(int(root.get("failures")) > 0, done.returncode == 1)
                    self.assertEqual(int(root.get("failures")) > 0,
                                     any(r["properties"]["fails"] for r in run["results"]))
        self.check_by_others(paths)

    def test_damage(self):
        run, root = self.reports(capture_of("broken-cut"), capture_of("tls13"), status=3)
        invocation, = run["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual(invocation["exitCode"], 3)
        damage = [n for n in invocation["toolExecutionNotifications"] if n["level"] == "error"]
        self.assertEqual(damage[0]["locations"][0]["physicalLocation"]["artifactLocation"]["index"], 0)
        self.assertEqual(root.get("errors"), "1")
        self.check_sarif(run, [1, 2])

    def test_unknown_link_type(self):
        strange = bytearray(pathlib.Path(capture_of("tls13")).read_bytes())
        self.assertEqual(strange[20:24], b"\1\0\0\0")
        strange[20] = 147  # which is for private use
        (self.folder / "strange.pcap").write_bytes(strange)
        run, root = self.reports("--report", self.path("r.json"), self.path("strange.pcap"), status=3)
        invocation, = run["invocations"]
        self.assertFalse(invocation["executionSuccessful"])
        self.assertEqual([n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]
                          if n["level"] == "error"], ["input-damaged"])
        self.assertEqual(root.get("errors"), "1")
        self.check_junit(root)
        with open(self.path("r.json"), encoding="utf-8") as file:
            told, = json.load(file)["inputs"]
        self.assertFalse(told["complete"])
        self.assertRegex(told["damage"], r"strange.pcap: \d+ packets of \d+ cannot be read: .*link type \(147")

    def test_unreadable_candidates(self):
        run, root = self.reports("--psk-candidates", "/proc/self/mem", capture_of("tls12-psk"), status=3)
        self.assertFalse(run["invocations"][0]["executionSuccessful"])
        self.assertEqual(root.get("errors"), "1")
        self.assertEqual(root.find("testsuite[@name='run']/testcase/error").get("type"), "incomplete")
        self.check_junit(root)

    def test_severity_and_baseline_in_reports(self):
        capture, baseline = capture_of("tls12-psk"), self.path("b")
        run, root = self.reports("--fail-on", "high", capture, status=1)
        self.assertGreater(int(root.get("failures")), 0)
        self.assertNotIn("baselineState", run["results"][0])
        self.fingerprints(capture)
        run, root = self.reports("--fail-on", "high", "--baseline", baseline, capture)
        self.assertEqual(root.get("failures"), "0")
        self.assertEqual({r["baselineState"] for r in run["results"]}, {"unchanged"})
        run, root = self.reports("--fail-on", "high", "--baseline", baseline, capture,
                                 capture_of("tls12-rsa"), status=1)
        states = {r["ruleId"]: r["baselineState"] for r in run["results"]}
        self.assertEqual(states["pfs.rsa-key-exchange"], "new")
        self.assertEqual(states["psk.hint-sent"], "unchanged")
        self.assertEqual([c.get("name") for c in root.iter("testcase") if c.find("failure") is not None],
                         ["pfs.rsa-key-exchange"])
        run, root = self.reports(capture)
        self.assertEqual(root.get("failures"), "0")  # without --fail-on nothing fails

    def test_only_rules_that_ran(self):
        _, root = self.reports("--rules", "psk.*,-psk.oracle", capture_of("tls12-psk"))
        names = [c.get("name") for c in root.iter("testcase") if c.get("classname") != "perpass.inputs"]
        self.assertIn("psk.hint-sent", names)
        self.assertNotIn("psk.oracle", names)
        self.assertNotIn("psk.weak-key", names)  # it needs --psk-candidates
        self.assertTrue(all(name.startswith("psk.") for name in names))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
