"""make install into a prefix of its own: what is there works without the build tree, and uninstall leaves nothing."""

import os
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

WORK = "import time\ndef work():\n    end = time.time() + 0.3\n    while time.time() < end:\n        sum(range(100))\nwork()\n"


class Installed(support.Tree):
    def setUp(self):
        super().setUp()
        self.prefix = self.root / "prefix"
        self.make("install")

    def make(self, target):
        plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}
        done = support.run(["make", "-s", "-C", support.ROOT, f"O={support.build()}", f"PREFIX={self.prefix}",
                            f"PYTHON={' '.join(map(str, support.interpreters()))}", target], env=plain, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def environment(self):
        plain = {key: value for key, value in os.environ.items() if not key.startswith("MICROLOG")}
        return {**plain, "PYTHONPATH": str(self.prefix / "lib" / "microlog" / "python"),
                "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}"}

    def run_here(self, *words):
        done = support.run(words, cwd=self.root, env=self.environment())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_records_and_analyses(self):
        self.run_here(support.interpreters()[0], "-m", "microlog", self.write("program.py", WORK))
        self.assertIn("work", self.run_here("microlog-analyze", "run.mlog", "--plugins", "all", "--format", "html,json,text"))
        self.assertTrue((self.root / "run.html").exists())
        self.assertIn(str(self.prefix), self.run_here("microlog-analyze", "info", "hotspots"))
        self.assertIn("growth", self.run_here(support.interpreters()[0], "-m", "microlog", "examples"))

    def test_builds_a_new_plugin(self):
        self.run_here("microlog-analyze", "new", "hello")
        self.run_here("make", "-s", "-C", "hello")
        self.run_here("microlog-analyze", "check", "hello/hello.so")

    def test_uninstall_leaves_nothing(self):
        self.assertGreater(len(list(self.prefix.rglob("*.so"))), 12)
        self.make("uninstall")
        self.assertEqual([path for path in self.prefix.rglob("*") if path.is_file()], [])


if __name__ == "__main__":
    unittest.main()
