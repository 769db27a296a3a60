"""pip install ./recorder from a clean clone, and from what `make sdist` packs, each in a virtual environment."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

WORK = "import time\ndef work():\n    end = time.time() + 0.3\n    while time.time() < end:\n        sum(range(100))\nwork()\n"


class Packaging(support.Tree):
    def setUp(self):
        super().setUp()
        self.interpreter = interpreters.default().path
        self.python = self.root / "venv" / "bin" / "python"
        done = support.run([self.interpreter, "-m", "venv", self.root / "venv"])
        if done.returncode:
            raise unittest.SkipTest(f"{self.interpreter} makes no virtual environment with pip: {done.stdout}{done.stderr}")

    def environment(self, **variables):
        plain = {key: value for key, value in os.environ.items()
                 if not key.startswith(("PYTHON", "MICROLOG", "MAKE", "MFLAGS")) and key not in ("SAN", "DEBUG", "O")}
        return {**plain, "XDG_STATE_HOME": str(self.root / "state"), **variables}

    def pip(self, *words):
        """pip in the environment; skips if it cannot get what builds packages."""
        done = support.run([self.python, "-m", "pip", "--disable-pip-version-check", *words], env=self.environment(),
                           timeout=600)
        if done.returncode and "requirement setuptools" in done.stderr:
            raise unittest.SkipTest("pip cannot get setuptools here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def clone(self):
        """The files that are under version control, at their state now."""
        listed = support.run(["git", "ls-files", "-z", "--", "recorder", "core", "LICENSE", "Makefile"], cwd=support.ROOT)
        if listed.returncode:
            raise unittest.SkipTest("the sources are under no version control here")
        for name in listed.stdout.split("\0")[:-1]:
            (self.root / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(support.ROOT / name, self.root / "clone" / name)
        return self.root / "clone"

    def check(self):
        """What was installed records, and can be switched on for everything."""
        script = self.write("program.py", WORK)
        done = support.run([self.python, "-m", "microlog", script], cwd=self.root, env=self.environment())
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        lines = support.analyze("dump", "--format", "ndjson", self.root / "run.mlog").stdout.splitlines()
        names = {entry["name"] for entry in map(json.loads, lines) if entry["record"] == "code"}
        self.assertIn("work", names)
        for command, words in (("status", "recorder      works: "), ("install", "installed ")):
            done = support.run([self.python, "-m", "microlog", command], cwd=self.root, env=self.environment())
            self.assertIn(words, done.stdout)
        done = support.run([self.python, script], cwd=self.root, env=self.environment(MICROLOG="1"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(list((self.root / "state").rglob("*.mlog"))), 1)
        entry_points = list((self.root / "venv").rglob("microlog-*.dist-info/entry_points.txt"))
        self.assertEqual(entry_points[0].read_text().split(), ["[pytest11]", "microlog", "=", "microlog.pytest_plugin"])

    def test_clean_clone(self):
        self.pip("install", self.clone() / "recorder")
        self.check()
        self.assertIn("microlog", self.pip("list"))
        self.pip("uninstall", "--yes", "microlog")
        done = support.run([self.python, "-c", "print('starts')"], env=self.environment(MICROLOG="1"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "starts\n", ""))

    def test_packed_sources(self):
        clone = self.clone()
        packed = []
        for _ in range(2):
            done = support.run(["make", "sdist"], cwd=clone, env=self.environment())
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            packed.append(next((clone / "build" / "sdist").glob("microlog-*.tar.gz")).read_bytes())
        self.assertEqual(packed[0], packed[1])
        away = self.root / "away"
        away.mkdir()
        shutil.move(next((clone / "build" / "sdist").glob("*.tar.gz")), away)
        shutil.rmtree(clone)
        self.pip("wheel", "--wheel-dir", away, next(away.glob("*.tar.gz")))
        self.pip("install", next(away.glob("*.whl")))
        self.check()


if __name__ == "__main__":
    unittest.main()
