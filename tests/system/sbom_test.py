#!/usr/bin/env python3
"""sbom_test.py PROGRAM: the bill of materials (tools/sbom) of a program has what the program is linked with.

Where npm can give CycloneDX's own library, into a folder of the user's cache, the bill is held against the schema, too.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)
SBOM = str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "sbom")

PACKAGES = ("@cyclonedx/cyclonedx-library", "ajv", "ajv-formats", "ajv-formats-draft2019")
CHECK = """
const { Spec, Validation } = require("@cyclonedx/cyclonedx-library");
const text = require("fs").readFileSync(0, "utf8");
new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text).then(
  (found) => { if (found !== null) { console.log(JSON.stringify(found)); process.exit(1); } },
  (trouble) => { console.error(trouble); process.exit(2); });
"""


def bill(**environment):
    return subprocess.run([SBOM, PROGRAM], capture_output=True, check=True, text=True, timeout=120,
                          env={"PATH": "/usr/bin:/bin:/usr/local/bin", **environment}).stdout


class Bill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = bill()
        cls.told = json.loads(cls.text)
        cls.components = {component["bom-ref"]: component for component in cls.told["components"]}

    def test_libraries(self):
        """each that the program names, with a version where a package has it"""
        dynamic = subprocess.run(["readelf", "-d", PROGRAM], capture_output=True, text=True, check=True).stdout
        named = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
        self.assertGreater(len(named), 5)
        self.assertLessEqual(named, set(self.components))
        depends = {entry["ref"]: entry["dependsOn"] for entry in self.told["dependencies"]}
        self.assertEqual(set(depends[pathlib.Path(PROGRAM).name]), named)
        for name in set(self.components) - {pathlib.Path(PROGRAM).name}:
            component = self.components[name]
            self.assertRegex(component["hashes"][0]["content"], r"\A[0-9a-f]{64}\Z")
            if "purl" in component:
                self.assertRegex(component["purl"], r"\Apkg:deb/debian/(?:[a-z0-9.-]|%[0-9A-F]{2})+@[^@+:]+\?arch=\w+\Z")
                self.assertTrue(component["version"])

    def test_references(self):
        self.assertEqual(len(self.components), len(self.told["components"]))
        for entry in self.told["dependencies"]:
            self.assertIn(entry["ref"], self.components)
            self.assertLessEqual(set(entry["dependsOn"]), set(self.components))

    def test_version(self):
        told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.components[pathlib.Path(PROGRAM).name]["version"], told.split()[1])

    def test_same_again(self):
        self.assertEqual(bill(), self.text)
        stamped = json.loads(bill(SOURCE_DATE_EPOCH="86400"))
        self.assertEqual(stamped["metadata"]["timestamp"], "1970-01-02T00:00:00Z")

    def test_schema(self):
        base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        cache = base / "perpass-tests" / "sbom"
        if shutil.which("npm") is None or shutil.which("node") is None:
            self.skipTest("npm is not installed")
        if not (cache / "node_modules" / PACKAGES[0]).exists():
            cache.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(["timeout", "300", "npm", "install", "--silent", "--no-fund", "--no-audit",
                                   "--ignore-scripts", "--prefix", str(cache), *PACKAGES], capture_output=True, check=False)
            if done.returncode != 0:
                self.skipTest("npm cannot install " + PACKAGES[0])
        broken = json.dumps(self.told | {"version": "one"})
        for text, valid in ((self.text, True), (broken, False)):
            done = subprocess.run(["node", "-e", CHECK], input=text, capture_output=True, check=False, text=True,
                                  cwd=cache, timeout=60)
            self.assertEqual(done.returncode, 0 if valid else 1, done.stdout + done.stderr)


unittest.main()
