"""The design of packages whose structure is documented, drawn from a run, is the one that their documentation tells.

Three of the standard library, each copied beside a program, so that it counts as the program's own: else it would be one box.
"""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

RATE = 1000
SECONDS = 2
ROUNDS = 3

HEAD = f"""
import time


def goes_on():
    return time.process_time() < {SECONDS}
"""


class Package:
    """A program that uses a package, for SECONDS of CPU on any machine; calls that must be in its design, and calls that must not. Before
    3.11 code does not know its class, so that classes are boxes from there on."""

    def __init__(self, source, calls, never, since=(3, 11)):
        self.source, self.calls, self.never, self.since = HEAD + source, calls, never, since


# docs.python.org/3/library/json.html: loads reads with a JSONDecoder, dumps writes with a JSONEncoder. Neither half needs the other;
# below the decoder, its source says, a scanner finds the tokens. What is written in C has no frames.
JSON = Package("""
import sys
sys.modules["_json"] = None
import json

ROWS = [{"id": n, "name": f"row {n}", "tags": ["a", "b", {"deep": [n, n / 3, None, True]}]} for n in range(200)]


def write():
    return json.dumps(ROWS)


def read(text):
    return json.loads(text)


while goes_on():
    read(write())
""", {("app.read", "json.loads"), ("json.loads", "json.decoder.JSONDecoder"),
      ("json.decoder.JSONDecoder", "json.scanner.py_make_scanner"), ("json.scanner.py_make_scanner", "json.decoder.JSONObject"),
      ("json.scanner.py_make_scanner", "json.decoder.JSONArray"), ("app.write", "json.dumps"),
      ("json.dumps", "json.encoder.JSONEncoder"), ("json.encoder.JSONEncoder", "json.encoder._make_iterencode")},
               {("json.decoder", "json.encoder"), ("json.encoder", "json.decoder"), ("json.scanner", "json.encoder"),
                ("json.decoder", "app"), ("json.encoder", "app")})

# docs.python.org/3/howto/logging.html, "Logging Flow": a logger makes a record and hands it to its handlers; a handler asks its filters
# and has its formatter lay the record out, then writes it. Nothing goes back.
LOGGING = Package("""
import logging
import os

BASKET = list(range(60))


def work(log, number):
    log.info("order %d of %s", number, BASKET)


handler = logging.StreamHandler(open(os.devnull, "w"))
handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
for _ in range(20):
    handler.addFilter(logging.Filter("shop"))
logging.getLogger().setLevel(logging.INFO)
logging.getLogger().addHandler(handler)
number = 0
while goes_on():
    work(logging.getLogger("shop.till"), number)
    number += 1
""", {("app.work", "logging.Logger"), ("logging.Logger", "logging.LogRecord"), ("logging.Logger", "logging.Handler"),
      ("logging.Handler", "logging.Filterer"), ("logging.Filterer", "logging.Filter"),
      ("logging.Handler", "logging.StreamHandler"), ("logging.Handler", "logging.Formatter"),
      ("logging.Formatter", "logging.LogRecord")},
                  {("logging.Handler", "logging.Logger"), ("logging.Formatter", "logging.Handler"),
                   ("logging.Formatter", "logging.Logger"), ("logging.LogRecord", "logging.Logger"),
                   ("logging.Filter", "logging.Handler"), ("logging.Logger", "app")})

