#!/usr/bin/env python3
"""monitor_test.py: perpass monitor between two interfaces of a network namespace of its own.

The environment names the programs: PERPASS, and VETH_SENDER, which sends captures. Needs root, and "ip" of iproute2;
exits with 77, as a skipped test does, without.
"""
import datetime
import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PERPASS = os.environ.get("PERPASS", "perpass")
SENDER = os.environ.get("VETH_SENDER", "veth_sender")
PCAPS = pathlib.Path(__file__).resolve().parents[2] / "pcaps"
PSK = str(PCAPS / "tls12-psk" / "capture.pcap")
VLAN = str(PCAPS / "vlan-ipv6" / "capture.pcap")
NAMESPACE = "perpass-test-%d" % os.getpid()
LIMIT_S = 60


def ip(*words, check=True):
    return subprocess.run(["ip", "-n", NAMESPACE, *words], check=check, capture_output=True, timeout=LIMIT_S)


def inside(*words):
    return ["ip", "netns", "exec", NAMESPACE, *words]


def make_pair():
    """near sends, far is watched; neither says anything by itself"""
    ip("link", "add", "near", "mtu", "65535", "type", "veth", "peer", "name", "far", "mtu", "65535")
    for name in ("near", "far"):
        ip("link", "set", name, "arp", "off")
        ip("link", "set", name, "up")


def make_namespace():
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True, capture_output=True, timeout=LIMIT_S)
    subprocess.run(inside("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6;"
                          "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"), check=False, timeout=LIMIT_S)
    make_pair()


def remove_namespace():
    subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True, timeout=LIMIT_S)



def is_ethernet(capture):
    """by the link type in the header of a pcap file"""
    return capture.read_bytes()[20:24] == bytes((1, 0, 0, 0))


def is_cut(capture):
    """whether frames lack an end: then they cannot be sent as they were"""
    content = capture.read_bytes()
    at = 24
    while at + 16 <= len(content):
        if content[at + 8:at + 12] != content[at + 12:at + 16]:
            return True
        at += 16 + int.from_bytes(content[at + 8:at + 12], "little")
    return False


def seconds_of(told):
    """the time that a capture spans"""
    first, last = (datetime.datetime.fromisoformat(told[name][:26]) for name in ("first", "last"))
    return (last - first).total_seconds()


def frames_in(capture):
    """how many frames a pcap file (little-endian) has"""
    content = capture.read_bytes()
    at, num = 24, 0
    while at + 16 <= len(content):
        at += 16 + int.from_bytes(content[at + 8:at + 12], "little")
        num += at <= len(content)
    return num


def lines_of(path):
    """the last line may be on its way"""
    text = pathlib.Path(path).read_text()
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def follows(process, interface):
    """whether a running socket of the process's namespace is bound to the interface that has this name now"""
    index = ip("-o", "link", "show", interface).stdout.split(b":")[0].decode()
    rows = [line.split() for line in pathlib.Path("/proc/%d/net/packet" % process).read_text().splitlines()[1:]]
    return any(row[4] == index and row[5] == "1" for row in rows)


