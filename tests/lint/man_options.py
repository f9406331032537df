#!/usr/bin/env python3
"""man_options.py PROGRAM MANUAL [COMMAND...]: checks that the manual page and --help tell of the same options.

For each command, or for a program without commands: every option of `PROGRAM COMMAND --help`, with its value, has its
entry in the section "OPTIONS OF PERPASS COMMAND" (or of the program) of the scdoc source MANUAL, in the same order,
and there is no other entry.
"""
import pathlib
import re
import subprocess
import sys


def help_options(program, command):
    text = subprocess.run([program] + ([command] if command else []) + ["--help"], check=True, capture_output=True, text=True,
                          timeout=20).stdout
    return re.findall(r"^  (--\S+(?: \S+)?)$", text, re.M)


def manual_options(manual, command):
    heading = "# OPTIONS OF %s\n" % ("PERPASS " + command if command else "PERPASS-PROBE").upper()
    if heading not in manual:
        return []
    section = manual.split(heading)[1].split("\n# ")[0]
    lines = re.findall(r"^(\*--.*)$", section, re.M)
    return [re.sub(r"[*_]", "", line) for line in lines]


def is_left_out(program, command, option):
    """whether this build lacks the library that the option needs"""
    done = subprocess.run([program] + ([command] if command else []) + option.split(), capture_output=True, text=True,
                          timeout=20, check=False)
    return done.returncode == 2 and "was built without" in done.stderr


def main():
    program, path, *commands = sys.argv[1:]
    manual = pathlib.Path(path).read_text(encoding="utf-8")
    wrong = 0
    for command in commands or [None]:
        told, written = help_options(program, command), manual_options(manual, command)
        if not told:
            print("%s --help tells no options" % (command or program))
            wrong += 1
        for option in told:
            if option not in written:
                print("%s: %s is in --help, not in the manual" % (command, option))
                wrong += 1
        for option in written:
            if option not in told and not is_left_out(program, command, option):
                print("%s: %s is in the manual, not in --help" % (command, option))
                wrong += 1
        written = [option for option in written if option in told]
        if not wrong and told != written:
            print("%s: the manual has the options in another order" % command)
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())
