#!/usr/bin/env python3
"""readme_test.py PERPASS: what README.md shows is what perpass prints, and no page points to what is not there.

Blocks that begin with "$ tools/run ..." are run. Pseudonyms may differ, as
their key is another one in each run.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```\n\$ tools/run ([^\n]+)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
VARYING = ((r"\b(psk|hint|host):[0-9a-f]{32}", r"\1:TOKEN"), (r"\b(\d{1,3}\.){3}\d{1,3}\b", "ADDRESS"))
perpass = pathlib.Path()


def settled(text):
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text


class Readme(unittest.TestCase):
    maxDiff = None

    def test_output(self):
        blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
        self.assertTrue(blocks, "README.md shows no output")
        for arguments, shown in blocks:
            with self.subTest(arguments):
                run = subprocess.run([perpass, *shlex.split(arguments)], cwd=ROOT, capture_output=True, text=True,
                                     timeout=60, check=False)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertEqual(settled(run.stdout), settled(shown))

    def test_links(self):
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "pcaps").glob("*.md"))]
        links = 0
        for page in pages:
            for target in LINK.findall(page.read_text(encoding="utf-8")):
                if not re.match(r"[a-z]+:", target):
                    links += 1
                    self.assertTrue((page.parent / target).exists(), "%s: %s" % (page, target))
        self.assertGreater(links, 0)

    def test_threat_model(self):
        """docs/threat-model.md names every rule once, where its class of attack is told"""
        page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
        chapter = page.split("## What perpass tells of each")[1].split("\n## ")[0]
        named = []
        for paragraph in chapter.split("\n\n"):
            attack = re.match(r"\*\*([A-Za-z ]+?)\.?\*\*", paragraph)
            named += [(rule, attack[1].lower().replace(" ", "-") if attack else "none")
                      for rule in re.findall(r"`([a-z]+\.[a-z0-9-]+)`", paragraph)]
        run = subprocess.run([perpass, "explain", "--json"], capture_output=True, timeout=60, check=True)
        rules = [(rule["id"], rule["attack_class"]) for rule in json.loads(run.stdout)["rules"]]
        self.assertEqual(sorted(named), sorted(rules))


if __name__ == "__main__":
    perpass = pathlib.Path(sys.argv.pop(1)).resolve()
    done = unittest.main(exit=False).result
    bad = len({test.id().split(" ")[0] for test, _ in done.failures + done.errors})
    print("%d passed, %d failed" % (done.testsRun - bad, bad))
    sys.exit(not done.wasSuccessful())
