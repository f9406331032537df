"""tracked.py: the files of the source tree, for the checks of this folder."""
import os
import pathlib
import subprocess

NOT_OURS = {".git", "build", "__pycache__", ".cache"}


def tracked(root):
    """The files that git knows, or, in a tree that was not cloned, all files."""
    root = pathlib.Path(root).resolve()
    if (root / ".git").exists():
        found = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"], capture_output=True, check=False
        )
        if found.returncode == 0 and found.stdout:
            return [path for name in found.stdout.decode().split("\0") if name and (path := root / name).is_file()]
    paths = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_OURS)
        paths += [pathlib.Path(folder) / name for name in sorted(names)]
    return paths


def interpreter(path):
    """The program that a script is for, by its first line: sh, python3 … or None"""
    with open(path, "rb") as file:
        first = file.readline(200)
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode(errors="replace").split()
    return os.path.basename(words[-1]) if words else None


def close(total, faults):
    """Prints faults, rows of (path, what is wrong), and the count; the exit status."""
    for path, what in faults:
        print("%s: %s" % (path, what))
    bad = len({path for path, _ in faults})
    if total == 0:
        print("no file was found")
    print("%d passed, %d failed" % (total - bad, bad))
    return 1 if faults or total == 0 else 0