# docs.python.org/3/library/unittest.html: a loader makes suites of cases; a runner runs a suite, the suite its cases, each of which calls
# the test and tells its result. The module that runs them all knows the others. The tests tell modules; boxes may be their classes.
UNITTEST = Package("""
import io
import unittest


# What is called takes its time: where stacks are read by system calls, a quiet machine shows nobody who is called for a few microseconds.
class Report(io.StringIO):
    def write(self, text):
        sum(range(3000))
        return super().write(text)


class Sums(unittest.TestCase):
    def setUp(self):
        self.numbers = list(range(10_000))

    def test_sum(self):
        self.assertEqual(sum(self.numbers), 49_995_000)

    def test_order(self):
        self.assertEqual(sorted(self.numbers, reverse=True)[0], 9999)


for number in range(1000):
    setattr(Sums, f"test_sum_{number}", Sums.test_sum)


def main():
    while goes_on():
        load = unittest.TestLoader().loadTestsFromTestCase
        suites = [load(Sums) for _ in range(60)]  # loading is quick; it is to be seen as well as running one of them
        unittest.TextTestRunner(Report(), verbosity=2).run(unittest.TestSuite(suites[:1]))


main()
""", {("app", "unittest.loader"), ("unittest.loader", "unittest.suite"), ("app", "unittest.runner"),
      ("unittest.runner", "unittest.suite"), ("unittest.suite", "unittest.case"), ("unittest.case", "app"),
      ("unittest.case", "unittest.runner")},
                   {("unittest.runner", "unittest.loader"), ("unittest.case", "unittest.suite"),
                    ("unittest.case", "unittest.loader"), ("unittest.suite", "unittest.runner")}, since=(3, 9))

PACKAGES = {"json": JSON, "logging": LOGGING, "unittest": UNITTEST}


def is_part(name, of):
    return name == of or name.startswith(of + ".")


def has_call(calls, caller, called):
    """True if a part of `caller` calls a part of `called`: what holds of a module is told by its classes, too."""
    return any(is_part(one, caller) and is_part(other, called) for one, other in calls)


class Designs(unittest.TestCase):
    def prepare(self, interpreter, name, folder):
        """The program and the package, side by side."""
        ask = support.run([interpreter.path, "-c", f"import {name}; print({name}.__path__[0])"])
        shutil.copytree(ask.stdout.strip(), folder / name, ignore=shutil.ignore_patterns("__pycache__", "test*"))
        (folder / "app.py").write_text(PACKAGES[name].source)

    def draw(self, interpreter, folder):
        """The calls between boxes, of a recording; all boxes are in the picture."""
        made = support.record(folder / "app.py", output=folder / "run.mlog", rate=RATE, interpreter=interpreter.path,
                              env=interpreters.environment(interpreter))
        self.assertEqual(made.process.returncode, 0, made.process.stderr)
        done = support.analyze(made.path, "--plugins", "design", "--format", "json,svg", "-o", folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        document, = json.loads((folder / "out.json").read_text())["documents"]
        graph = next(block for block in document["blocks"] if block["kind"] == "graph")
        names = [node["id"] for node in graph["nodes"]]
        picture = (folder / "out.svg").read_text()
        for box in names:
            self.assertIn(f">{box[:17]}", picture)
        return {(names[edge["from"]], names[edge["to"]]) for edge in graph["edges"]}

    def check(self, interpreter, name):
        """Records until all wanted calls were seen, ROUNDS times at most; a call that must not be is in none of the recordings. The
        rarest wanted call has four percent of the time: where only one tick in eight is taken, RATE × SECONDS / 8 = 250 samples
        miss it once in exp(0.04 × 250) = 22,000 times, and then another recording has to miss it as well."""
        wanted, never, calls = PACKAGES[name].calls, PACKAGES[name].never, set()
        with tempfile.TemporaryDirectory(prefix="microlog-design-") as folder:
            self.prepare(interpreter, name, pathlib.Path(folder))
            for _ in range(ROUNDS):
                calls |= self.draw(interpreter, pathlib.Path(folder))
                missing = {pair for pair in wanted if not has_call(calls, *pair)}
                if not missing:
                    break
        self.assertEqual(missing, set(), f"are not in the design: {sorted(calls)}")
        self.assertEqual({pair for pair in never if has_call(calls, *pair)}, set())


def add_test(interpreter, name):
    def test(self):
        self.check(interpreter, name)
    setattr(Designs, f"test_{name}_on_{interpreters.name(interpreter).replace('.', '_')}", test)


for each in interpreters.spread():
    for package, about in PACKAGES.items():
        if each.version >= about.since:
            add_test(each, package)


if __name__ == "__main__":
    unittest.main()
