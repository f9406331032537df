#!/usr/bin/env python3
"""sql_test.py: the table and the views of docs/siem/sql on ClickHouse (chDB) and DuckDB, with events of two sensors.

Captures of real stacks are cut in two by conversation, as in tests/system/merge_test.py: what one sensor saw, and what
the other one saw. The views have to tell what neither half tells, and what `perpass merge` tells of the same. Skipped,
with status 77, where tests/sql/engines has not installed the engines. PERPASS names the program.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
import merge_test  # noqa: E402 (the path comes first)

PERPASS = merge_test.PERPASS
SQL = ROOT / "docs" / "siem" / "sql"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "perpass-tests" / "sql"
MODULES = CACHE / "node_modules"
LIMIT_S = 500
SKIPPED = 77
CHAIN = 3000

VIEWS = {"links": "SELECT kind, sessions, num_sensors, sensors FROM perpass_links ORDER BY kind, name",
         "linkability": "SELECT * FROM perpass_linkability",
         "psks": "SELECT identity, clients, servers, num_sensors FROM perpass_group_psks ORDER BY identity",
         "blast": "SELECT secret, name, sessions, clients, servers, num_sensors FROM perpass_blast_radius"
                  " ORDER BY secret, name",
         "installs": "SELECT mac, asked, obtained, bytes, encrypted, num_sensors FROM perpass_installs"
                     " ORDER BY mac, asked, bytes"}

# captures, and which of two sensors sees a packet of the conversation with a number
CASES = {"tls13-ticket-twice": lambda number, record: int(number == 2),
         "psk-group": lambda number, record: number % 2,
         "blast-radius": lambda number, record: number % 2,
         "install-three-ways": lambda number, record: int(merge_test.port_of(record) > 68)}

# what is loaded, by sensor, perhaps twice, and the views that are asked
LOADS = [("tls13-ticket-twice", ("ab", "abb"), ("links", "linkability")),
         ("tls13-ticket-twice", ("a", "b"), ("links",)),
         ("psk-group", ("ab", "a", "b", "aab"), ("psks",)),
         ("blast-radius", ("ab", "a", "b"), ("blast",)),
         ("install-three-ways", ("ab", "a", "b"), ("installs",)),
         ("chain", ("ab",), ("linkability",))]


def load(engine, sensor, path):
    if engine == "clickhouse":
        return ["INSERT INTO perpass_events SELECT '%s' AS sensor, * FROM file('%s', 'JSONEachRow')" % (sensor, path)]
    return ["COPY perpass_events FROM '%s' (FORMAT json)" % path,
            "UPDATE perpass_events SET sensor = '%s' WHERE sensor IS NULL" % sensor]


def plain(value):
    """DuckDB gives large numbers as text"""
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return [plain(item) for item in value] if isinstance(value, list) else value


class Engines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="perpass-sql-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.key = cls.folder / "key"
        cls.key.write_bytes(b"k" * 32)
        cls.key.chmod(0o600)
        cls.merged = {}
        for case, of in CASES.items():
            parts = merge_test.halves(ROOT / "pcaps" / case / "capture.pcap", of)
            reports = [cls.analyze("%s-%s" % (case, sensor), part) for sensor, part in zip("ab", parts)]
            done = subprocess.run([PERPASS, "merge", "--report", "json:-", *reports], capture_output=True, text=True,
                                  timeout=60, check=True)
            cls.merged[case] = json.loads(done.stdout)
        cls.chain()
        cls.told = {engine: cls.run_engine(engine) for engine in ("clickhouse", "duckdb")}

    @classmethod
    def analyze(cls, name, capture):
        path = cls.folder / (name + ".pcap")
        path.write_bytes(capture)
        report = str(cls.folder / (name + ".json"))
        subprocess.run([PERPASS, "analyze", "--pseudonym-key", str(cls.key), "--observations", "--flows", "--report", report,
                        "--events", str(cls.folder / (name + ".ndjson")), str(path)], timeout=60, check=True)
        return report

    @classmethod
    def chain(cls):
        """sessions of which each presents the ticket that the one before got: one subject, however long"""
        events = [json.loads(line) for line in (cls.folder / "tls13-ticket-twice-a.ndjson").read_text("utf-8").splitlines()]
        event = next(event for event in events if event["event"]["dataset"] == "perpass.link.tie")
        for sensor in range(2):
            lines = []
            for i in range(sensor, CHAIN, 2):
                event["perpass"]["tie"].update(
                    handshakes=["session:%032x" % i], first="2026-11-21T%02d:%02d:%02dZ" % (i // 3600, i // 60 % 60, i % 60),
                    identifiers={"hosts": ["one", "one"], "kind": ["ticket", "ticket"],
                                 "name": ["link:%032x" % i, "link:%032x" % (i + 1)]})
                lines.append(json.dumps(event))
            (cls.folder / ("chain-%s.ndjson" % "ab"[sensor])).write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def run_engine(cls, engine):
        """rows of the views, by case, sensors and view"""
        script = []
        for case, sensors, views in [(case, sensors, views) for case, all_of_it, views in LOADS for sensors in all_of_it]:
            script.append("TRUNCATE TABLE perpass_events")
            for sensor in sensors:
                script += load(engine, sensor, cls.folder / ("%s-%s.ndjson" % (case, sensor)))
            script += ["-- time %s/%s/%s\n%s" % (case, sensors, view, VIEWS[view]) for view in views]
        path = cls.folder / (engine + ".sql")
        path.write_text("".join(statement + ";\n" for statement in script), encoding="utf-8")
        done = subprocess.run(["node", str(HERE / "engine.js"), engine, str(MODULES), str(SQL / (engine + "-table.sql")),
                               str(SQL / (engine + "-views.sql")), str(path)], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        told, rows = {}, []
        for line in done.stdout.splitlines():
            row = json.loads(line)
            if "time" in row:
                rows = told.setdefault(row["time"], [])
            elif "Count" not in row:
                rows.append({name: plain(value) for name, value in row.items()})
        return told

    def each(self):
        for engine, told in self.told.items():
            with self.subTest(engine):
                yield told

    def test_link_that_neither_sees(self):
        merged = self.merged["tls13-ticket-twice"]["linkability"]["summaries"][0]
        for told in self.each():
            both = told["tls13-ticket-twice/ab/linkability"][0]
            self.assertEqual({name: both[name] for name in ("sessions", "linkable", "subjects", "largest")},
                             {name: merged[name] for name in ("sessions", "linkable", "subjects", "largest")})
            self.assertEqual((both["linkable"], both["at_several_sensors"]), (2, 1))
            self.assertEqual(told["tls13-ticket-twice/ab/links"],
                             [{"kind": "ticket", "sessions": 2, "num_sensors": 2, "sensors": ["a", "b"]}])
            for sensor in "ab":
                self.assertEqual(told["tls13-ticket-twice/%s/links" % sensor], [])
            self.assertEqual(told["tls13-ticket-twice/abb/linkability"], told["tls13-ticket-twice/ab/linkability"])

    def test_group_key(self):
        found = [row for row in self.merged["psk-group"]["findings"] if row["rule"] == "psk.group-clients"]
        for told in self.each():
            self.assertEqual(told["psk-group/ab/psks"], [{"identity": found[0]["subject"]["value"], "clients": 2,
                                                          "servers": 1, "num_sensors": 2}])
            self.assertEqual(told["psk-group/a/psks"] + told["psk-group/b/psks"], [])
            self.assertEqual(told["psk-group/aab/psks"], told["psk-group/ab/psks"])

    def test_blast_radius(self):
        rows = self.merged["blast-radius"]["blast_radius"]["secrets"]
        names = ("key_sha256", "psk_identity", "ticket_key_name", "public_value")
        merged = sorted((row["secret"], next(row[name] for name in names if name in row), row["sessions"], row["clients"],
                         row["servers"]) for row in rows)
        for told in self.each():
            self.assertEqual([(row["secret"], row["name"], row["sessions"], row["clients"], row["servers"])
                              for row in told["blast-radius/ab/blast"]], merged)
            psk = {sensors: [row["sessions"] for row in told["blast-radius/%s/blast" % sensors] if row["secret"] == "psk"]
                   for sensors in ("a", "b", "ab")}
            self.assertEqual(psk["ab"][0], psk["a"][0] + psk["b"][0])

    def test_installs(self):
        merged = sorted((row["device"]["mac"], row["asked"], row["obtained"], row["bytes"], row["encrypted"])
                        for row in self.merged["install-three-ways"]["install"]["transactions"])
        for told in self.each():
            self.assertEqual([(row["mac"], row["asked"], row["obtained"], row["bytes"], row["encrypted"])
                              for row in told["install-three-ways/ab/installs"]], merged)
            self.assertEqual([row["num_sensors"] for row in told["install-three-ways/ab/installs"]], [2] * len(merged))
            self.assertTrue(all(row["asked"] == 0 for row in told["install-three-ways/a/installs"]))
            self.assertTrue(all(row["mac"] is None for row in told["install-three-ways/b/installs"]))

    def test_long_chain(self):
        for told in self.each():
            self.assertEqual(told["chain/ab/linkability"], [{"sessions": CHAIN, "linkable": CHAIN, "subjects": 1, "moved": 0,
                                                             "largest": CHAIN, "at_several_sensors": 1}])

    def test_engines_agree(self):
        self.assertEqual(self.told["clickhouse"], self.told["duckdb"])


if __name__ == "__main__":
    if not (MODULES / "chdb").exists() or not (MODULES / "@duckdb").exists():
        print("skipped: chDB and DuckDB are not there: tests/sql/engines installs them from npm")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
