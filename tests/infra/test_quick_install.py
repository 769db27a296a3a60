"""install-deps.sh on machines that are not this one: apt-get, sudo and the rest are stand-ins."""

import os
import shutil
import unittest

import support

SCRIPT = support.ROOT / "install-deps.sh"


class Machine(support.Tree):
    """A PATH of its own, with stand-ins that log how they were called."""

    def setUp(self):
        super().setUp()
        for name in ("env", "sh", "readlink"):
            (self.root / "bin").mkdir(exist_ok=True)
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.script = self.write("checkout/install-deps.sh", SCRIPT.read_text())
        self.write("checkout/tests/interpreters.sh", f'echo "interpreters $*" >> {self.root}/log')

    def stand_in(self, name, body):
        self.write(f"bin/{name}", f"#!/bin/sh\n{body}\n").chmod(0o755)

    def debian(self, user, installed):
        self.stand_in("id", f"echo {user}")
        self.stand_in("apt-get", f'echo "apt-get $*" >> {self.root}/log')
        self.stand_in("dpkg-query", "echo installed" if installed else "exit 1")

    def install(self, *arguments):
        done = support.run(["/bin/sh", self.script, *arguments],
                           env={**os.environ, "PATH": str(self.root / "bin")})
        log = self.root / "log"
        return done, log.read_text().splitlines() if log.exists() else []

    def test_nothing_to_do(self):
        self.debian(user=1000, installed=True)
        done, log = self.install()
        self.assertEqual((done.returncode, done.stdout, log), (0, "Everything is installed.\n", []))
        done, log = self.install("tests")
        self.assertEqual((done.returncode, done.stdout, log),
                         (0, "Everything is installed.\n", ["interpreters .interpreters"]))

    def test_root_installs_after_one_update(self):
        self.debian(user=0, installed=False)
        done, log = self.install()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Installing: gcc", done.stdout)
        self.assertEqual(log[0], "apt-get update -q")
        self.assertRegex(log[1], r"^apt-get install -q -y --no-install-recommends gcc .*libzstd-dev")
        self.assertNotIn("valgrind", log[1])
        self.assertEqual(len(log), 2)

    def test_with_tests_it_installs_both(self):
        self.debian(user=0, installed=False)
        _, log = self.install("tests")
        self.assertRegex(log[1], r"gcc .* valgrind .*patchelf")
        self.assertEqual(log[2:], ["interpreters .interpreters"])

    def test_sudo_is_used_where_it_needs_no_password(self):
        self.debian(user=1000, installed=False)
        self.stand_in("sudo", f'echo "sudo $*" >> {self.root}/log; [ "$1" != -n ] || shift; "$@"')
        done, log = self.install()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sudo -n apt-get update -q", log)
        self.assertIn("apt-get update -q", log)

    def test_without_root_and_sudo_it_says_the_command(self):
        self.debian(user=1000, installed=False)
        done, log = self.install()
        self.assertEqual((done.returncode, log), (1, []))
        self.assertIn("apt-get install -y --no-install-recommends gcc", done.stderr)

    def test_elsewhere_it_says_what_to_install(self):
        done, _ = self.install("tests")
        self.assertEqual(done.returncode, 1)
        for word in ("C11 compiler", "zstd", "cppcheck"):
            self.assertIn(word, done.stderr)

    def test_a_wrong_word_is_refused(self):
        done, _ = self.install("everything")
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage", done.stderr)


if __name__ == "__main__":
    unittest.main()