def wait_for(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited for " + what)
        time.sleep(0.02)


class Watch:
    """a running perpass monitor"""

    def __init__(self, folder, *words, interface="far", stdout=subprocess.DEVNULL):
        self.metrics_path = folder / "metrics.prom"
        self.metrics_path.unlink(missing_ok=True)
        self.errors = open(folder / "stderr", "w+", encoding="utf-8")
        command = inside(PERPASS, "monitor", "-i", interface, "--metrics", str(self.metrics_path), "--stats", "1",
                         *words)
        self.process = subprocess.Popen(command, stdout=stdout, stderr=self.errors)

    def wait_begun(self):
        wait_for(lambda: self.metrics_path.exists() or self.process.poll() is not None, "the monitor")

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def metrics(self):
        found = {}
        for line in self.metrics_path.read_text(encoding="utf-8").splitlines():
            match = re.fullmatch(r"perpass_(\w+)(?:\{[^}]*\})? ([\d.]+)", line)
            if match:
                found[match[1]] = float(match[2])
        return found

    def frames(self):
        return self.metrics()["capture_frames_total"]

    def wait_frames(self, num):
        wait_for(lambda: self.frames() >= num, "%d frames, there are %d" % (num, self.frames()))

    def tell(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.tell(number)
        self.process.wait(timeout=LIMIT_S)
        return self.process.returncode

    def status_of_process(self):
        return pathlib.Path("/proc/%d/status" % self.process.pid).read_text(encoding="utf-8")


def send(capture, *how):
    subprocess.run(inside(SENDER, capture, "near", *map(str, how)), check=True, capture_output=True, timeout=LIMIT_S)


def findings_of(report):
    """what does not depend on when the packets came"""
    kept = []
    for finding in json.loads(report)["findings"]:
        if finding["rule"] == "link.clock":  # compares a client's clock with that time
            continue
        finding = dict(finding)
        for name in ("first", "last", "id", "packet"):
            finding.pop(name, None)
        finding["evidence"] = {name: value for name, value in finding["evidence"].items() if "seconds" not in name}
        kept.append(json.dumps(finding, sort_keys=True))
    return sorted(kept)


class Monitor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="perpass-monitor-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.watches = []
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for watch in self.watches:
            if watch.process.poll() is None:
                watch.process.kill()
                watch.process.wait()
            watch.errors.close()

    def watch(self, *words, **more):
        watch = Watch(self.folder, *words, **more)
        self.watches.append(watch)
        watch.wait_begun()
        self.assertIsNone(watch.process.poll(), watch.stderr())
        return watch

    def path(self, name):
        return str(self.folder / name)


class Results(Monitor):
    def live(self, captures, frames, *runs):
        """the reports of runs side by side, one with each of these words, that read so many frames"""
        folders = [self.folder / str(number) for number in range(len(runs))]
        watches = []
        for folder, words in zip(folders, runs):
            folder.mkdir(exist_ok=True)
            watches.append(Watch(folder, "--privacy", "raw", "--report", str(folder / "live.json"), "--interval", "0",
                                 "--packets", str(frames), *words))
        self.watches.extend(watches)
        for watch in watches:
            watch.wait_begun()
        for capture in captures:
            send(capture)
        for watch in watches:
            watch.process.wait(timeout=LIMIT_S)
            self.assertEqual(watch.process.returncode, 0, watch.stderr())
            watch.errors.close()
        reports = [(folder / "live.json").read_bytes() for folder in folders]
        for report in reports:
            self.assertEqual(json.loads(report)["inputs"][0]["dropped"], 0)
            self.assertEqual(json.loads(report)["inputs"][0]["frames"], frames)
        return reports

    def test_same_findings_as_from_the_file(self):
        """every capture on Ethernet: live, by one thread and by two, and from the file; and all of them at once"""
        compared = with_findings = all_frames = 0
        captures = []
        for case in sorted(PCAPS.glob("*/capture.pcap")):
            if not is_ethernet(case) or is_cut(case):
                continue
            report = subprocess.run([PERPASS, "analyze", "--privacy", "raw", "--report", "json:-", str(case)],
                                    capture_output=True, check=False, timeout=LIMIT_S).stdout
            told = json.loads(report)
            frames = told["inputs"][0]["frames"]
            if frames == 0 or seconds_of(told["inputs"][0]) > 60:  # pauses are not sent
                continue
            for threads, live in enumerate(self.live([str(case)], frames, ["--threads", "1"], ["--threads", "2"]), 1):
                self.assertEqual(findings_of(live), findings_of(report), (case.parent.name, threads))
            captures.append(str(case))
            all_frames += frames
            compared += 1
            with_findings += told["findings"] != []
        self.assertGreater(with_findings, 5)
        many = (["--threads", "4"], ["--threads", "3", "--fanout", "hash", "--fanout-rollover"],
                ["--threads", "2", "--fanout", "cpu"])
        by_one, *by_many = map(findings_of, self.live(captures, all_frames, [], *many))
        self.assertGreater(len(by_one), with_findings)
        for words, found in zip(many, by_many):
            self.assertEqual(found, by_one, words)

    def test_group(self):
        """two programs share an interface: each packet is read by one"""
        folders = [self.folder / "one", self.folder / "two"]
        for folder in folders:
            folder.mkdir()
        both = [Watch(folder, "--fanout-group", "77", "--fanout", "hash", "--threads", threads) for folder, threads in zip(folders, "12")]
        self.watches.extend(both)
        for watch in both:
            watch.wait_begun()
        captures = [path for path in sorted(PCAPS.glob("*/capture.pcap")) if is_ethernet(path)][::4]
        for capture in filter(frames_in, captures):
            send(str(capture))
        expected = sum(map(frames_in, captures))
        wait_for(lambda: sum(watch.frames() for watch in both) >= expected, "all frames")
        self.assertEqual(sum(watch.frames() for watch in both), expected)
        for watch in both:
            self.assertGreater(watch.frames(), 0)
            self.assertEqual(watch.end(), 0, watch.stderr())

    def test_processors(self):
        """each thread on the one that it was given"""
        usable = sorted(os.sched_getaffinity(0))
        asked = ",".join(map(str, usable[:2]))
        watch = self.watch("--threads", "3", "--cpus", asked)
        send(PSK)
        watch.wait_frames(16)
        tasks = pathlib.Path("/proc/%d/task" % watch.process.pid)
        found = sorted(re.search(r"Cpus_allowed_list:\s+(\S+)", (task / "status").read_text(encoding="utf-8"))[1]
                       for task in tasks.iterdir())
        first, last = str(usable[0]), str(usable[min(1, len(usable) - 1)])
        self.assertLessEqual(set(found), {first, last})
        self.assertGreaterEqual(len(found), 3)  # a thread of a sanitizer comes on top
        if first != last:
            self.assertGreaterEqual((found.count(first), found.count(last)), (2, 1))
        self.assertEqual(watch.end(), 0, watch.stderr())

    def test_vlan_tag(self):
        tags = lambda path: {event.get("network", {}).get("vlan", {}).get("id") for event in lines_of(path)
                             if "source" in event}
        watch = self.watch("--flows", "--observations", "--events", self.path("live"))
        send(VLAN)
        watch.wait_frames(3)
        watch.end()
        subprocess.run([PERPASS, "analyze", "--flows", "--observations", "--events", self.path("file"), VLAN],
                       check=True, timeout=LIMIT_S)
        self.assertEqual(tags(self.path("live")), tags(self.path("file")))
        self.assertTrue(tags(self.path("live")) - {None})

    def test_filter(self):
        """in the kernel; also of frames whose tag is not in them there"""
        for expression, capture, some in (("tcp port 1", PSK, False), ("tcp port 4433", PSK, True),
                                          ("tcp", VLAN, False), ("vlan and tcp", VLAN, True),
                                          ("not vlan", VLAN, False), ("vlan 7", VLAN, True)):
            watch = self.watch("--filter", expression)
            send(capture)
            send(PSK, 1)
            time.sleep(0.3)
            if some:
                wait_for(lambda watch=watch: watch.metrics()["frames_total"] > 0, "frames")
            self.assertEqual(watch.end(), 0)
            numbers = watch.metrics()
            passed = numbers["frames_total"] - ("not vlan" in expression) - (expression == "tcp") \
                - (expression == "tcp port 4433")
            self.assertEqual(passed > 0, some, (expression, numbers["frames_total"]))

    def test_summary(self):
        watch = self.watch(stdout=subprocess.PIPE)
        send(PSK)
        watch.wait_frames(16)
        watch.tell(signal.SIGINT)
        text = watch.process.stdout.read().decode()
        watch.process.stdout.close()
        self.assertEqual(watch.end(), 0)
        self.assertIn("psk.no-forward-secrecy", text)

    def test_fail_on(self):
        watch = self.watch("--quiet", "--fail-on", "high")
        send(PSK)
        watch.wait_frames(16)
        self.assertEqual(watch.end(), 1)

    def test_by_libpcap(self):
        """any is no interface that has a ring here"""
        watch = self.watch("--report", self.path("r.json"), interface="any")
        send(PSK)
        watch.wait_frames(16)
        self.assertEqual(watch.end(), 0, watch.stderr())
        report = json.loads((self.folder / "r.json").read_text())
        self.assertIn("libpcap", report["inputs"][0]["format"])
        self.assertTrue(report["findings"])


class Running(Monitor):
    def test_interval(self):
        watch = self.watch("--report", self.path("r.json"), "--events", self.path("e"), "--interval", "1")
        send(PSK)
        wait_for(lambda: (self.folder / "r.json").exists(), "a report")
        rules = lambda: [finding["rule"] for finding in json.loads((self.folder / "r.json").read_text())["findings"]]
        wait_for(lambda: "psk.no-forward-secrecy" in str(rules()), "findings in the report")
        alerts = lambda: [event for event in lines_of(self.path("e")) if event["event"]["kind"] == "alert"]
        wait_for(lambda: len(alerts()) >= 3, "findings as events")
        before = len(alerts())
        time.sleep(1.5)
        self.assertEqual(len(alerts()), before, "an old finding is told again")
        send(PSK)
        wait_for(lambda: len(alerts()) >= before + 3, "findings seen again")
        first, again = alerts()[0], alerts()[before]
        self.assertEqual(first["event"]["id"], again["event"]["id"])
        self.assertEqual(again["perpass"]["finding"]["count"], 2)
        self.assertEqual(watch.end(), 0)
        self.assertIn("psk.no-forward-secrecy", str(rules()))
        self.assertEqual([path.name for path in self.folder.glob(".*")], [], "a temporary file is left")

    def test_per_interval(self):
        watch = self.watch("--report", self.path("r.json"), "--interval", "1", "--per-interval")
        send(PSK)
        report = lambda: json.loads((self.folder / "r.json").read_text())
        wait_for(lambda: (self.folder / "r.json").exists() and report()["findings"], "findings")
        self.assertGreaterEqual(report()["inputs"][0]["frames"], 16)
        wait_for(lambda: not report()["findings"], "an interval without findings")
        self.assertEqual(report()["inputs"][0]["frames"], 0)
        wait_for(lambda: watch.metrics()["analysis_findings"] == 0, "an empty table")
        self.assertIn("# TYPE perpass_analysis_findings gauge\n", watch.metrics_path.read_text(encoding="utf-8"))
        self.assertEqual(watch.end(), 0)

    def test_metrics_on_standard_output(self):
        """nothing but metrics goes there"""
        done = subprocess.run(inside(PERPASS, "monitor", "-i", "far", "--duration", "1", "--metrics", "-"),
                              capture_output=True, check=False, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stdout.decode().splitlines():
            self.assertRegex(line, r"\A(# |perpass_)")

    def test_statistics(self):
        watch = self.watch("--events", self.path("e"))
        send(PSK)
        watch.wait_frames(16)
        stats = lambda: [event for event in lines_of(self.path("e")) if event["event"]["kind"] == "metric"]
        wait_for(lambda: len(stats()) >= 2, "statistics")
        self.assertEqual(len({event["event"]["id"] for event in stats()}), len(stats()))
        watch.tell(signal.SIGUSR1)
        wait_for(lambda: "16 frames read" in watch.stderr(), "statistics on standard error")
        self.assertEqual(watch.end(), 0)

    def test_reopen(self):
        watch = self.watch("--events", self.path("e"))
        wait_for(lambda: os.path.getsize(self.path("e")) > 0, "an event")
        os.rename(self.path("e"), self.path("old"))
        watch.tell(signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.path("e")) and os.path.getsize(self.path("e")) > 0, "the new file")
        self.assertEqual(watch.end(), 0)
        self.assertTrue(lines_of(self.path("old")) and lines_of(self.path("e")))

    def test_write(self):
        """the packets that findings rest on, also in a new file after SIGHUP, which the old one was put aside for"""
        watch = self.watch("--privacy", "raw", "--write", self.path("w"), "--report", self.path("r.json"),
                           "--threads", "2")
        send(PSK)
        watch.wait_frames(16)
        os.rename(self.path("w"), self.path("old"))
        watch.tell(signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.path("w")), "the new file")
        send(PSK)
        watch.wait_frames(32)
        self.assertEqual(watch.end(), 0, watch.stderr())
        self.assertEqual(watch.metrics()["packets_not_written_total"], 0)
        live = [finding["rule"] for finding in json.loads((self.folder / "r.json").read_text())["findings"]]
        self.assertTrue(live)
        for name in ("old", "w"):
            report = subprocess.run([PERPASS, "analyze", "--report", "json:-", self.path(name)], capture_output=True,
                                    check=True, timeout=LIMIT_S).stdout
            self.assertEqual([finding["rule"] for finding in json.loads(report)["findings"]], live)
            self.assertIn("pcapng", json.loads(report)["inputs"][0]["format"])
        # a second run adds a section
        watch = self.watch("--privacy", "raw", "--write", self.path("w"), "--packets", "16")
        before = os.path.getsize(self.path("w"))
        send(PSK)
        watch.process.wait(timeout=LIMIT_S)
        self.assertGreater(os.path.getsize(self.path("w")), before)
        subprocess.run([PERPASS, "analyze", "--quiet", self.path("w")], check=True, timeout=LIMIT_S)

    def test_write_fails(self):
        """what could not be written of a file that was put aside is told, with its reason, and gives 4"""
        os.symlink("/dev/full", self.path("w"))
        watch = self.watch("--privacy", "raw", "--write", self.path("w"))
        send(PSK)
        watch.wait_frames(16)
        os.unlink(self.path("w"))
        watch.tell(signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.path("w")), "the new file")
        self.assertEqual(watch.end(), 4, watch.stderr())
        self.assertIn("No space left on device", watch.stderr())

    def test_rotation(self):
        watch = self.watch("--events", self.path("e"), "--flows", "--observations", "--rotate-size", "1",
                           "--rotate-keep", "2")
        for part in range(1, 5):
            send(PSK, 16000, 20000)
            watch.wait_frames(16000 * part)
        self.assertEqual(watch.end(), 0, watch.stderr())
        names = sorted(path.name for path in self.folder.glob("e*"))
        self.assertEqual(names, ["e", "e.1", "e.2"])
        for name in names:
            self.assertTrue(lines_of(self.path(name)))
        self.assertGreaterEqual(os.path.getsize(self.path("e.1")), 1 << 20)

    def test_ends(self):
        """also when no packet comes"""
        begun = time.monotonic()
        watch = self.watch("--duration", "1", "--quiet")
        watch.process.wait(timeout=LIMIT_S)
        self.assertEqual(watch.process.returncode, 0)
        self.assertTrue(0.9 < time.monotonic() - begun < 10)
        watch = self.watch("--packets", "5", "--quiet")
        send(PSK)
        watch.process.wait(timeout=LIMIT_S)
        self.assertEqual((watch.process.returncode, watch.frames()), (0, 5))

    def test_conversations_end_on_a_silent_line(self):
        """by the clock of the packets, which goes on"""
        watch = self.watch("--events", self.path("e"), "--flows")
        send(PSK)
        ended = lambda: [event for event in lines_of(self.path("e")) if event["event"]["dataset"] == "perpass.flow"]
        wait_for(ended, "the end of a closed conversation")
        self.assertEqual(watch.end(), 0)


