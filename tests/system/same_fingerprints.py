#!/usr/bin/env python3
"""same_fingerprints.py PERPASS OLD NEW: baselines of the captures in the folder OLD hold for those in NEW.

NEW has some of the folders of OLD, with captures that were made again. Compares the baselines of both, without a key
and with one.
"""
import pathlib
import subprocess
import sys
import tempfile

perpass, old, new = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
num = failed = 0
with tempfile.TemporaryDirectory() as folder:
    key, baseline = pathlib.Path(folder, "key"), pathlib.Path(folder, "baseline")
    key.write_bytes(32 * b"k")
    key.chmod(0o600)

    def lines(capture, words):
        command = [perpass, "analyze", "--quiet", "--write-baseline", str(baseline), *words, str(capture)]
        done = subprocess.run(command, stderr=subprocess.PIPE, timeout=60)
        if done.returncode not in (0, 3):
            sys.exit("%s: %s" % (" ".join(command), done.stderr.decode()))
        return set(baseline.read_text(encoding="utf-8").splitlines())

    for again in sorted(new.glob("*/capture.*")):
        num += 1
        wrong = False
        for words in ([], ["--pseudonym-key", str(key)]):
            before, after = lines(old / again.parent.name / again.name, words), lines(again, words)
            for line in sorted(before ^ after):
                print("%s: only in the %s one: %s" % (again.parent.name, "old" if line in before else "new", line))
                wrong = True
        failed += wrong
print("fingerprints of %d captures, %d of them others than before" % (num, failed))
sys.exit(failed > 0 or num == 0)
