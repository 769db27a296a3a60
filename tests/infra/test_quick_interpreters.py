"""How interpreters are fetched and found, on machines that have none: nothing here uses the network."""

import os
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

SCRIPT = support.ROOT / "tests" / "interpreters.sh"


class Fetching(support.Tree):
    """A PATH of its own, with stand-ins for what would reach the mirror."""

    def setUp(self):
        super().setUp()
        (self.root / "bin").mkdir()
        for name in ("cat", "grep", "head", "mkdir", "mktemp", "rm", "rmdir", "sed", "sh", "tail"):
            (self.root / "bin" / name).symlink_to(shutil.which(name))

    def stand_in(self, path, body):
        self.write(path, f"#!/bin/sh\n{body}\n").chmod(0o755)

    def debian(self, apt_get):
        self.stand_in("bin/apt-get", apt_get)
        for name in ("dpkg-deb", "patchelf", "apt-cache"):
            self.stand_in(f"bin/{name}", "exit 1")

    def fetch(self, *arguments):
        return support.run(["/bin/sh", SCRIPT, *arguments], cwd=self.root,
                           env={"PATH": str(self.root / "bin")})

    def check_skipped(self, reason):
        done = self.fetch("versions")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertRegex(done.stdout, f"interpreters: skipped: {reason}")
        self.assertFalse((self.root / "versions").exists())

    def test_elsewhere_it_says_what_is_missing(self):
        self.check_skipped("apt-get is not installed")

    def test_without_a_mirror(self):
        self.debian("true")
        self.check_skipped("this is no Debian with a configured mirror")

    def test_without_network(self):
        if "ID=debian\n" not in pathlib.Path("/etc/os-release").read_text():
            self.skipTest("elsewhere the mirror is not even looked for")
        self.debian(f'[ "$1" = indextargets ] || {{ echo "E: no route"; exit 100; }}\n'
                    f'echo "http://mirror.invalid/debian {self.root}/sources:1"')
        self.write("sources", "Types: deb\nSigned-By: /keys/debian.gpg\n")
        self.check_skipped("the mirror cannot be read: E: no route")

    def test_what_is_there_stays(self):
        self.stand_in("versions/usr/bin/python3.14", "exit 0")
        done = self.fetch("versions")
        self.assertEqual((done.returncode, done.stdout), (0, "interpreters: there already: python3.14\n"))

    def test_wrong_words_are_refused(self):
        for words in ((), ("--all",), ("--all", "versions"), ("one", "two")):
            done = self.fetch(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("usage", done.stderr)


class Finding(support.Tree):
    def answer(self, **differences):
        """What is found if an interpreter answers this."""
        header = self.write("include/Python.h", "")
        answer = {"version": [3, 13, 1], "path": "/x/python3.13", "implementation": "cpython", "tests": None,
                  "free_threaded": True, "header": str(header), **differences}
        command = self.write("python", f"#!/bin/sh\necho '{interpreters.json.dumps(answer)}'\n")
        command.chmod(0o755)
        interpreters.ask.cache_clear()
        self.addCleanup(interpreters.ask.cache_clear)
        return interpreters.ask(str(command))

    def test_one_that_can_be_built_for(self):
        found = self.answer()
        self.assertEqual((found.version, found.path, found.free_threaded), ((3, 13, 1), "/x/python3.13", True))
        self.assertEqual(interpreters.name(found), "3.13.1t")

    def test_those_that_cannot(self):
        for difference in ({"version": [3, 8, 18]}, {"version": [3, 16, 0]}, {"implementation": "pypy"},
                           {"header": "/nowhere/Python.h"}):
            self.assertIsNone(self.answer(**difference), difference)
        self.assertIsNone(interpreters.ask("no-such-python"))
        self.assertIsNone(interpreters.ask(shutil.which("false")))

    def test_each_has_a_folder_of_its_own(self):
        found = interpreters.everything()
        folders = {interpreters.output_folder(each) for each in found}
        self.assertEqual(len(folders), len(found))
        self.assertTrue({os.path.realpath(each.path) for each in interpreters.find()} <=
                        {os.path.realpath(each.path) for each in found})


if __name__ == "__main__":
    unittest.main()
