#!/usr/bin/env python3
"""That perpass finds covert channels at their full rate, and tells nothing of endpoints without one.

    tests/covert/test_found.py --perpass PROGRAM [--endpoints N] [--clean N] [--keep FILE]

One capture: for each channel and payload some endpoints with it, among many without. How many of these have to be found
is below; what cannot be found is told in docs/covert.md. tests/covert/roc measures the same for lower rates.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import carriers
import channels
import packets
import trials

# Channel and payload, and how many of the endpoints have to be found.
WANTED = {
    ("ip-id", "plain"): 1.0, ("isn", "plain"): 1.0, ("ack", "plain"): 1.0, ("ack", "encrypted"): 1.0,
    ("ttl", "plain"): 1.0, ("ttl", "encrypted"): 1.0, ("dscp", "plain"): 1.0, ("dscp", "encrypted"): 1.0,
    ("flow-label", "plain"): 1.0, ("flow-label", "encrypted"): 1.0, ("ip-reserved", "encrypted"): 1.0,
    ("tcp-reserved", "encrypted"): 1.0, ("tcp-urgent", "encrypted"): 1.0, ("padn", "encrypted"): 1.0,
    ("ethernet", "plain"): 1.0, ("timing-onoff", "encrypted"): 1.0, ("timing-two", "encrypted"): 1.0,
    ("timing-jitter", "encrypted"): 1.0,
    ("nonce", "plain"): 1.0, ("ticket", "plain"): 1.0, ("session-id", "plain"): 1.0, ("heartbeat", "encrypted"): 1.0,
    ("starttls", "encrypted"): 1.0,
}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--perpass", type=Path, required=True)
    parser.add_argument("--endpoints", type=int, default=2)
    parser.add_argument("--clean", type=int, default=120)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--keep", type=Path, help="write the capture here as well")
    return parser.parse_args()


def make(options):
    """The frames of all, who has which channel, and who has none and does not talk to one who has."""
    frames, truth, clean = [], {}, set()
    for place, (name, payload) in enumerate(sorted(WANTED)):
        trial = trials.with_channel(name, 1, payload, options.seed, options.endpoints, 1000 * place)
        for client, capture, _, _ in trial:
            truth[str(client.ip)] = (name, payload)
            frames += [(packet.time_ns, packet.data) for packet in capture.packets]
    for number in range(options.clean):
        day = list(carriers.make_day(options.seed, number)[1])
        frames += day
        clean.update(packets.text_of(frame[26:30] if frame[12] == 8 else frame[22:38]) for _, frame in day)
    frames.sort(key=lambda frame: frame[0])
    return frames, truth, clean


def findings_of(options, path, folder):
    """Address -> rules of covert channels, but for what is told as info."""
    report = folder / "report.json"
    subprocess.run([options.perpass, "analyze", "--quiet", "--privacy", "raw", "--report", f"json:{report}", path],
                   check=True, timeout=600)
    told = defaultdict(set)
    for finding in json.loads(report.read_text())["findings"]:
        if finding["rule"].startswith("covert.") and finding["severity"] != "info":
            told[finding["subject"]["value"]].add(finding["rule"])
    return told


def judge(told, truth, clean):
    faults = []
    for (name, payload), share in sorted(WANTED.items()):
        rule = channels.CHANNELS[name].rule
        endpoints = [address for address, what in truth.items() if what == (name, payload)]
        found = [address for address in endpoints if rule in told[address]]
        print("%-16s %-9s %-24s %d of %d" % (name, payload, rule, len(found), len(endpoints)))
        if not endpoints or len(found) < share * len(endpoints):
            faults.append("%s (%s): %s is not told of %s" % (name, payload, rule, set(endpoints) - set(found)))
    for address in sorted(told):
        if address in clean and told[address]:
            faults.append("%s, which is clean: %s" % (address, ", ".join(sorted(told[address]))))
    print("%d clean endpoints" % len(clean))
    return faults


def main():
    options = parse_options()
    frames, truth, clean = make(options)
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "capture.pcap"
        with path.open("wb") as file:
            packets.write_header(file)
            for time_ns, frame in frames:
                packets.write_frame(file, time_ns, frame)
        faults = judge(findings_of(options, path, Path(folder)), truth, clean)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
