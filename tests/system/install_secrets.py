#!/usr/bin/env python3
"""install_secrets.py PERPASS PCAPS: no secret of a configuration gets into any output, under any policy.

The secrets are those that pcaps/install-three-ways/case.py put into its configurations. They are in the capture; then
they are looked for in everything that perpass writes about it: as they are, as hexadecimal, in base64.
"""
import base64
import importlib.util
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True


def secrets_of(case):
    spec = importlib.util.spec_from_file_location("case", case)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(case.parent.parent))
    spec.loader.exec_module(module)
    return [secret.encode() for secret in module.SECRETS]


def forms(secret):
    """The secret, its hexadecimal digits, and base64 of it at each of three places, without what neighbours share."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + secret)
        yield whole[4 if shift else 0:-4]


def is_in(secret, text):
    return any(form in text for form in forms(secret))


def outputs(perpass, capture, policy, folder):
    """Everything that perpass writes, by name."""
    report = [folder / f"{policy}.{kind}" for kind in ("json", "txt")]
    events = folder / f"{policy}.ndjson"
    argv = [perpass, "analyze", "--privacy", policy, "--verbose"]
    full = subprocess.run([*argv, "--events", events, "--observations", "--flows",
                           *(word for path in report for word in ("--report", path)), capture],
                          capture_output=True, check=True, timeout=60)
    screen = subprocess.run([*argv, capture], capture_output=True, check=True, timeout=60)
    texts = {path.name: path.read_bytes() for path in (*report, events)}
    texts |= {f"{policy} messages": full.stderr, f"{policy} summary": screen.stdout + screen.stderr}
    return texts


def main():
    perpass, pcaps = sys.argv[1], pathlib.Path(sys.argv[2])
    case = pcaps / "install-three-ways"
    capture = case / "capture.pcap"
    secrets = secrets_of(case / "case.py")
    faults = [f"{secret!r} is not in the capture" for secret in secrets if not is_in(secret, capture.read_bytes())]
    with tempfile.TemporaryDirectory(prefix="perpass-secrets-") as scratch:
        texts = {}
        for policy in ("strict", "internal", "raw"):
            texts |= outputs(perpass, capture, policy, pathlib.Path(scratch))
    for name, text in texts.items():
        faults += [f"{name} gives {secret!r} away" for secret in secrets if is_in(secret, text)]
    faults += [f"{name} does not tell of the secrets" for name, text in texts.items()
               if name.endswith((".json", ".txt", ".ndjson")) and b"install.secret-exposed" not in text]
    for fault in faults:
        print(fault)
    print(f"{len(secrets)} secrets, {len(texts)} outputs, {len(faults)} faults")
    return 1 if faults or len(secrets) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