class Trouble(Monitor):
    def test_nobody_reads(self):
        """events are dropped, packets are not"""
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        watch = self.watch("--events", self.path("pipe"), "--flows", "--observations")
        send(PSK, 48000, 40000)
        watch.wait_frames(48000)
        wait_for(lambda: watch.metrics()["events_dropped_total"] > 0, "dropped events")
        self.assertEqual(watch.metrics()["capture_dropped_total"], 0)
        os.set_blocking(reader, False)
        text = b""
        watch.tell(signal.SIGTERM)
        while watch.process.poll() is None:
            try:
                text += os.read(reader, 1 << 20)
            except BlockingIOError:
                time.sleep(0.01)
        lines = text.split(b"\n")
        for line in lines[:-1]:
            json.loads(line)
        self.assertGreater(len(lines), 100)
        self.assertEqual(watch.process.returncode, 0)
        self.assertIn("events were dropped", watch.stderr())

    def test_full_disk(self):
        """a report that finds no room does not appear, and the next one is whole"""
        small = self.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "perpass-test", str(small)], check=False,
                          capture_output=True, timeout=LIMIT_S).returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(small)], check=True, timeout=LIMIT_S)
        report, filler = small / "r.json", small / "filler"
        watch = self.watch("--report", str(report), "--interval", "1")
        rules = lambda: {finding["rule"] for finding in json.loads(report.read_text())["findings"]}
        wait_for(report.exists, "a report")
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        send(PSK)
        wait_for(lambda: "r.json cannot be written: No space left" in watch.stderr(), "the word of it")
        self.assertEqual(rules(), set(), "the report from before is not there any more")
        filler.unlink()
        wait_for(rules, "a report with findings")
        self.assertIn("psk.no-forward-secrecy", rules())
        self.assertEqual(watch.end(), 4)
        self.assertIn("psk.no-forward-secrecy", rules())
        self.assertEqual([path.name for path in small.iterdir()], ["r.json"], "a temporary file is left")

    def test_slow_program(self):
        """what the rings cannot hold is counted; it goes on when they have room again"""
        for threads in ("1", "2"):
            with self.subTest(threads=threads):
                self.slow_program(threads)

    def slow_program(self, threads):
        watch = self.watch("--ring-size", "1", "--block-size", "64", "--threads", threads)
        watch.tell(signal.SIGSTOP)
        send(PSK, 40000)
        watch.tell(signal.SIGCONT)
        wait_for(lambda: watch.frames() + watch.metrics()["capture_dropped_total"] >= 40000, "all frames")
        numbers = watch.metrics()
        self.assertEqual(watch.frames() + numbers["capture_dropped_total"], 40000)
        self.assertGreater(numbers["capture_dropped_total"], 0)
        self.assertGreater(numbers["capture_freezes_total"], 0)
        self.assertEqual(watch.end(), 0)

    def test_interface_down_and_away(self):
        for threads in ("1", "2"):
            with self.subTest(threads=threads):
                self.interface_down_and_away(threads)

    def interface_down_and_away(self, threads):
        watch = self.watch("--report", self.path("r.json"), "--threads", threads)
        ip("link", "set", "far", "down")
        wait_for(lambda: "far is down" in watch.stderr(), "the word of it")
        ip("link", "set", "far", "up")
        send(PSK)
        watch.wait_frames(16)
        ip("link", "del", "near")
        wait_for(lambda: watch.stderr().count("far is down") == 2, "the word of it")
        make_pair()
        wait_for(lambda: follows(watch.process.pid, "far"), "perpass to follow")
        send(PSK)
        watch.wait_frames(32)
        self.assertEqual(watch.metrics()["capture_outages_total"], 2)
        self.assertEqual(watch.end(), 0)
        self.assertEqual(json.loads((self.folder / "r.json").read_text())["inputs"][0]["outages"], 2)

    def test_refused(self):
        for words, status, sentence in ((["-i", "nosuch0"], 3, "no network interface nosuch0"),
                                        ([], 2, "needs an interface"),
                                        (["-i", "far", "--filter", "tcp prot"], 2, "filter"),
                                        (["-i", "far", "--user", "no-such-user"], 2, "no user no-such-user"),
                                        (["-i", "far", "--ring-size", "1"], 2, "blocks"),
                                        (["-i", "far", "--adapter-time"], 3, "time stamps"),
                                        (["-i", "far", "--rotate-size", "1"], 2, "--events"),
                                        (["-i", "far", "--rotate-size", "1", "--events", "-"], 2, "--events FILE"),
                                        (["-i", "far", "--rotate-size", "1", "--events", "syslog:unix:/s"], 2,
                                         "--events FILE"),
                                        (["-i", "far", "--per-interval", "--write-baseline", self.path("b")], 2,
                                         "--write-baseline"),
                                        (["-i", "far", "--events", "syslog:"], 2, "names no file"),
                                        (["-i", "far", "--metrics", self.path("m"), "--baseline", self.path("m")], 2,
                                         "is an input"),
                                        (["-i", "far", "--fanout", "hash"], 2, "--threads"),
                                        (["-i", "far", "--write", self.path("w")], 2, "--privacy raw"),
                                        (["-i", "far", "--write-size", "1"], 2, "--write"),
                                        (["-i", "far", "--fanout-group", "65536"], 2, "1 to 65535"),
                                        (["-i", "any", "--threads", "2", "--fanout-defrag"], 3, "ring"),
                                        (["-i", "far", "--cpus", "0-1"], 2, "more processors than there are threads"),
                                        (["-i", "far", "--cpus", "1023"], 2, "processor 1023 cannot be used"),
                                        (["-i", "far", "--cpus", "0,"], 2, "no list"),
                                        (["-i", "far", "--report", "/nonexistent/r.json"], 4, "nonexistent")):
            done = subprocess.run(inside(PERPASS, "monitor", *words), capture_output=True, check=False,
                                  timeout=LIMIT_S)
            self.assertEqual(done.returncode, status, (words, done.stderr))
            self.assertRegex(done.stderr.decode(), r"\Aperpass: [^\n]*%s[^\n]*\n\Z" % re.escape(sentence))


