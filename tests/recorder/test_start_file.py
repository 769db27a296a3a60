"""MICROLOG=1: what `python -m microlog install` puts into an interpreter, and that it never stops one from starting.

Each test has a virtual environment of its own; the machine's interpreters are not touched.
"""

import json
import os
import shutil
import sys
import time
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402
from tests.recorder.test_transparency import PROGRAMS, Transparency as _Transparency  # noqa: E402

WORK = "import time\ndef work():\n    end = time.time() + 0.2\n    while time.time() < end:\n        sum(range(100))\nwork()\n"
SHOW = "import os, sys\nprint(sorted(sys.modules), sys.path, sorted(os.environ), sys.argv)\n"


class Installed(support.Tree):
    def setUp(self):
        super().setUp()
        self.state = self.root / "state" / "microlog"

    def make(self, interpreter):
        """A virtual environment of this interpreter; the recorder's folder is a copy that tests may break."""
        done = support.run([interpreter.path, "-m", "venv", "--without-pip", self.root / "venv"])
        if done.returncode:
            raise unittest.SkipTest(f"{interpreter.path} makes no virtual environments: {done.stderr.strip()}")
        self.python = self.root / "venv" / "bin" / "python"
        self.package = self.root / "package"
        shutil.copytree(interpreters.build(interpreter), self.package)

    def environment(self, **variables):
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MICROLOG"))}
        return {**plain, "XDG_STATE_HOME": str(self.root / "state"), "XDG_CONFIG_HOME": str(self.root / "config"), **variables}

    def command(self, *words, code=0, **variables):
        """python -m microlog …, from the copy of the package."""
        done = support.run([self.python, "-m", "microlog", *words], cwd=self.root,
                           env=self.environment(PYTHONPATH=str(self.package), **variables))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def run_program(self, source, *arguments, flags=(), **variables):
        return support.run([self.python, *flags, self.write("some program.py", source), *arguments], cwd=self.root,
                           env=self.environment(**variables))

    def recordings(self):
        return sorted(path.relative_to(self.state) for path in self.state.rglob("*.mlog"))

    def heads(self):
        found = []
        for path in self.recordings():
            lines = map(json.loads, support.analyze("dump", "--format", "ndjson", self.state / path).stdout.splitlines())
            found.append({key: value for line in lines if line["record"] in ("head", "header")
                          for key, value in line.items()})
        return found

    def installed(self):
        return list((self.root / "venv").rglob("microlog-start.pth"))


