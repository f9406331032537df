#!/usr/bin/env python3
"""install_test.py PERPASS: devices are installed in network namespaces, by DHCP, TFTP and HTTP servers as operators run
them, and perpass is told only what crossed the wire: it has to tell the installs apart, say which secrets were readable,
and repeat none of them.

    plain      boots with a configuration in clear
    sealed     with one that is encrypted to it (RFC 8886)
    fallback   asks for its encrypted file, which is not there, then for one in clear
    web        is told a URL, and fetches it from an HTTP server

Skipped with status 77 where no network namespace can be made, or a program is missing.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "pcaps"))
sys.dont_write_bytecode = True

import lab as laboratory  # noqa: E402

SKIPPED = 77
NEEDED = ("ip", "tcpdump", "dnsmasq", "udhcpc", "busybox", "openssl", "curl")
SERVER = laboratory.SERVER

# What is planted, by device: a kind and the value. Nothing of it may come out again.
PLANTED = {
    "plain": [
        ("snmp-community", "zqPlainCommunity7"),
        ("password", "zqPlainPassw0rd"),
        ("password-hash", "$1$zqPl$T5pLaiNhAsHvAlUe0123ab"),
        ("radius-key", "zqPlainRadiusKey"),
    ],
    "sealed": [("snmp-community", "zqSealedCommunity"), ("password", "zqSealedPassword")],
    "fallback": [("snmp-community", "zqFallbackCommunity"), ("tacacs-key", "zqFallbackTacacs")],
    "web": [("snmp-community", "zqWebCommunity"), ("password", "zqWebPassword")],
}


def configuration(device):
    lines = ["!", "version 15.2", "service timestamps log datetime msec", "!", f"hostname {device}", "!"]
    for kind, value in PLANTED[device]:
        lines.append({
            "snmp-community": f"snmp-server community {value} RO",
            "password": f"username admin privilege 15 password 0 {value}",
            "password-hash": f"enable secret 5 {value}",
            "radius-key": f"radius-server host 192.0.2.9 key {value}",
            "tacacs-key": f"tacacs-server key {value}",
        }[kind])
    lines += ["!", "interface Vlan1", " ip address dhcp", "!", "line vty 0 4", " login local", "!", "end", ""]
    return "\n".join(lines)


DEVICES = {  # MAC address, what DHCP names, and the files that the device then asks for
    "plain": ("02:00:00:00:00:31", "plain.cfg", ["plain.cfg"]),
    "sealed": ("02:00:00:00:00:32", "sealed.cfg.p7m", ["sealed.cfg.p7m"]),
    "fallback": ("02:00:00:00:00:33", "fallback.cfg.p7m", ["fallback.cfg.p7m", "fallback.cfg"]),
    "web": ("02:00:00:00:00:34", f"http://{SERVER}/os/web-1", [f"http://{SERVER}/os/web-1"]),
}

LEASE = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/24" dev wire0
"""


class Network(laboratory.Lab):
    """The laboratory, with a switch on the server's end and a namespace for each device."""

    def connect(self):
        server = ("ip", "-n", self.server_ns)
        self.command(*server, "link", "add", "switch0", "type", "bridge")
        self.command(*server, "address", "del", f"{SERVER}/24", "dev", "wire1")
        self.command(*server, "address", "add", f"{SERVER}/24", "dev", "switch0")
        self.command(*server, "link", "set", "switch0", "up")
        self.devices = {}
        for number, (name, (mac, _, _)) in enumerate(DEVICES.items()):
            self.devices[name] = self.add_namespace(name)
            port = f"port{number}"
            self.command("ip", "-n", self.devices[name], "link", "add", "wire0", "address", mac, "type", "veth",
                         "peer", "name", port, "netns", self.server_ns)
            self.command(*server, "link", "set", port, "master", "switch0", "up")
            self.command("ip", "-n", self.devices[name], "link", "set", "wire0", "up")

    def run_in(self, name, *argv, fails=False):
        process = self.start(self.devices[name], *argv)
        process.close_input()
        process.finish()
        if (process.popen.returncode != 0) != fails:
            raise laboratory.LabError(f"{' '.join(argv)} ended with {process.popen.returncode}: {process.log()}")


