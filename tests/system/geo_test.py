#!/usr/bin/env python3
"""geo_test.py PERPASS: --geoip with databases by MaxMind's writer: events, reports, findings, and files that are none.

Exit status 77 where the writer (libmaxmind-db-writer-perl) or libmaxminddb is missing: skipped.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PCAPS = HERE.parent.parent / "pcaps"
SKIPPED = 77


def run(perpass, *words, status=0):
    done = subprocess.run([perpass, "analyze", *map(str, words)], capture_output=True, timeout=60, check=False)
    if done.returncode != status:
        sys.exit(f"{words}: status {done.returncode}, not {status}: {done.stderr.decode()}")
    return done.stdout.decode(), done.stderr.decode()


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got!r}, not {wanted!r}")


def events(perpass, *words):
    out, _ = run(perpass, "--flows", "--events", "-", *words)
    return [json.loads(line) for line in out.splitlines()]


def check_events(perpass, city, asn, privacy):
    """All of server and client are in 192.0.2.0/24; only the server, .1, is within the known /28, as is .10."""
    capture = PCAPS / "clear-logins" / "capture.pcap"
    flows = [e for e in events(perpass, "--privacy", privacy, "--geoip", city, "--geoip", asn, capture)
             if e["event"]["dataset"] == "perpass.flow"]
    expect("flows", len(flows) > 0, True)
    for event in flows:
        for end in ("source", "destination"):
            expect("country", event[end]["geo"]["country_iso_code"], "DE")
            expect("number", event[end]["as"]["number"], 64496)
            name = event[end]["as"]["organization"]["name"]
            expect("organization without control characters", "\u202e" in name, False)
        if privacy == "strict":
            expect("pseudonym", event["destination"]["ip"] != "192.0.2.1", True)


def check_ipv6(perpass, city):
    flows = [e for e in events(perpass, "--geoip", city, PCAPS / "vlan-ipv6" / "capture.pcap")
             if e["event"]["dataset"] == "perpass.flow"]
    expect("IPv6", {e["destination"]["geo"]["country_iso_code"] for e in flows}, {"FR"})
    expect("no number", any("as" in e["destination"] for e in flows), False)


def check_reports(perpass, city, asn, folder):
    capture, report = PCAPS / "clear-logins" / "capture.pcap", os.path.join(folder, "report.json")
    page = os.path.join(folder, "report.html")
    out, _ = run(perpass, "--geoip", city, "--geoip", asn, "--report", f"json:{report}", "--report", "txt:-",
                 "--report", page, capture)
    text = pathlib.Path(page).read_text(encoding="utf-8")
    expect("row of the page", "DE, AS64496 &lt;b&gt;Example" in text, True)
    expect("page without markup of a database", "<b>Example" in text or "\u202e" in text, False)
    with open(report, encoding="utf-8") as file:
        places = json.load(file)["places"]["places"]
    expect("places", len(places), 1)
    expect("country", places[0]["country"], "DE")
    expect("hosts", places[0]["hosts"], 1)
    expect("line", "- DE, AS64496 <b>Example" in out, True)
    run(perpass, "--geoip", city, "--home-net", "192.0.2.0/24", "--report", f"json:{report}", capture)
    with open(report, encoding="utf-8") as file:
        expect("at home", json.load(file).get("places", {}).get("places", []), [])


def check_install(perpass, city, asn, folder):
    report = os.path.join(folder, "report.json")
    run(perpass, "--geoip", city, "--geoip", asn, "--home-net", "203.0.113.0/24", "--report", f"json:{report}",
        PCAPS / "install-three-ways" / "capture.pcap")
    with open(report, encoding="utf-8") as file:
        found = [f for f in json.load(file)["findings"] if f["rule"] == "install.off-site-server"]
    expect("off-site servers", len(found) > 0, True)
    for finding in found:
        expect("country", finding["evidence"]["country"], "DE")
        expect("number", finding["evidence"]["as_number"], 64496)


def check_refused(perpass, city, folder):
    capture = PCAPS / "clear-logins" / "capture.pcap"
    whole = pathlib.Path(city).read_bytes()
    broken = os.path.join(folder, "broken.mmdb")
    for name, data in (("empty", b""), ("text", b"no database"), ("half", whole[:len(whole) // 2])):
        pathlib.Path(broken).write_bytes(data)
        _, told = run(perpass, "--geoip", broken, capture, status=2)
        expect(name, "is no database of places that can be read" in told, True)
    _, told = run(perpass, "--geoip", os.path.join(folder, "none"), capture, status=2)
    expect("none", "none is no database" in told, True)
    # What is damaged behind its metadata may open; it must not break anything.
    for at in range(0, len(whole), 7):
        pathlib.Path(broken).write_bytes(whole[:at] + bytes([whole[at] ^ 0xA5]) + whole[at + 1:])
        done = subprocess.run([perpass, "analyze", "--quiet", "--geoip", broken, str(capture)],
                              capture_output=True, timeout=60, check=False,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        expect(f"byte {at}", done.returncode in (0, 2), True)


def main():
    perpass = sys.argv[1]
    version = subprocess.run([perpass, "version"], capture_output=True, check=True).stdout.decode()
    if "libmaxminddb" not in version:
        print("skipped: perpass was built without libmaxminddb")
        return SKIPPED
    if subprocess.run(["perl", "-MMaxMind::DB::Writer::Tree", "-e1"], capture_output=True, check=False).returncode != 0:
        print("skipped: MaxMind::DB::Writer is not installed: apt-get install libmaxmind-db-writer-perl")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["perl", HERE / "make_places.pl", folder], check=True)
        city, asn = os.path.join(folder, "city.mmdb"), os.path.join(folder, "asn.mmdb")
        for privacy in ("strict", "internal", "raw"):
            check_events(perpass, city, asn, privacy)
        check_ipv6(perpass, city)
        check_reports(perpass, city, asn, folder)
        check_install(perpass, city, asn, folder)
        check_refused(perpass, city, folder)
    print("geo: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
