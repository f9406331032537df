#!/usr/bin/env python3
"""Tests tools/install with an apt, a dpkg and a sudo that only write down what is asked of them, and
tools/count-tests with what ctest writes."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

APT = 'echo "apt-get $DEBIAN_FRONTEND $*" >>"$CALLS"\n'
DPKG = 'for last; do :; done\ncase " $INSTALLED " in *" $last "*) printf installed ;; *) exit 1 ;; esac\n'
SUDO = 'echo sudo >>"$CALLS"\nexec "$@"\n'
NEEDED = ("rm", "sh", "sed", "dirname", "mkdir", "env", "grep", "tail", "cat")


class ToolInTree(unittest.TestCase):
    """A tool of tools/ in a tree of its own, with a PATH that has nothing but what the test puts there"""

    TOOL = None
    LISTS = {}  # what tools/packages-NAME hold

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        for name in ("bin", "tools"):
            (self.root / name).mkdir()
        shutil.copy(ROOT / "tools" / self.TOOL, self.root / "tools")
        for name, text in self.LISTS.items():
            (self.root / "tools" / ("packages-" + name)).write_text(text)
        for name in NEEDED:
            (self.root / "bin" / name).symlink_to(shutil.which(name))

    def program(self, name, text):
        path = self.root / "bin" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def run_tool(self, *arguments, **environment):
        return subprocess.run([self.root / "bin" / "sh", self.root / "tools" / self.TOOL, *arguments],
                              env={"PATH": str(self.root / "bin"), **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)


class Install(ToolInTree):
    TOOL = "install"
    LISTS = {"some": "# a comment\nbread\n\nbutter # soft\n", "more": "butter\njam\n"}

    def setUp(self):
        super().setUp()
        self.calls = self.root / "calls"
        self.calls.write_text("")
        self.program("apt-get", APT)
        self.program("dpkg-query", DPKG)
        self.user(0)

    def user(self, number):
        self.program("id", "echo %d\n" % number)

    def install(self, *lists, installed=""):
        return self.run_tool(*lists, CALLS=str(self.calls), INSTALLED=installed)

    def asked(self):
        return self.calls.read_text().splitlines()

    def test_does_nothing_where_nothing_is_missing(self):
        run = self.install("some", "more", installed="jam butter bread")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        self.assertEqual(self.asked(), [])

    def test_installs_by_name_what_is_missing(self):
        run = self.install("some", installed="bread")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.stderr, "perpass: installing butter\n")
        update, install = self.asked()
        self.assertTrue(update.startswith("apt-get noninteractive ") and update.endswith(" update"), update)
        self.assertTrue(install.endswith(" install --no-install-recommends butter"), install)

    def test_joins_lists(self):
        self.assertEqual(self.install("some", "more").returncode, 0)
        self.assertRegex(self.asked()[1], "--no-install-recommends bread butter jam$")

    def test_uses_sudo_and_still_asks_nothing(self):
        self.user(1000)
        self.program("sudo", SUDO)
        self.assertEqual(self.install("some").returncode, 0)
        self.assertEqual(self.asked()[0], "sudo")
        self.assertIn("noninteractive", self.asked()[1])

    def test_says_what_it_may_not_install(self):
        self.user(1000)
        run = self.install("some", installed="bread")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, "perpass: root or sudo is needed to install: butter\n")
        self.assertEqual(self.asked(), [])

    def test_says_what_it_cannot_install_without_apt(self):
        (self.root / "bin" / "apt-get").unlink()
        run = self.install("some", installed="bread")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, "^perpass: this system has no apt-get; please install .*: butter\n$")

    def test_leaves_it_to_the_build_without_dpkg(self):
        (self.root / "bin" / "dpkg-query").unlink()
        run = self.install("some")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stderr, "^perpass: this system has no dpkg; .*: bread butter\n$")
        self.assertEqual(self.asked(), [])

    def test_says_why_apt_failed(self):
        self.program("apt-get", APT + 'case "$*" in *install*) echo "E: no such package"; exit 100 ;; esac\n')
        run = self.install("some")
        self.assertEqual(run.returncode, 1)
        self.assertIn("E: no such package\n", run.stderr)
        self.assertTrue(run.stderr.endswith("perpass: these packages could not be installed: bread butter\n"))

    def test_goes_on_with_old_lists(self):
        self.program("apt-get", APT + 'case "$*" in *update) exit 100 ;; esac\n')
        run = self.install("some")
        self.assertEqual(run.returncode, 0)
        self.assertIn("could not be updated", run.stderr)

    def test_refuses_a_list_that_is_not_there(self):
        run = self.install("none")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, "perpass: there is no list of packages tools/packages-none\n")

    def test_lists_of_this_tree(self):
        for path in (ROOT / "tools").glob("packages-*"):
            names = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
            names = [name for name in names if name]
            self.assertTrue(names, path)
            self.assertEqual(len(names), len(set(names)), path)
            for name in names:
                self.assertRegex(name, r"^[a-z0-9][a-z0-9+.-]+$", path)


def junit(*cases):
    rows = ["<testcase name='%s' status='%s'>%s<system-out>%s</system-out></testcase>" % case for case in cases]
    return "<?xml version='1.0'?><testsuite>%s</testsuite>" % "".join(rows)


CMOCKA = "[==========] 3 test(s) run.\n[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:\n"
SKIP = "<skipped message='SKIP_RETURN_CODE=77'/>"
ABSENT = "<skipped message='Unable to find executable'/>"
FAILURE = "<failure message=''/>"

# what ctest wrote; the last line; the exit status
COUNTS = {
    "one program, one case": ([("a", "run", "", "")], "1 passed, 0 failed, 0 skipped", 0),
    "cases of a program": ([("a", "run", "", "said\n4 passed, 0 failed\n")], "4 passed, 0 failed, 0 skipped", 0),
    "its skipped cases": ([("a", "run", "", "4 passed, 0 failed, 2 skipped")], "4 passed, 0 failed, 2 skipped", 0),
    "a prefix": ([("a", "run", "", "lint: 4 passed, 0 failed")], "4 passed, 0 failed, 0 skipped", 0),
    "cmocka": ([("a", "fail", FAILURE, CMOCKA)], "2 passed, 1 failed, 0 skipped", 1),
    "a sum": ([("a", "run", "", "2 passed, 0 failed"), ("b", "run", "", "")], "3 passed, 0 failed, 0 skipped", 0),
    "a failure": ([("a", "run", "", ""), ("b", "fail", FAILURE, "")], "1 passed, 1 failed, 0 skipped", 1),
    "a crash after counting": ([("a", "fail", FAILURE, "9 passed, 0 failed")], "9 passed, 1 failed, 0 skipped", 1),
    "skipped by status": ([("a", "run", "", ""), ("b", "notrun", SKIP, "no root")],
                          "1 passed, 0 failed, 1 skipped", 0),
    "disabled": ([("a", "run", "", ""), ("b", "disabled", "", "Disabled")], "1 passed, 0 failed, 1 skipped", 0),
    "a program that was not built": ([("a", "run", "", ""), ("b", "notrun", ABSENT, "Unable to find executable")],
                                     "1 passed, 1 failed, 0 skipped", 1),
    "a program that ran no case": ([("a", "run", "", ""), ("b", "run", "", "0 passed, 0 failed")],
                                   "1 passed, 1 failed, 0 skipped", 1),
    "nothing but skipped": ([("a", "notrun", SKIP, "")], "0 passed, 0 failed, 1 skipped", 1),
    "no test": ([], "0 passed, 0 failed, 0 skipped", 1),
}


class Unpack(ToolInTree):
    TOOL = "unpack"
    LISTS = {"unpacked": "# a comment\nbread\nbutter # soft\n"}

    def unpack(self):
        done = self.run_tool()
        self.assertEqual(done.returncode, 0, done.stderr)
        found = self.root / "build" / "unpacked"
        return sorted(p.name for p in found.glob("*.there")), done.stderr

    def test_unpacks_once(self):
        self.program("apt-get", 'echo "$4" >"$4_1.0_all.deb"; echo "$4" >>"${0%/*}/../calls"\n')
        self.program("dpkg", 'read -r name <"$2"; : >"$3/$name.there"\n')
        self.assertEqual(self.unpack(), (["bread.there", "butter.there"], ""))
        self.assertEqual(self.unpack(), (["bread.there", "butter.there"], ""))
        self.assertEqual((self.root / "calls").read_text(), "bread\nbutter\n")

    def test_goes_on_without_what_cannot_be_had(self):
        self.program("apt-get", '[ "$4" = butter ] && echo "$4" >"$4_1.0_all.deb"\n')
        self.program("dpkg", 'read -r name <"$2"; : >"$3/$name.there"\n')
        found, told = self.unpack()
        self.assertEqual(found, ["butter.there"])
        self.assertIn("bread could not be unpacked", told)

    def test_without_apt(self):
        found, told = self.unpack()
        self.assertEqual(found, [])
        self.assertIn("no apt-get", told)


class CountTests(unittest.TestCase):
    def count(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "tests.xml"
            path.write_text(text)
            return subprocess.run([sys.executable, ROOT / "tools" / "count-tests", path], capture_output=True,
                                  text=True, check=False)

    def test_rows(self):
        for name, (cases, line, status) in COUNTS.items():
            with self.subTest(name):
                run = self.count(junit(*cases))
                self.assertEqual((run.stdout.splitlines()[-1], run.returncode), (line, status))

    def test_names_what_failed_and_why_something_was_skipped(self):
        run = self.count(junit(("good", "run", "", ""), ("bad", "fail", FAILURE, ""),
                               ("left", "notrun", SKIP, "at first\nno root\n")))
        self.assertEqual(run.stdout.splitlines()[:2], ["failed: bad", "skipped: left: no root"])

    def test_no_file(self):
        self.assertNotEqual(self.count("").returncode, 0)

    @unittest.skipUnless(shutil.which("ctest"), "there is no ctest")
    def test_the_end_of_a_long_output_is_counted(self):
        """tools/test must keep ctest from cutting output off before the counts."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "CTestTestfile.cmake").write_text(
                'add_test(long "%s" "-c" "seq 100000; echo 7 passed, 0 failed")\n' % shutil.which("sh"))
            text = (ROOT / "tools" / "test").read_text()
            limits = [word for word in text.split() if word.startswith("--test-output-size") or word == "4000000"]
            subprocess.run(["ctest", *limits, "--output-junit", "tests.xml"], cwd=path, capture_output=True,
                           check=True)
            self.assertIn("7 passed, 0 failed, 0 skipped", self.count((path / "tests.xml").read_text()).stdout)


if __name__ == "__main__":
    os.environ.pop("CTEST_OUTPUT_ON_FAILURE", None)
    done = unittest.main(exit=False).result
    bad = len({test.id().split(" ")[0] for test, _ in done.failures + done.errors})
    left = len(done.skipped)
    print("%d passed, %d failed, %d skipped" % (done.testsRun - bad - left, bad, left))
    sys.exit(not done.wasSuccessful())
