#!/usr/bin/env python3
"""cli_test.py: drives the perpass binary that the environment variable PERPASS names, as a user would.

Captures are made here, or taken from pcaps/ where TLS is needed. Every refusal is checked for its one sentence on
standard error and for its exit status.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

PERPASS = os.environ.get("PERPASS", "perpass")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PSK = str(ROOT / "pcaps" / "tls12-psk" / "capture.pcap")  # findings: high and low
TLS13 = str(ROOT / "pcaps" / "tls13" / "capture.pcap")  # findings of low and info
LIMIT_S = 30


def capture(packets=1, link=1):
    """a pcap file of UDP packets"""
    frame = (bytes(12) + b"\x08\x00" + bytes.fromhex("4500001c0001000040110000c0000201c6336401")
             + bytes.fromhex("0035003500080000"))
    record = b"".join(struct.pack("<IIII", 1700000000 + i, 0, len(frame), len(frame)) + frame
                      for i in range(packets))
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link) + record


def wait_until_taken(pipe):
    """until a program has read all that is in it"""
    end = time.monotonic() + LIMIT_S
    while struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] > 0:
        if time.monotonic() > end:
            raise AssertionError("nobody reads")
        time.sleep(0.01)


class Cli(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.good = self.file("good.pcap", capture(3))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def sparse(self, name, size):
        """a pcap file of |size| bytes: packets of zeros, which take no room on the disk"""
        with open(self.path(name), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            while size - file.tell() > 0:
                left = size - file.tell() - 16
                length = left if left <= 65535 else 32768
                file.write(struct.pack("<IIII", 1700000000, 0, length, length))
                file.seek(length, os.SEEK_CUR)
            file.truncate(size)
        return self.path(name)

    def path(self, name):
        return str(self.folder / name)

    def run_it(self, *words, stdin=b"", env=None, **more):
        environment = dict(os.environ, **(env or {}))
        return subprocess.run([PERPASS, *words], input=stdin, env=environment, timeout=LIMIT_S,
                              stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, **more)

    def refused(self, status, sentence, *words, **more):
        """one sentence on standard error, nothing on standard output"""
        done = self.run_it(*words, **more)
        stderr = done.stderr.decode()
        self.assertRegex(stderr, sentence)
        self.assertRegex(stderr, r"\Aperpass: [^\n]+\n\Z")
        self.assertEqual(done.stdout or b"", b"")
        self.assertEqual(done.returncode, status)

    def works(self, *words, status=0, **more):
        done = self.run_it(*words, **more)
        self.assertEqual((done.returncode, done.stderr.decode()), (status, ""))
        return (done.stdout or b"").decode()


class Commands(Cli):
    def test_help(self):
        for words in (["--help"], ["-h"], ["help"]):
            self.assertIn("perpass analyze", self.works(*words))
        for words in (["analyze", "--help"], ["help", "analyze"], ["analyze", "x", "-h"]):
            self.assertIn("--report", self.works(*words))
        self.assertIn("--markdown", self.works("help", "explain"))

    def test_no_command(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"Usage:", done.stderr)

    def test_wrong_command(self):
        self.refused(2, 'no command "analyse": did you mean perpass analyze', "analyse", self.good)
        self.refused(2, "did you mean perpass analyze .*good.pcap", self.good)
        self.refused(2, 'no command "zzz"', "help", "zzz")

    def test_version(self):
        text = self.works("version")
        self.assertEqual(text, self.works("--version"))
        self.assertRegex(text, r"\Aperpass \d+\.\d+\.\d+\n")
        for library in ("libpcap", "zlib", "zstd", "lz4", "OpenSSL", "PCRE2", "json-c", "glibc"):
            self.assertRegex(text, r"\n  %s +\d+\.\d+" % library)
        self.refused(2, "takes no operand", "version", "x")

    def test_explain(self):
        listed = self.works("explain")
        catalogue = json.loads(self.works("explain", "--json"))["rules"]
        self.assertEqual([line.split()[0] for line in listed.splitlines()], [rule["id"] for rule in catalogue])
        for rule in catalogue:
            self.assertIn(rule["title"], self.works("explain", rule["id"]))
            self.assertEqual(json.loads(self.works("explain", rule["id"], "--json")), rule)
            self.assertIn("### `%s`" % rule["id"], self.works("explain", "--markdown", rule["id"]))

    def test_explain_wrong(self):
        self.refused(2, "did you mean psk.hint-sent", "explain", "psk.hint-set")
        self.refused(2, "perpass explain lists all rules", "explain", "zzz")
        self.refused(2, "contradict", "explain", "--json", "--markdown")
        self.refused(2, "takes no operand", "explain", "psk.hint-sent", "b")


class Usage(Cli):
    def test_refusals(self):
        key = self.file("key", b"0" * 64)
        os.chmod(key, 0o644)
        rows = [
            (["--reprot", "x.json"], "did you mean --report"),
            (["-i", "eth0"], "unknown option -i"),
            (["--quiet=1"], "takes no value"),
            (["--report"], "needs a value"),
            (["--report", "r.pdf"], r'"\.pdf" is no report format: there are txt, json'),
            (["--report", "pdf:r"], '"pdf" is no report format'),
            (["--report", "report"], '"report" is no report format'),
            (["--report", "-"], "no report format"),
            (["--report", "json:"], "names no file"),
            (["--privacy", "lax"], "strict, internal and raw"),
            (["--min-severity", "bad"], "critical, high, medium, low and info"),
            (["--fail-on", "bad"], "critical, high, medium, low and info"),
            (["--threads", "0"], "1 to 64"),
            (["--threads", "65"], "1 to 64"),
            (["--threads", "2x"], "1 to 64"),
            (["--threads", "-1"], "1 to 64"),
            (["--progress", "maybe"], "auto, on and off"),
            (["--flows"], "needs --events"),
            (["--observations"], "needs --events"),
            (["--quiet", "--verbose"], "contradict"),
            (["--rules", "psk.none"], "psk.none"),
            (["--rules", "psk.*,-psk.*"], "leaves no rule that runs"),
            (["--rules", "psk.weak-key"], "leaves no rule that runs: psk.weak-key needs --psk-candidates"),
            (["--filter", "not a filter"], "filter"),
            (["--filter", "tcp port x"], "filter"),
            (["--pseudonym-key", self.path("none")], "none"),
            (["--pseudonym-key", key], "key"),
            (["--secret-rules", self.path("none")], "none"),
            (["--secret-rules", self.file("kind", b"\n# none\nnonsense auto - (x)\n")], ":3: \"nonsense\""),
            (["--secret-rules", self.file("form", b"other odd - (x)\n")], ":1: \"odd\""),
            (["--secret-rules", self.file("short", b"other auto x\n")], ":1: a rule is"),
            (["--secret-rules", self.file("pattern", b"other auto x x(\n")], ":1: the pattern is wrong"),
            (["--events", "-", "--report", "json:-"], "only one output"),
            (["--events", "a.ndjson", "--events", "b.ndjson"], "goes to a.ndjson already"),
            (["--events", ""], '"" names no file'),
            (["--events", "syslog:"], '"syslog:" names no file'),
            (["--events", "unix:"], '"unix:" names no socket'),
            (["--events", "syslog:unix:"], '"syslog:unix:" names no socket'),
            (["--psk-candidates", self.file("keys", b"key\n"), "--rules=-psk.weak-key"], "psk.weak-key"),
            (["--psk-candidates", self.file("keys", b"key\n"), "--rules=psk.hint-sent"], "psk.weak-key"),
        ]
        for words, sentence in rows:
            with self.subTest(words):
                self.refused(2, sentence, "analyze", self.good, *words)

    def test_no_file(self):
        self.refused(2, "needs FILE", "analyze")
        self.refused(2, "needs FILE", "analyze", "--quiet")

    def test_unknown_type_leaves_file_alone(self):
        events = self.file("events", b"old\n")
        self.refused(2, "tls.nonsense", "analyze", "--events", events, "--observations=tls.nonsense", self.good)
        self.assertEqual(pathlib.Path(events).read_bytes(), b"old\n")

    def test_types_are_told(self):
        """all of the protocol, or all protocols: no list ends in the middle"""
        for word, sentence in (("tls.nonsense", r"there are: .*\btls\.server_hello\b.*\btls\.certificate\b"),
                               ("nonsense", r"their names begin with: .*\btls\b.*\bcovert\b")):
            done = self.run_it("analyze", "--events", "-", "--observations=" + word, self.good)
            self.assertRegex(done.stderr.decode(), sentence)
            types = re.findall(r"^## perpass\.(\S+)$", (ROOT / "docs" / "events.md").read_text(), re.M)
            listed = done.stderr.decode().rstrip("\n").rsplit(": ", 1)[1].split(", ")
            self.assertLessEqual(set(listed), {name if "." in word else name.split(".")[0] for name in types})

    def test_never_over_an_input(self):
        before = pathlib.Path(self.good).read_bytes()
        link = self.path("link.json")
        os.symlink(self.good, link)
        second_name = self.path("same.ndjson")
        os.link(self.good, second_name)
        for words in (["--events", self.good], ["--report", "json:" + self.good], ["--report", link],
                      ["--events", self.path(".") + "/good.pcap"], ["--events", second_name]):
            with self.subTest(words):
                self.refused(2, "is an input", "analyze", *words, self.good)
                self.assertEqual(pathlib.Path(self.good).read_bytes(), before)

    def test_never_over_files_of_options(self):
        key = self.file("key", b"k" * 32)
        os.chmod(key, 0o600)
        baseline = self.path("known")
        self.works("analyze", "--quiet", "--write-baseline", baseline, PSK)
        rules = self.file("rules", b"other auto - (x)\n")
        keys = self.file("keys", b"key\n")
        for option, path in (("--pseudonym-key", key), ("--baseline", baseline), ("--secret-rules", rules),
                             ("--geoip", self.good), ("--psk-candidates", keys)):
            before = pathlib.Path(path).read_bytes()
            for output in (["--report", "txt:" + path], ["--events", path], ["--privacy", "raw", "--write", path]):
                with self.subTest(option=option, output=output):
                    self.refused(2, "is an input", "analyze", option, path, *output, PSK)
                    self.assertEqual(pathlib.Path(path).read_bytes(), before)
        self.refused(2, "is an input", "analyze", "--pseudonym-key", key, "--write-baseline", key, PSK)

    def test_new_baseline_in_place_of_the_old(self):
        baseline = self.path("known")
        self.works("analyze", "--quiet", "--write-baseline", baseline, TLS13)
        self.works("analyze", "--quiet", "--baseline", baseline, "--write-baseline", baseline, PSK)
        self.assertIn("psk.", pathlib.Path(baseline).read_text())

    def test_never_over_standard_input(self):
        before = pathlib.Path(self.good).read_bytes()
        with open(self.good, "rb") as stdin:
            done = subprocess.run([PERPASS, "analyze", "--events", self.good, "-"], stdin=stdin,
                                  timeout=LIMIT_S, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, rb"is an input")
        self.assertEqual(pathlib.Path(self.good).read_bytes(), before)

    def test_twice(self):
        out = self.path("r.json")
        self.refused(2, "asked for twice", "analyze", "--report", out, "--report", "txt:" + out, self.good)
        self.refused(2, "only once", "analyze", "-", "-")


class Inputs(Cli):
    def test_bad_inputs(self):
        rows = [
            (self.file("text", b"this is no capture\n"), "no capture"),
            (self.file("empty", b""), "empty"),
            (str(self.folder), "directory|folder"),
            (self.path("missing.pcap"), "No such file"),
            (self.file("cut.pcap", capture(3)[:-7]), "cut"),
            (self.file("short.pcap", capture(3)[:10]), "cut|short|header"),
        ]
        for path, sentence in rows:
            with self.subTest(path):
                done = self.run_it("analyze", path)
                stderr = done.stderr.decode()
                self.assertRegex(stderr, r"\Aperpass: [^\n]+\n\Z")
                self.assertRegex(stderr, sentence)
                self.assertIn(os.path.basename(path), stderr)
                self.assertIn(b"1 input not read whole", done.stdout)
                self.assertEqual(done.returncode, 3)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        os.chmod(self.good, 0)
        done = self.run_it("analyze", "--quiet", self.good)
        self.assertRegex(done.stderr, rb"\Aperpass: [^\n]*Permission denied[^\n]*\n\Z")
        self.assertEqual(done.returncode, 3)

    def test_baseline_on_standard_output(self):
        done = self.run_it("analyze", "--write-baseline", "-", PSK)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout, rb"\Aperpass-baseline 1\n([0-9a-z]+ [^\n]*\n)+\Z")

    def test_stopped_standard_input(self):
        with subprocess.Popen([PERPASS, "analyze", "--quiet", "-"], stdin=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdin.write(capture(3))
            process.stdin.flush()
            wait_until_taken(process.stdin)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"standard input was not read to its end: stopped by SIGINT", stderr)

    def test_unknown_link_type(self):
        strange = self.file("strange.pcap", capture(3, link=147))
        done = self.run_it("analyze", self.good, strange)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, rb"\Aperpass: [^\n]*strange.pcap: 3 packets of 3 [^\n]*147[^\n]*\n\Z")
        self.assertIn(b"6 packets", done.stdout)
        self.assertIn(b"3 frames of an unknown link type", done.stdout)

    def test_good_ones_are_reported(self):
        text = self.file("text", b"this is no capture\n")
        done = self.run_it("analyze", "--report", "json:-", self.good, text, PSK)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertEqual([entry["complete"] for entry in report["inputs"]], [True, False, True])
        self.assertEqual([entry["frames"] for entry in report["inputs"]], [3, 0, 16])
        self.assertEqual(report["totals"]["packets"], 19)
        self.assertTrue(report["findings"])

    def test_part_before_damage(self):
        cut = self.file("cut.pcap", capture(5)[:-7])
        done = self.run_it("analyze", "--report", "json:-", cut)
        report = json.loads(done.stdout)
        self.assertEqual(report["inputs"][0]["frames"], 4)
        self.assertIn("byte", report["inputs"][0]["damage"])
        self.assertEqual(report["limits"][0]["id"], "inputs_damaged")

    def test_stdin(self):
        for words in (["-"], ["--", "-"]):
            text = self.works("analyze", *words, stdin=capture(3))
            self.assertIn("standard input\n3 packets", text)
        done = self.run_it("analyze", "-", stdin=b"")
        self.assertEqual(done.returncode, 3)

    def test_filter(self):
        text = self.works("analyze", "--filter", "udp", "--report", "json:-", self.good)
        self.assertEqual(json.loads(text)["inputs"][0]["filtered"], 0)
        text = self.works("analyze", "--filter", "tcp", "--report", "json:-", self.good)
        self.assertEqual(json.loads(text)["inputs"][0]["filtered"], 3)

    def test_hash(self):
        import hashlib
        text = self.works("analyze", "--report", "json:-", self.good)
        self.assertEqual(json.loads(text)["inputs"][0]["sha256"],
                         hashlib.sha256(pathlib.Path(self.good).read_bytes()).hexdigest())

    def test_hash_of_large(self):
        """beyond 64 MiB there is a sum only if it is asked for"""
        import hashlib
        for size, words, there in ((64 << 20, [], True), ((64 << 20) + 1, [], False),
                                   ((64 << 20) + 1, ["--hash-inputs"], True)):
            with self.subTest(size=size, words=words):
                path = self.sparse("large.pcap", size)
                entry = json.loads(self.works("analyze", *words, "--report", "json:-", path))["inputs"][0]
                self.assertEqual((entry["size"], entry["complete"]), (size, True))
                if there:
                    with open(path, "rb") as file:
                        self.assertEqual(entry["sha256"], hashlib.sha256(file.read()).hexdigest())
                else:
                    self.assertNotIn("sha256", entry)

    def test_hash_in_events(self):
        import hashlib
        wanted = hashlib.sha256(pathlib.Path(self.good).read_bytes()).hexdigest()
        for words in ([], ["--hash-inputs"], ["--report", self.path("r.json")], ["--report", self.path("r.txt")]):
            text = self.works("analyze", *words, "--events", "-", self.good)
            self.assertEqual(text.count('"sha256":"%s"' % wanted), 1)
        for words in ([], ["--report", "txt:-"]):
            self.refused(2, "--hash-inputs needs", "analyze", "--hash-inputs", *words, self.good)

    def test_name_with_escape(self):
        path = self.file("a\033[2Jb\n.pcap", b"no capture")
        done = self.run_it("analyze", path)
        self.assertNotIn(b"\033", done.stderr + done.stdout)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_name_of_any_bytes(self):
        """neither C1 controls nor bytes that are no text get through"""
        path = os.fsencode(self.path("a")) + b"\xc2\x9b31m\xff.pcap"
        for content in (b"no capture", capture(1)):
            pathlib.Path(os.fsdecode(path)).write_bytes(content)
            done = self.run_it("analyze", "--verbose", os.fsdecode(path))
            for text in (done.stderr, done.stdout):
                self.assertIn("a\\u009b31m\\xff.pcap", text.decode())


class Outputs(Cli):
    def test_full_disk(self):
        for words in (["--events", "/dev/full"], ["--report", "json:/dev/full"], ["--report", "txt:/dev/full"]):
            with self.subTest(words):
                self.refused(4, "/dev/full cannot be written: No space left", "analyze", *words, PSK)

    def test_full_stdout(self):
        for words in ([], ["--events", "-"], ["--report", "json:-"]):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = self.run_it("analyze", *words, PSK, stdout=full)
                self.assertRegex(done.stderr.decode(),
                                 r"\Aperpass: standard output cannot be written: No space left[^\n]*\n\Z")
                self.assertEqual(done.returncode, 4)
        with open("/dev/full", "wb") as full:
            done = self.run_it("explain", stdout=full)
            self.assertEqual(done.returncode, 4)

    def test_closed_pipe(self):
        for words in ([], ["--events", "-", "--observations"], ["--report", "json:-"]):
            with self.subTest(words):
                reading, writing = os.pipe()
                os.close(reading)
                try:
                    done = self.run_it("analyze", *words, PSK, stdout=writing)
                finally:
                    os.close(writing)
                self.assertRegex(done.stderr.decode(),
                                 r"\Aperpass: standard output cannot be written: Broken pipe\n\Z")
                self.assertEqual(done.returncode, 4)

    def test_closed_streams(self):
        shell = '"$0" analyze "$1" >&-'
        done = subprocess.run(["sh", "-c", shell, PERPASS, PSK], capture_output=True, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"standard output cannot be written", done.stderr)
        events = self.path("events")
        done = subprocess.run(["sh", "-c", '"$0" analyze --events "$2" "$1" <&- >&- 2>&-', PERPASS, PSK, events],
                              timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0)
        for line in pathlib.Path(events).read_text().splitlines():
            json.loads(line)

    def test_no_folder(self):
        for words in (["--report", self.path("none/r.json")], ["--events", self.path("none/events")],
                      ["--events", str(self.folder)], ["--report", "json:" + str(self.folder)],
                      ["--events", "unix:" + self.path("none")]):
            with self.subTest(words):
                self.refused(4, "cannot be written|cannot be reached|no path", "analyze", *words, self.good)

    def test_failure_leaves_old_report(self):
        report = self.file("r.json", b"old\n")
        self.refused(4, "none", "analyze", "--report", report, "--report", self.path("none/r.txt"), self.good)
        self.assertEqual(pathlib.Path(report).read_bytes(), b"old\n")
        self.assertEqual(sorted(os.listdir(self.folder)), ["good.pcap", "r.json"])

    def test_reports(self):
        report, text = self.file("r.json", b"old\n"), self.path("r.out")
        self.assertEqual(self.works("analyze", "--report", report, "--report", "txt:" + text, PSK), "")
        self.assertEqual(json.loads(pathlib.Path(report).read_text())["totals"]["packets"], 16)
        self.assertIn("What to do: ", pathlib.Path(text).read_text())
        self.assertEqual(sorted(os.listdir(self.folder)), ["good.pcap", "r.json", "r.out"])
        self.assertEqual(stat.S_IMODE(os.stat(report).st_mode) & 0o137, 0)

    def test_report_behind_link(self):
        real, link = self.file("real.json", b"old\n"), self.path("link.json")
        os.symlink(real, link)
        self.works("analyze", "--report", link, self.good)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(json.loads(pathlib.Path(real).read_text())["totals"]["packets"], 3)

    def test_same_key_same_report(self):
        key = self.file("key", b"00112233445566778899aabbccddeeff" * 2)
        os.chmod(key, 0o600)
        words = ["analyze", "--pseudonym-key", key, "--report", "json:-", PSK]
        first = self.works(*words)
        self.assertEqual(first, self.works(*words))
        self.assertNotEqual(first, self.works("analyze", "--report", "json:-", PSK))
        self.assertTrue(json.loads(first)["privacy"]["key_kept"])

    def test_events(self):
        path = self.file("events", b"x" * 100000)
        self.assertEqual(self.works("analyze", "--events", path, PSK), "")
        sets = [json.loads(line)["event"]["dataset"] if "event" in json.loads(line)
                else json.loads(line)["event.dataset"] for line in pathlib.Path(path).read_text().splitlines()]
        self.assertEqual(sets[-1], "perpass.stats")
        self.assertEqual(set(sets[:-1]), {"perpass.finding"})
        stdout = self.works("analyze", "--events", "-", "--flows", "--observations", PSK)
        self.assertGreater(len(stdout.splitlines()), len(sets))
        self.assertNotIn("Class of attack", stdout)

    def ids(self, capture, *words):
        """event.id of all events but the statistics, by data set"""
        found = {}
        for line in self.works("analyze", "--events", "-", *words, capture).splitlines():
            event = json.loads(line)["event"]
            if event["kind"] != "metric":
                found.setdefault(event["dataset"], []).append(event["id"])
        return found

    def test_ids_stay(self):
        """whatever rules run, and whatever else is asked for"""
        weak = ROOT / "pcaps" / "psk-weak-tls12"
        audit = ["--psk-candidates", str(weak / "keys.txt"), "--quiet"]
        for capture in (str(weak / "capture.pcap"), TLS13, str(ROOT / "pcaps" / "tls12-farm" / "capture.pcap")):
            whole = self.ids(capture, "--flows", "--observations")
            for words in (["--flows"], ["--flows", "--rules", "psk.*"], ["--flows", "--min-severity", "high"],
                          ["--observations", "--rules=-covert.*"], ["--observations=tls.server_hello"],
                          ["--flows", "--observations", *audit], ["--privacy", "raw"], ["--threads", "2", "--flows"]):
                for dataset, ids in self.ids(capture, *words).items():
                    with self.subTest(capture=capture, words=words, dataset=dataset):
                        some, all_of_them = sorted((set(ids), set(whole.get(dataset, ids))), key=len)
                        self.assertLessEqual(some, all_of_them)

    def test_events_to_socket(self):
        path = self.path("socket")
        received = []
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
            self.works("analyze", "--events", "unix:" + path, PSK)
            taker.join(LIMIT_S)
        lines = b"".join(received).splitlines()
        self.assertGreater(len(lines), 1)
        for line in lines:
            json.loads(line)

    def test_device(self):
        self.works("analyze", "--report", "json:/dev/null", "--events", "/dev/null", PSK)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))


class Summary(Cli):
    def test_screen(self):
        text = self.works("analyze", PSK)
        self.assertLessEqual(len(text.splitlines()), 24)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertNotIn("\033", text)
        self.assertEqual(text.count("--privacy"), 1)
        self.assertIn("psk.no-forward-secrecy", text)

    def test_policy(self):
        raw = self.works("analyze", "--privacy", "raw", PSK)
        self.assertNotIn("--privacy", raw)
        for policy, told in (("raw", False), ("strict", True)):
            done = self.run_it("analyze", "--privacy", policy, "--verbose", "--report", "json:-", PSK)
            self.assertEqual(b"pseudonyms were made" in done.stderr, told)
            self.assertEqual("key_id" in json.loads(done.stdout)["privacy"], told)
        server = re.search(r"server (\S+:\d+),", raw).group(1)
        self.assertIn(server, self.works("analyze", "--privacy", "internal", PSK))
        self.assertNotIn(server, self.works("analyze", PSK))

    def test_fail_on(self):
        worst = {"critical": 0, "high": 1, "medium": 1, "low": 1, "info": 1}
        for severity, status in worst.items():
            with self.subTest(severity):
                self.works("analyze", "--fail-on", severity, PSK, status=status)
                mild = severity in ("low", "info")
                self.works("analyze", "--fail-on", severity, TLS13, status=int(mild))
        self.works("analyze", "--rules", "psk.*", "--fail-on", "info", TLS13, status=0)
        done = self.run_it("analyze", "--quiet", "--fail-on", "high", PSK, self.path("missing"))
        self.assertEqual(done.returncode, 3)

    def test_selection(self):
        text = self.works("analyze", "--rules", "-psk.no-forward-secrecy", "--fail-on", "high", PSK)
        self.assertNotIn("psk.no-forward-secrecy", text)
        text = self.works("analyze", "--rules", "psk.hint-sent", PSK)
        self.assertIn("psk.hint-sent", text)
        self.assertNotIn("psk.identity-cleartext", text)
        text = self.works("analyze", "--min-severity", "high", PSK)
        self.assertNotIn("psk.hint-sent", text)
        self.assertIn("psk.no-forward-secrecy", text)

    def test_quiet_and_verbose(self):
        self.assertEqual(self.works("analyze", "--quiet", PSK), "")
        done = self.run_it("analyze", "--verbose", PSK)
        self.assertEqual(done.returncode, 0)
        self.assertIn("perpass: %s: pcap" % PSK, done.stderr.decode())
        self.assertIn("perpass: 16 frames read\n", done.stderr.decode())


class Terminal(Cli):
    def on_terminal(self, *words, env=None, rows=24, columns=80):
        """what perpass prints with standard output and error on one terminal"""
        environment = {**os.environ, "TERM": "xterm", **(env or {})}
        if env is None:
            environment.pop("NO_COLOR", None)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen([PERPASS, *words], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                                   env=environment)
        os.close(slave)
        printed = b""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            if not data:
                break
            printed += data
        os.close(master)
        self.assertEqual(process.wait(LIMIT_S), 0)
        return printed.decode().replace("\r\n", "\n")

    def test_colour(self):
        self.assertIn("\033[1;31mHIGH", self.on_terminal("analyze", PSK))
        quiet = ("analyze", "--progress", "off", PSK)  # what shows progress is erased by a sequence, too
        self.assertNotIn("\033", self.on_terminal(*quiet, env={"NO_COLOR": "1"}))
        self.assertIn("\033[1;31mHIGH", self.on_terminal("analyze", PSK, env={"NO_COLOR": ""}))
        environment = {"TERM": "dumb", "NO_COLOR": ""}
        self.assertNotIn("\033", self.on_terminal(*quiet, env=environment))

    def test_size(self):
        for rows, columns in ((24, 80), (40, 120), (24, 70)):
            with self.subTest((rows, columns)):
                text = self.on_terminal("analyze", PSK, env={"NO_COLOR": "1"}, rows=rows, columns=columns)
                lines = text.splitlines()
                self.assertLess(len(lines), rows)
                self.assertLessEqual(max(map(len, lines)), columns)
                if columns > 100:
                    self.assertTrue(any(len(line) > 90 for line in lines))


class Signals(Cli):
    def stopped_by(self, number, *words):
        process = subprocess.Popen([PERPASS, "analyze", *words, "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.stdin.write(capture(5))
            process.stdin.flush()
            wait_until_taken(process.stdin)
            self.assertIsNone(process.poll())
            process.send_signal(number)
            process.stdout_text, process.stderr_text = (
                stream.read().decode() for stream in (process.stdout, process.stderr))
            process.wait(LIMIT_S)
        finally:
            process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()
            process.wait()
        return process

    def test_stop(self):
        for number, name in ((signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")):
            with self.subTest(name):
                process = self.stopped_by(number, "--report", "json:-")
                self.assertEqual(process.returncode, 128 + number)
                report = json.loads(process.stdout_text)
                self.assertEqual(report["totals"]["packets"], 5)
                self.assertIn("stopped by " + name, report["inputs"][0]["damage"])
                self.assertRegex(process.stderr_text, r"\Aperpass: [^\n]*stopped by %s\n\Z" % name)

    def test_stop_leaves_no_temporary(self):
        report = self.path("r.json")
        self.stopped_by(signal.SIGTERM, "--report", report)
        self.assertEqual(sorted(os.listdir(self.folder)), ["good.pcap", "r.json"])
        json.loads(pathlib.Path(report).read_text())


class Progress(Cli):
    def test_lines(self):
        """--progress on tells how far it is, also where standard error is no terminal"""
        process = subprocess.Popen([PERPASS, "analyze", "--progress", "on", "--quiet", "-"],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 1.5
        body = capture(2000)
        process.stdin.write(body)
        while time.monotonic() < end:
            process.stdin.write(body[24:])
            time.sleep(0.05)
        _, stderr = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(stderr.decode(), r"\A(perpass: [\d.]+ [kMG]?B[^\n]*, [\d.]+ (million )?packets/s\n)+\Z")

    def test_off(self):
        done = self.run_it("analyze", "--quiet", "-", stdin=capture(2000))
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    outcome = unittest.main(exit=False, verbosity=1).result
    failed = len(outcome.failures) + len(outcome.errors)
    passed = outcome.testsRun - failed - len(outcome.skipped)
    print("cli_test: %d passed, %d failed, %d skipped" % (passed, failed, len(outcome.skipped)))
    sys.exit(0 if outcome.wasSuccessful() else 1)
