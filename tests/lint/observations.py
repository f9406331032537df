"""For gdb: see tests/lint/observations."""

import gdb
import re
import sys

SPAN_ROWS = ("FIELD_BYTES", "FIELD_STRING", "FIELD_ADDRESS", "FIELD_MAC", "FIELD_LIST")
OTHER_STRUCTS = {"malformed": "fault_observation", "cut": "fault_observation",
                 "covert_endpoint": "covert_endpoint_told"}


def struct_of(name):
    for tag in (OTHER_STRUCTS.get(name), name, name + "_observation"):
        try:
            if tag is not None:
                return gdb.lookup_type("struct " + tag)
        except gdb.error:
            continue
    return None


def pointers(kind, base, path):
    """(offset, path) of every member that leads elsewhere; texts are the program's own and stay."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT and kind.tag == "span":
        yield base, path
    elif kind.code == gdb.TYPE_CODE_STRUCT:
        for member in kind.fields():
            yield from pointers(member.type, base + member.bitpos // 8, f"{path}.{member.name}")
    elif kind.code == gdb.TYPE_CODE_ARRAY:
        item = kind.target()
        for i in range(kind.range()[1] + 1):
            yield from pointers(item, base + i * item.sizeof, f"{path}[{i}]")
    elif kind.code == gdb.TYPE_CODE_PTR:
        target = kind.target().strip_typedefs().unqualified()
        if str(target) != "char":
            yield base, path


def listed(observation):
    for i in range(int(observation["num_fields"])):
        row = observation["fields"][i]
        if str(row["type"]) in SPAN_ROWS:
            yield int(row["offset"])
    for i in range(int(observation["num_parts"])):
        part = observation["parts"][i]
        for n in range(max(1, int(part["repeat"]))):
            yield int(part["offset"]) + n * int(part["stride"])


def main():
    names = set(re.findall(r"\bobservation_(\w+);", gdb.execute("info variables ^observation_", to_string=True)))
    if not names:
        print("skipped: the program has no debug information")
        return 77
    failed = 0
    checked = 0
    for name in sorted(names):
        observation = gdb.parse_and_eval("observation_" + name)
        if observation.type.strip_typedefs().unqualified().tag != "observation_type":
            continue
        struct = struct_of(name)
        if struct is None or struct.sizeof != int(observation["size"]):
            print(f"observation_{name}: its struct is not found, or has another size")
            failed += 1
            continue
        known = set(listed(observation))
        for offset, path in pointers(struct, 0, ""):
            if offset not in known:
                print(f"observation_{name}: neither row nor part for {path[1:]}")
                failed += 1
        checked += 1
    print(f"{checked} observations checked, {failed} members missing")
    return 1 if failed or not checked else 0


sys.stdout.flush()
gdb.execute(f"quit {main()}")