class StartFile(Installed):
    """On every interpreter."""

    def hold_life(self, interpreter):
        self.make(interpreter)
        self.assertIn("not installed", self.command("status"))
        self.assertIn("installed ", self.command("install"))
        self.assertEqual(len(self.installed()), 1)
        done = self.run_program(WORK + "print('ran')\n", "--token=abc", MICROLOG="1")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "ran\n", ""))
        self.assertEqual(len(self.recordings()), 1)
        self.assertRegex(str(self.recordings()[0]), r"^some_program/\d{8}-\d{6}-\d+\.mlog$")
        head = self.heads()[0]
        self.assertEqual(head["argv"][1:], [str(self.root / "some program.py"), "--token=***"])
        functions = {frame.name for run in truth.Recording(self.state / self.recordings()[0]).runs
                     for frame in truth.Recording(self.state / self.recordings()[0]).stack(run.node)}
        self.assertIn("work", functions)
        self.assertEqual((self.state / self.recordings()[0]).stat().st_mode & 0o777, 0o600)
        said = self.command("status")
        self.assertIn("recorder      works: ", said)
        self.assertIn(str(self.installed()[0]), said)
        self.assertIn("(1 files", said)
        self.assertIn("removed ", self.command("uninstall"))
        self.assertEqual(self.installed(), [])
        self.run_program(WORK, MICROLOG="1")
        self.assertEqual(len(self.recordings()), 1)

    def hold_silence(self, interpreter):
        """While nobody asks for a recording, a program sees no difference."""
        self.make(interpreter)
        # Any .pth file at all has some interpreters load what they read it with.
        next((self.root / "venv").rglob("site-packages")).joinpath("other.pth").write_text("# nothing\n")
        plain = self.run_program(SHOW)
        for variables in ({"MICROLOG": "0"}, {"MICROLOG": ""}, {"MICROLOG": "off"}):
            self.command("install")
            seen = self.run_program(SHOW, **variables)
            settle = seen.stdout.replace("'MICROLOG', ", "").replace("'microlog', ", "")
            if variables["MICROLOG"] != "off":  # which the package must be loaded to understand
                self.assertEqual((plain.stdout, plain.stderr, plain.returncode), (settle, seen.stderr, seen.returncode))
            self.assertEqual(self.recordings(), [])
        for flags in (["-E"], ["-I"], ["-S"]):
            done = self.run_program(WORK, flags=flags, MICROLOG="1")
            self.assertEqual((done.returncode, done.stderr, self.recordings()), (0, "", []))

    def hold_children(self, interpreter):
        """What a recorded program starts is of its tree, whether MICROLOG=1 or the command line began it."""
        source = WORK + ("import os, subprocess, sys\nif sys.argv[1:]:\n"
                         "    subprocess.run([sys.executable, __file__], check=True)\n"
                         "    if os.fork() == 0:\n        work()\n"
                         "        subprocess.run([sys.executable, __file__], check=True)\n        sys.exit()\n    os.wait()\n")
        self.make(interpreter)
        self.command("install")
        done = self.run_program(source, "parent", MICROLOG="1")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.check_tree(self.heads())
        shutil.rmtree(self.state)
        script = self.write("some program.py", source)
        self.state.mkdir()
        self.command("-o", self.state / "x.mlog", script, "parent")
        self.check_tree(self.heads())

    def check_tree(self, heads):
        self.assertEqual(len(heads), 4)
        self.assertEqual(len({head["session"] for head in heads}), 1)
        parents = {head["uuid"]: head["parent"] for head in heads}
        roots = [uuid for uuid, parent in parents.items() if parent not in parents]
        self.assertEqual(len(roots), 1)
        depths = sorted(0 if uuid in roots else 1 if parents[uuid] in roots else 2 for uuid in parents)
        self.assertEqual(depths, [0, 1, 1, 2])

    def hold_broken(self, interpreter):
        """Whatever is wrong with the recorder, programs start and say what they say without it."""
        self.make(interpreter)
        self.command("install")
        native = next(self.package.glob("microlog/_microlog*.so"))
        whole = native.read_bytes()
        start = self.package / "microlog" / "__init__.py"
        text = start.read_text()
        breaks = {
            "no native part": native.unlink,
            "native part cut off": lambda: native.write_bytes(whole[:4000]),
            "native part that is something else": lambda: native.write_text("not a library"),
            "syntax error": lambda: start.write_text("def f(:\n"),
            "exception": lambda: start.write_text("1 / 0\n"),
            "no package": lambda: shutil.rmtree(self.package),
        }
        for name, do_break in breaks.items():
            do_break()
            for variables in ({"MICROLOG": "1"}, {"MICROLOG_SESSION": "garbage"}, {"MICROLOG": "1", "MICROLOG_RATE": "x"}):
                done = self.run_program("import sys\nprint('ran')\nsys.exit(3)\n", **variables)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "ran\n", ""), name)
            self.assertEqual(self.recordings(), [], name)
            if name.startswith("n") and name != "no package":
                self.assertIn("recorder      the recorder does not load in", self.command("status"), name)
                done = self.command("-o", "x.mlog", self.write("exits.py", "import microlog\nmicrolog.info('x')\nexit(4)\n"),
                                    code=4)
                self.assertIn("microlog: not recording: the recorder does not load in", done)
            if self.package.exists():
                native.write_bytes(whole)
                start.write_text(text)


