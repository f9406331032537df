#!/usr/bin/env python3
"""Every line of events is as docs/events.schema.json says.

    events_schema.py SCHEMA --writer TEST_EVENT_WRITER [--perpass PERPASS --captures FILE...]

Validates events of every type that test_event_writer fills, and those of perpass over captures under each
privacy policy. Then breaks some lines, each of which has to be refused.
"""
import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    sys.exit("events_schema.py needs jsonschema: apt-get install python3-jsonschema")

POLICIES = ("strict", "internal", "raw")


def by_dataset(schema):
    """A validator for each event.dataset: its messages are clearer than those of oneOf."""
    validators = {}
    for name in schema["$defs"]:
        if name.startswith("perpass."):
            one = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": "#/$defs/" + name}
            validators[name] = jsonschema.Draft202012Validator(
                one, format_checker=jsonschema.FormatChecker())
    return validators


def faults(validators, event):
    validator = validators.get(event.get("event", {}).get("dataset"))
    if validator is None:
        return ["no such event.dataset"]
    return ["/".join(map(str, e.absolute_path)) + ": " + e.message
            for e in validator.iter_errors(event)]


def check_lines(validators, lines, origin, seen):
    wrong = 0
    for number, line in enumerate(lines, 1):
        event = json.loads(line)
        for fault in faults(validators, event):
            print(f"{origin}:{number}: {fault[:300]}")
            wrong += 1
        seen.setdefault(event["event"]["dataset"], event)
    return wrong


def break_event(event, how):
    broken = copy.deepcopy(event)
    how(broken)
    return broken


BREAKS = {
    "no @timestamp": lambda e: e.pop("@timestamp"),
    "no event.id": lambda e: e["event"].pop("id"),
    "a time without nanoseconds": lambda e: e.update({"@timestamp": "2023-11-14T22:13:20Z"}),
    "a token in source.ip": lambda e: e["source"].update({"ip": "address:" + 32 * "0"}),
    "a port as text": lambda e: e["source"].update({"port": "443"}),
    "an unknown member": lambda e: e["perpass"].update({"surprise": 1}),
    "an invented name under tls": lambda e: e.setdefault("tls", {}).update({"surprise": "x"}),
    "a null": lambda e: e["network"].update({"protocol": None}),
}


def check_breaks(validators, event):
    wrong = 0
    for name, how in BREAKS.items():
        if not faults(validators, break_event(event, how)):
            print(f"the schema accepts {name}")
            wrong += 1
    return wrong


def events_of_writer(writer):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.ndjson")
        subprocess.run([writer, path], check=True, timeout=60)
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()


def events_of_capture(perpass, capture, policy):
    command = [perpass, "analyze", "--quiet", "--privacy", policy, "--flows", "--observations",
               "--events", "-", capture]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout.decode("utf-8").splitlines()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("schema")
    parser.add_argument("--writer", required=True)
    parser.add_argument("--perpass")
    parser.add_argument("--captures", nargs="*", default=[])
    options = parser.parse_args()
    with open(options.schema, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validators = by_dataset(schema)

    seen = {}
    lines = events_of_writer(options.writer)
    wrong = check_lines(validators, lines, "writer", seen)
    total = len(lines)
    missing = sorted(set(validators) - set(seen))
    if missing:
        print("no event of:", ", ".join(missing))
        wrong += 1
    for capture in options.captures:
        for policy in POLICIES:
            lines = events_of_capture(options.perpass, capture, policy)
            wrong += check_lines(validators, lines, f"{capture} ({policy})", {})
            total += len(lines)
            if not lines:
                print(f"{capture} ({policy}): no events, not even statistics")
                wrong += 1
    wrong += check_breaks(validators, seen["perpass.tls.client_hello"])
    print(f"{total} events of {len(options.captures)} captures and every type, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