class Confinement(Monitor):
    def test_rights(self):
        os.chmod(self.folder, 0o777)
        watch = self.watch("--user", "nobody", "--events", self.path("e"), "--report", self.path("r.json"))
        status = watch.status_of_process()
        self.assertRegex(status, r"Seccomp:\s+2")
        self.assertRegex(status, r"NoNewPrivs:\s+1")
        self.assertRegex(status, r"CapEff:\s+0+\n")
        self.assertRegex(status, r"CapBnd:\s+0+\n")
        nobody = pwd.getpwnam("nobody").pw_uid
        self.assertRegex(status, r"Uid:\s+%d\s+%d\s+%d\s+%d\n" % ((nobody,) * 4))
        send(PSK)
        watch.wait_frames(16)
        self.assertEqual(watch.end(), 0, watch.stderr())
        self.assertEqual(os.stat(self.path("e")).st_uid, nobody)
        self.assertTrue(json.loads((self.folder / "r.json").read_text())["findings"])

    def test_without_sandbox(self):
        watch = self.watch("--no-sandbox")
        self.assertRegex(watch.status_of_process(), r"Seccomp:\s+0")
        self.assertRegex(watch.status_of_process(), r"CapEff:\s+0+\n")
        self.assertEqual(watch.end(), 0)


def main():
    if os.geteuid() != 0:
        print("skipped: network namespaces are made by root")
        return 77
    try:
        make_namespace()
    except (OSError, subprocess.CalledProcessError) as error:
        remove_namespace()
        print("skipped: there is no network namespace with a veth pair: %s" % error)
        return 77
    try:
        result = unittest.main(exit=False).result
    finally:
        remove_namespace()
    failed = len(result.failures) + len(result.errors)
    print("monitor_test: %d passed, %d failed, %d skipped"
          % (result.testsRun - failed - len(result.skipped), failed, len(result.skipped)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
