"""The ways in from Python: decorator, notebook cell, pytest. Each leaves the program what it is."""

import json
import re
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

WORK = """
import sys, time
def work(seconds=0.2):
    end = time.time() + seconds
    while time.time() < end:
        sum(range(100))
"""


class Ways(support.Tree):
    def run_python(self, *words, code=0, path=(), **options):
        env = support.recorder_environment(XDG_CONFIG_HOME=str(self.root / "config"), **options.pop("variables", {}))
        env["PYTHONPATH"] = ":".join([env["PYTHONPATH"], *path])
        done = support.run([support.interpreters()[0], *words], cwd=self.root, env=env, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def require_module(self, name):
        done = support.run([support.interpreters()[0], "-c", f"import {name}"])
        if done.returncode:
            raise unittest.SkipTest(f"{support.interpreters()[0]} has no module {name}")

    def functions(self, name):
        """Names of all functions in a recording."""
        lines = support.analyze("dump", "--format", "ndjson", self.root / name).stdout.splitlines()
        entries = [json.loads(line) for line in lines]
        self.assertTrue(next(each for each in entries if each["record"] == "diagnostics")["clean_end"])
        return {each["name"].split(".")[-1] for each in entries if each["record"] == "code"}


class Decorator(Ways):
    def record(self, source, name="run.mlog"):
        done = self.run_python("-c", WORK + "import asyncio, inspect, microlog\n" + source)
        return done.stdout, self.functions(name)

    def test_function(self):
        said, functions = self.record("""
@microlog.enabled("f.mlog", rate=1000)
def f(a, *, b):
    "says"
    work()
    return a + b
print(f(1, b=2), f.__name__, f.__doc__, inspect.signature(f), microlog.is_running())
""", "f.mlog")
        self.assertEqual(said, "3 f says (a, *, b) False\n")
        self.assertLessEqual({"f", "work"}, functions)
        self.assertNotIn("recorded", functions)

    def test_coroutine(self):
        said, functions = self.record("""
@microlog.enabled(rate=1000)
async def f():
    await asyncio.sleep(0.01)
    work()
    return microlog.is_running()
print(inspect.iscoroutinefunction(f), asyncio.run(f()), microlog.is_running())
""")
        self.assertEqual(said, "True True False\n")
        self.assertLessEqual({"f", "work"}, functions)

    def test_generator(self):
        said, functions = self.record("""
@microlog.enabled(rate=1000)
def f():
    got = yield 1
    work()
    yield got, microlog.is_running()
    return 3
g = f()
print(inspect.isgeneratorfunction(f), microlog.is_running(), next(g), g.send("x"), list(g), microlog.is_running())
""")
        self.assertEqual(said, "True False 1 ('x', True) [] False\n")
        self.assertLessEqual({"f", "work"}, functions)

    def test_an_asynchronous_generator_is_refused_with_the_remedy(self):
        said, _ = self.record("""
async def f():
    yield
try:
    microlog.enabled()(f)
except TypeError as error:
    print(error)
with microlog.enabled(): work()
""")
        self.assertEqual(said, "f is an asynchronous generator: use `with microlog.enabled():` in its body\n")

    def test_exceptions_pass_and_each_call_is_a_recording(self):
        said, functions = self.record("""
@microlog.enabled(rate=1000)
def f(fails):
    work()
    if fails: raise KeyError("mine")
for fails in True, False:
    try: f(fails)
    except KeyError as error: print(error, microlog.is_running())
with microlog.enabled("outer.mlog") as outer:
    f(False)
print(outer.summary.path.endswith("outer.mlog"))
""", "outer.mlog")
        self.assertEqual(said, "'mine' False\nTrue\n")
        self.assertIn("work", functions)


NOTEBOOK = WORK + """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "microlog")
shell.user_ns["work"] = work
def cell(text):
    result = shell.run_cell(text, store_history=True)
    return result.success
"""


class Notebook(Ways):
    def setUp(self):
        super().setUp()
        self.require_module("IPython")

    def run_cells(self, *cells):
        return self.run_python("-c", NOTEBOOK + "".join(f"print(cell({text!r}))\n" for text in cells),
                               variables={"IPYTHONDIR": str(self.root / "ipython")}).stdout

    def test_a_cell_is_recorded(self):
        said = self.run_cells("%%microlog -o cell.mlog --rate 1000 --label 'my cell'\nx = 41\nwork()\nx + 1", "x")
        self.assertIn("42", said)
        self.assertRegex(said, r"microlog: recorded 0\.\d s, [\d,]+ samples, \d+ kB in .*/cell\.mlog\n")
        self.assertIn("microlog: next: !microlog-analyze ", said)
        self.assertIn("41\nTrue\n", said)
        self.assertIn("work", self.functions("cell.mlog"))

    def test_a_cell_that_fails(self):
        said = self.run_cells("%%microlog\nwork()\n1 / 0", "'after'")
        self.assertIn("ZeroDivisionError", said)
        self.assertIn("False\n", said)
        self.assertIn("'after'", said)
        self.assertIn("work", self.functions("run.mlog"))

    def test_a_wrong_option(self):
        said = self.run_cells("%%microlog --frequency 3\nprint('ran')")
        self.assertIn("%%microlog does not know '--frequency'", said)
        self.assertIn("--rate HZ", said)
        self.assertNotIn("ran\n", said.replace("print('ran')", ""))


TESTS = WORK + """
import pytest
class TestThings:
    @pytest.mark.parametrize("path", ["a/b", "c d"])
    def test_slow(self, path):
        work(0.25)
def test_quick(): pass
def test_fails(): assert False
"""
PLUGIN = ["-m", "pytest", "-p", "microlog.pytest_plugin", "-p", "no:cacheprovider"]


class Pytest(Ways):
    def setUp(self):
        super().setUp()
        self.require_module("pytest")
        self.write("test_it.py", TESTS)

    def test_session(self):
        said = self.run_python(*PLUGIN, "--microlog", code=1).stdout
        self.assertIn("1 failed, 3 passed", said)
        self.assertRegex(said, r"0\.\d\d s  test_it\.py::TestThings::test_slow\[a/b\]\n")
        self.assertNotIn("test_quick  ", said)
        self.assertIn("next: microlog-analyze microlog/session.mlog --plugins all\n", said)
        self.assertIn("test_slow", self.functions("microlog/session.mlog"))

    def test_each_test(self):
        said = self.run_python(*PLUGIN, "--microlog=test", "--microlog-dir=kept", code=1,
                               variables={"MICROLOG_RATE": "1000"}).stdout
        names = sorted(path.name for path in (self.root / "kept").iterdir())
        self.assertEqual(names, ["test_it.py-TestThings-test_slow[a-b].mlog", "test_it.py-TestThings-test_slow[c-d].mlog",
                                 "test_it.py-test_fails.mlog", "test_it.py-test_quick.mlog"])
        self.assertIn("test_slow", self.functions(f"kept/{names[0]}"))
        self.assertNotIn("test_slow", self.functions(f"kept/{names[3]}"))
        self.assertRegex(said, r"test_slow\[a/b\]  kept/test_it\.py-TestThings-test_slow\[a-b\]\.mlog\n")
        self.assertRegex(said, r"next: microlog-analyze kept/test_it\.py-TestThings-test_slow\[.*\.mlog --plugins all")

    def test_without_the_option_nothing_changes(self):
        plain = self.run_python("-m", "pytest", "-p", "no:cacheprovider", "-q", code=1).stdout
        seen = self.run_python(*PLUGIN, "-q", code=1).stdout
        self.assertEqual(re.sub(r"in \d.*s", "", plain), re.sub(r"in \d.*s", "", seen))
        self.assertEqual(list(self.root.rglob("*.mlog")), [])

    def test_trouble_fails_no_test(self):
        self.write("microlog", "a file")
        said = self.run_python(*PLUGIN, "--microlog", "-k", "quick").stdout
        self.assertIn("not recorded: ", said)
        said = self.run_python(*PLUGIN, "--microlog", "-k", "quick", variables={"MICROLOG": "0"}).stdout
        self.assertIn("not recorded: MICROLOG is 0", said)

    def install_xdist(self):
        """The folder it is in; pytest is the interpreter's own."""
        folder = support.build() / "packages"
        if not (folder / "xdist").exists():
            done = support.run([support.interpreters()[0], "-m", "pip", "install", "-q", "--no-deps", "--target", folder,
                                "pytest-xdist", "execnet"])
            if done.returncode:
                self.skipTest(f"pytest-xdist does not install: {(done.stderr.strip() or 'pip failed').splitlines()[-1]}")
        return [str(folder)]

    def test_workers_are_children_of_the_session(self):
        said = self.run_python(*PLUGIN, "-p", "xdist", "-n", "2", "--microlog", code=1, path=self.install_xdist()).stdout
        self.assertIn("1 failed, 3 passed", said)
        self.assertIn("next: microlog-analyze microlog/session*.mlog --plugins all\n", said)
        recordings = sorted((self.root / "microlog").iterdir())
        self.assertEqual(len(recordings), 3)
        self.assertIn("test_slow", set.union(*(self.functions(path) for path in recordings)))
        done = support.analyze(*recordings, "--plugins", "quality", "--format", "json", "-o", "one.json", cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)  # one run: else -o would have to be a folder

    def test_workers_record_each_test(self):
        said = self.run_python(*PLUGIN, "-p", "xdist", "-n", "2", "--microlog=test", code=1, path=self.install_xdist()).stdout
        self.assertEqual(len(list((self.root / "microlog").iterdir())), 4)
        self.assertRegex(said, r"test_slow\[a/b\]  microlog/test_it\.py-TestThings-test_slow\[a-b\]\.mlog\n")
        self.assertRegex(said, r"next: microlog-analyze microlog/test_it\.py-TestThings-test_slow\[.*\.mlog --plugins all")

    def test_a_wrong_mode(self):
        done = self.run_python(*PLUGIN, "--microlog=all", code=4)
        self.assertIn("--microlog", done.stderr)
        self.assertIn("session", done.stderr)


if __name__ == "__main__":
    unittest.main()
