#!/usr/bin/env python3
"""siem_test.py: what is in docs/siem fits the events of perpass.

The environment variable PERPASS names the program. The engines themselves are not run here: docs/siem/README.md says
what was. Checked is that every event fits the index template, that each Sigma rule finds the findings of its rule and no
others, and that the fields that pipelines and dashboards name are fields of events.
"""
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import uuid

try:
    import yaml
except ImportError:
    yaml = None

PERPASS = os.environ.get("PERPASS", "perpass")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SIEM = ROOT / "docs" / "siem"
CASES = ["tls12-psk", "tls12-rsa", "tls13-resumption", "dtls12-mtls", "quic-v1", "starttls-smtp", "dhcp-boot",
         "install-three-ways", "http-files", "eap-wired", "vlan-ipv6", "broken-cut", "blast-radius"]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
LEVELS = {"info": "informational"}


def events(policy):
    for case in CASES:
        capture = next((ROOT / "pcaps" / case).glob("capture.*"))
        done = subprocess.run([PERPASS, "analyze", "--quiet", "--privacy", policy, "--flows", "--observations",
                               "--events", "-", str(capture)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=60)
        yield from map(json.loads, done.stdout.decode().splitlines())


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, path + "." + name if path else name)
    elif isinstance(value, list) and not any(isinstance(item, dict) for item in value):
        for item in value:
            yield path, item
    else:
        yield path, value


def fits(kind, value):
    if kind == "ip":
        return bool(ipaddress.ip_address(value))
    if kind == "date_nanos":
        return bool(DATE.fullmatch(value))
    if kind == "long":
        return type(value) is int and value < 1 << 63
    if kind == "boolean":
        return type(value) is bool
    # A number whose field may be a token, too, is indexed as text.
    return isinstance(value, (str, int)) and len(str(value)) <= 8191


class Siem(unittest.TestCase):
    template = json.loads((SIEM / "index-template.json").read_text(encoding="utf-8"))["template"]
    fields = template["mappings"]["properties"]

    def test_template(self):
        objects = {path for path, mapping in self.fields.items() if mapping["type"] == "object"}
        for path in self.fields:  # no field is inside of another one
            parts = path.split(".")
            for i in range(1, len(parts)):
                self.assertNotIn(".".join(parts[:i]), self.fields)
        self.assertLess(len(self.fields) * 2, self.template["settings"]["index"]["mapping"]["total_fields"]["limit"])
        seen = set()
        for policy in ("strict", "raw"):
            for event in events(policy):
                for path, value in leaves(event):
                    above = next((o for o in objects if path == o or path.startswith(o + ".")), None)
                    if above is None:
                        self.assertTrue(path in self.fields, path)
                        self.assertTrue(fits(self.fields[path]["type"], value), (path, value))
                        seen.add(path)
        self.assertGreater(len(seen), 150)

    @unittest.skipUnless(yaml, "PyYAML is not installed")
    def test_sigma(self):
        rules = list(yaml.safe_load_all((SIEM / "sigma.yml").read_text(encoding="utf-8")))
        catalogue = json.loads(subprocess.run([PERPASS, "explain", "--json"], stdout=subprocess.PIPE, check=True,
                                              timeout=60).stdout)["rules"]
        self.assertEqual([rule["detection"]["selection"]["rule.id"] for rule in rules],
                         [rule["id"] for rule in catalogue])
        self.assertEqual(len({uuid.UUID(rule["id"]) for rule in rules}), len(rules))
        for rule, told in zip(rules, catalogue):
            self.assertEqual(rule["title"], told["title"])
            self.assertEqual(rule["level"], LEVELS.get(told["severity"], told["severity"]))
            self.assertLessEqual(len(rule["title"]), 256)
            self.assertTrue(rule["references"] and rule["falsepositives"])
            self.assertEqual(rule["detection"]["condition"], "selection")
            for tag in rule["tags"]:
                self.assertRegex(tag, r"\A[a-z0-9_-]+\.[a-z0-9._-]+\Z")
            for field in rule["detection"]["selection"]:
                self.assertTrue(field in self.fields, field)
        found = 0
        for event in events("strict"):
            flat = dict(leaves(event))
            hits = [rule["detection"]["selection"]["rule.id"] for rule in rules
                    if all(flat.get(name) == value for name, value in rule["detection"]["selection"].items())]
            self.assertEqual(hits, [flat["rule.id"]] if event["event"]["kind"] == "alert" else [])
            found += len(hits)
        self.assertGreater(found, 20)

    def test_names_of_fields(self):
        """every name with a dot that looks like a field is one"""
        named = re.compile(r"(?<![\w./${-])((?:perpass|event|rule|source|destination|network)\.[a-z_.]+[a-z_])")
        for page, least in (("grafana-dashboard.json", 10), ("props.conf", 7), ("vector.yaml", 1)):
            text = (SIEM / page).read_text(encoding="utf-8")
            names = set(named.findall(text)) - {"perpass.finding", "perpass.stats"}
            self.assertGreaterEqual(len(names), least, page)
            for name in names:
                self.assertTrue(name in self.fields, (page, name))
        json.loads((SIEM / "grafana-dashboard.json").read_text(encoding="utf-8"))

    def test_splunk(self):
        """the expressions find what they are for in real lines"""
        props = dict(line.split(" = ", 1) for line in (SIEM / "props.conf").read_text().splitlines() if " = " in line)
        drop = dict(line.split(" = ", 1)
                    for line in (SIEM / "transforms.conf").read_text().splitlines() if " = " in line)
        dropped = 0
        for event in events("strict"):
            line = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
            place = line.index(props["TIME_PREFIX"]) + len(props["TIME_PREFIX"])
            self.assertRegex(line[place:place + int(props["MAX_TIMESTAMP_LOOKAHEAD"])], r"\A\d{4}-[^\"]+\.\d{9}Z")
            gone = re.search(drop["REGEX"], line) is not None
            self.assertEqual(gone, event["event"]["dataset"] == "perpass.stats")
            dropped += gone
        self.assertEqual(dropped, len(CASES))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
