"""outputs.py: all that perpass says of captures, for tests that compare it byte by byte."""
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "00" * 32
TIME_LIMIT = 300  # seconds for one run


def captures_of(folders):
    """the capture files below |folders|, or below pcaps/"""
    return sorted(path for folder in folders or [ROOT / "pcaps"] for path in folder.rglob("*")
                  if path.is_file() and (".pcap" in path.name or path.suffix in (".cap", ".snoop")))


def outputs_of(perpass, captures, *options, formats=("json",)):
    """what was said, by name, in the order in which differences are best told"""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_text(KEY + "\n")
        files = {"events": folder / "events", **{name: folder / ("report." + name) for name in formats}}
        words = [word for name in formats for word in ("--report", f"{name}:{files[name]}")]
        run = subprocess.run(
            [perpass, "analyze", "--quiet", "--privacy", "internal", "--pseudonym-key", key, "--flows",
             "--observations", "--events", files["events"], *words, *options, *captures],
            capture_output=True, timeout=TIME_LIMIT, check=False)
        said = {"status": str(run.returncode).encode(), "messages": run.stderr}
        said.update((name, path.read_bytes()) for name, path in files.items())
        return said


def first_difference(one, other):
    for number, (a, b) in enumerate(zip(one.splitlines(), other.splitlines()), 1):
        if a != b:
            return f"line {number}:\n    {a[:400]!r}\n    {b[:400]!r}"
    return f"{len(one)} bytes and {len(other)}"


def same(results, name):
    """whether all of |results|, a dict of dicts, are the same; says what is not"""
    (first, wanted), *others = results.items()
    for other, said in others:
        for part, text in wanted.items():
            if text != said[part]:
                print(f"{name}: {part} differ between {first} and {other}: {first_difference(text, said[part])}")
                return False
    return True