class Once(Installed):
    """On one interpreter."""

    def setUp(self):
        super().setUp()
        self.make(interpreters.default())
        self.command("install")

    def test_configuration_switches_it_on(self):
        self.write("config/microlog/config", "always = on\nrate = 250\n")
        self.run_program(WORK)
        self.assertEqual([head["period_ns"] for head in self.heads()], [4000000])
        self.run_program(WORK, MICROLOG="0")
        self.assertEqual(len(self.recordings()), 1)
        self.write("config/microlog/config", "nonsense\n")
        done = self.run_program(WORK)
        self.assertEqual((done.returncode, done.stderr, len(self.recordings())), (0, "", 1))
        self.assertIn("config, line 1: 'nonsense' is no option", self.command("status"))

    def test_names(self):
        for words, name in ((["-c", WORK], "python"), (["-m", "timeit", "-n1", "-r1", "import time; time.sleep(.1)"], "timeit"),
                            (["-W", "ignore", "-u", "work.py"], "work"), (["-uBm", "work"], "work")):
            self.write("work.py", WORK)
            shutil.rmtree(self.state, ignore_errors=True)
            support.run([self.python, *words], cwd=self.root, env=self.environment(MICROLOG="1"))
            self.assertEqual([path.parts[0] for path in self.recordings()], [name])

    def test_named_output(self):
        self.run_program(WORK, MICROLOG="1", MICROLOG_OUTPUT="mine.mlog")
        self.assertTrue((self.root / "mine.mlog").exists())
        self.assertEqual(self.recordings(), [])

    def test_the_command_line_wins(self):
        self.command("-o", "mine.mlog", self.write("work.py", WORK), MICROLOG="1")
        self.assertTrue((self.root / "mine.mlog").exists())
        self.assertEqual(self.recordings(), [])

    def test_retention(self):
        where = self.state / "some_program"
        def old(name, days=0, size=100):
            path = self.write(where.relative_to(self.root) / name, "x" * size)
            os.utime(path, (time.time() - days * 86400,) * 2)
        def left(**variables):
            self.run_program("", MICROLOG="1", **variables)
            return {path.name for path in where.iterdir() if path.name.startswith("2020")} | {
                path.name for path in where.iterdir() if not path.suffix.startswith(".mlog")}
        old("20200101-000000-1.mlog", 40)
        old("20200101-000000-1-5.mlog", 40)
        old("20200102-000000-2.mlog", 20)
        old("20200102-000000-2.mlog-journal", 20)
        old("20200103-000000-3.mlog", 10, 3000000)
        old("my notes.txt", 400)
        old("20200101-000000-notes.mlog", 400)
        kept = {"my notes.txt", "20200101-000000-notes.mlog"}
        third, second = {"20200103-000000-3.mlog"}, {"20200102-000000-2.mlog", "20200102-000000-2.mlog-journal"}
        self.assertEqual(left(), kept | second | third)
        self.assertEqual(left(MICROLOG_KEEP_DAYS="15"), kept | third)
        self.assertEqual(left(MICROLOG_KEEP_MEGABYTES="2"), kept)
        for number in range(4):
            old(f"2020010{number + 1}-000000-3.mlog", 5 - number)
        self.assertEqual(left(MICROLOG_KEEP_COUNT="2") - kept, set())
        self.assertEqual(len(list(where.glob("*.mlog"))), 3)  # this one, the one before, and the notes

    def test_a_live_recording_is_kept(self):
        source = WORK + "import os, subprocess, sys\nif len(sys.argv) == 1:\n" \
                        "    subprocess.run([sys.executable, __file__, 'x'], env={**os.environ, 'MICROLOG_SESSION': ''})\n"
        done = self.run_program(source, MICROLOG="1", MICROLOG_KEEP_COUNT="1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.recordings()), 2)

    def test_nowhere_to_write(self):
        self.write("state", "a file")
        done = self.run_program("print('ran')\n", MICROLOG="1")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "ran\n", ""))

    def test_install_says_why_it_cannot(self):
        if os.getuid() == 0:
            raise unittest.SkipTest("root may write everywhere")
        folder = self.installed()[0].parent
        folder.chmod(0o500)
        self.assertIn("cannot install", self.command("install", code=1))


class Unnoticed(Installed):
    """The programs of test_transparency.py, plain and with MICROLOG=1."""

    def compare(self, source):
        self.make(interpreters.default())
        self.command("install")
        plain = self.run_program(source, "one", "--two")
        seen = self.run_program(source, "one", "--two", MICROLOG="1")
        for what in ("returncode", "stdout", "stderr"):
            self.assertEqual(_Transparency.settle(getattr(plain, what)), _Transparency.settle(getattr(seen, what)), what)
        self.assertGreater(len(self.recordings()), 0)


def add_tests():
    for name, source in PROGRAMS.items():
        setattr(Unnoticed, "test_" + name.replace(" ", "_"), lambda self, source=source: self.compare(source))
    for interpreter in interpreters.find():
        for name in ("life", "silence", "children", "broken"):
            truth.add_test(StartFile, name, interpreter, getattr(StartFile, f"hold_{name}"))


add_tests()

if __name__ == "__main__":
    unittest.main()