def make_files(lab, root):
    """The files of the servers; the certificate of the device that decrypts is made for the test."""
    key, certificate = lab.path("device.key"), lab.path("device.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=sealed", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    for name in ("plain", "fallback"):
        (root / f"{name}.cfg").write_text(configuration(name), encoding="utf-8")
    sealed = subprocess.run(["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "PEM", certificate],
                            input=configuration("sealed").encode(), check=True, capture_output=True).stdout
    (root / "sealed.cfg.p7m").write_bytes(sealed)
    (root / "os").mkdir()
    (root / "os" / "web-1").write_text(configuration("web"), encoding="utf-8")
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def dnsmasq_options(root):
    options = ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=switch0", "--bind-interfaces",
               "--dhcp-authoritative", "--leasefile-ro", "--user=root", "--no-ping", "--no-resolv", "--enable-tftp",
               f"--tftp-root={root}", "--dhcp-range=192.0.2.100,192.0.2.150,255.255.255.0,1h"]
    for number, (name, (mac, boot, _)) in enumerate(DEVICES.items()):
        options += [f"--dhcp-host={mac},set:{name},192.0.2.{101 + number}",
                    f"--dhcp-option-force=tag:{name},67,{boot}", f"--dhcp-option-force=tag:{name},66,{SERVER}"]
    return options


def install(lab, name, script):
    """What the device does: DHCP, then its files in order; a file may be missing if another one follows."""
    lab.run_in(name, "udhcpc", "-i", "wire0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-O", "bootfile", "-O", "tftp",
               "-V", f"device-{name}", "-s", script)
    files = DEVICES[name][2]
    for number, file in enumerate(files):
        got = lab.path(f"got-{name}")
        if file.startswith("http:"):
            lab.run_in(name, "curl", "-sS", "-f", "-o", got, file)
        else:
            lab.run_in(name, "busybox", "tftp", "-g", "-l", got, "-r", file, SERVER, fails=number + 1 < len(files))


def make_capture(folder):
    capture = str(folder / "install.pcap")
    with Network(str(folder)) as lab:
        lab.path = lambda name: str(folder / name)
        lab.connect()
        root = folder / "root"
        root.mkdir()
        folder.chmod(0o755)
        make_files(lab, root)
        script = lab.path("lease")
        pathlib.Path(script).write_text(LEASE, encoding="utf-8")
        os.chmod(script, 0o755)
        web = (sys.executable, "-m", "http.server", "80", "--bind", SERVER, "--directory", str(root))
        with lab.serving(67, "dnsmasq", *dnsmasq_options(root)), lab.serving(80, *web), \
                lab.capture(capture, "not icmp6 and not arp", interface="switch0"):
            for name in DEVICES:
                install(lab, name, script)
    return capture


class Installs(unittest.TestCase):
    perpass = None
    folder = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="perpass-install-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.capture = make_capture(cls.folder)
        cls.events = cls.analyze("raw")

    @classmethod
    def analyze(cls, privacy):
        """The events; all that is written stays in the folder out-PRIVACY."""
        out = cls.folder / f"out-{privacy}"
        out.mkdir()
        done = subprocess.run(
            [cls.perpass, "analyze", "--privacy", privacy, "--observations", "--flows", "--events", out / "events",
             "--report", f"json:{out / 'report.json'}", "--report", out / "report.txt", "--verbose",
             cls.capture], capture_output=True, timeout=60, check=False)
        (out / "stdout").write_bytes(done.stdout)
        (out / "stderr").write_bytes(done.stderr)
        if done.returncode != 0:
            raise AssertionError(f"perpass ended with {done.returncode}: {done.stderr.decode()}")
        with open(out / "events", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def transactions(self):
        """By the name that the device told as its vendor class."""
        found = {}
        for event in self.events:
            if event["event"]["dataset"] == "perpass.install.transaction":
                install_of = event["perpass"]["install"]
                name = install_of["device"]["vendor_class"].removeprefix("device-")
                self.assertNotIn(name, found)
                found[name] = install_of
        self.assertEqual(sorted(found), sorted(DEVICES))
        return found

    def findings(self, rule):
        return [event for event in self.events if event.get("rule", {}).get("id") == rule]

    def test_devices_files_and_servers(self):
        for name, told in self.transactions().items():
            mac, boot, files = DEVICES[name]
            with self.subTest(device=name):
                self.assertEqual(told["device"]["mac"].lower().replace("-", ":"), mac)
                self.assertEqual(told["boot_file"], boot)
                self.assertEqual(told["server"], SERVER)
                names = [file.rsplit(f"{SERVER}", 1)[-1] for file in files]
                self.assertEqual([file.rsplit(f"{SERVER}", 1)[-1] for file in told["files"]["name"]], names)
                wanted = ["missing"] * (len(files) - 1) + ["obtained"]
                self.assertEqual(told["files"]["outcome"], wanted)

    def test_what_was_encrypted(self):
        told = self.transactions()
        self.assertEqual({name: told[name].get("encrypted") for name in told},
                         {"plain": False, "sealed": True, "fallback": False, "web": False})
        self.assertEqual({name for name in told if told[name].get("fallback")}, {"fallback"})

    def test_secrets_are_counted(self):
        for name, told in self.transactions().items():
            with self.subTest(device=name):
                self.assertEqual(told.get("secrets", 0), 0 if name == "sealed" else len(PLANTED[name]))

    def test_kinds_of_secrets(self):
        kinds = {}
        for event in self.events:
            content = event.get("perpass", {}).get("content", {})
            if event["event"]["dataset"] in ("perpass.tftp.transfer", "perpass.http.fetch") and "secrets" in content:
                for kind in content["secrets"].get("kinds", []):
                    kinds[kind] = kinds.get(kind, 0) + 1
        wanted = {}
        for name, planted in PLANTED.items():
            for kind, _ in planted if name != "sealed" else []:
                wanted[kind] = wanted.get(kind, 0) + 1
        self.assertEqual(kinds, wanted)

    def test_findings(self):
        for rule, devices in (("install.config-cleartext", 3), ("install.secret-exposed", 3),
                              ("install.encrypted", 1), ("install.cleartext-fallback", 1)):
            with self.subTest(rule=rule):
                self.assertEqual(len(self.findings(rule)), devices)

    def test_no_secret_comes_out(self):
        for privacy in ("strict", "internal"):
            self.analyze(privacy)
            for path in (self.folder / f"out-{privacy}").iterdir():
                text = path.read_bytes()
                for planted in PLANTED.values():
                    for _, value in planted:
                        forms = {"text": value.encode(), "hex": value.encode().hex().encode(),
                                 "base64": base64.b64encode(value.encode()).rstrip(b"=")[:-1]}
                        for form, sought in forms.items():
                            with self.subTest(file=path.name, privacy=privacy, form=form):
                                self.assertNotIn(sought.lower(), text.lower())

    def test_the_capture_has_the_secrets(self):
        capture = pathlib.Path(self.capture).read_bytes()
        for name, planted in PLANTED.items():
            for _, value in planted:
                self.assertEqual(value.encode() in capture, name != "sealed", value)


def main():
    lacks = laboratory.missing() + [f"{program} is not installed" for program in NEEDED
                                    if shutil.which(program) is None]
    if not lacks and subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0:
        lacks = ["no network namespace can be made here"]
    if lacks:
        print(f"skipped: {'; '.join(lacks)}")
        return SKIPPED
    Installs.perpass = sys.argv.pop(1)
    return 0 if unittest.main(verbosity=1, exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
