"""diff: what changed between two runs, told to people, to programs and by the exit code."""

import functools
import json
import pathlib
import tempfile
import unittest

import recordings
import support

PROGRAM = '''
import sys, time
FACTOR = int(sys.argv[1])

def price(n):
    total = 0
    for number in range(n):
        total += number * number % 7
    return total

def fetch():
    time.sleep(0.01 * FACTOR)

def main():
    end = time.process_time() + 0.1 * FACTOR * FACTOR
    while time.process_time() < end:
        price(2000)
    for _ in range(10):
        fetch()
    if FACTOR > 1:
        import logging
        logging.error("the rate is missing")

main()
'''


@functools.lru_cache(maxsize=None)
def recorded(factor):
    """The program, with `factor` squared times the CPU and `factor` times the waiting."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="microlog-diff-"))
    script = folder / "app.py"
    script.write_text(PROGRAM)
    recording, process = support.record(script, factor, output=folder / "run.mlog")
    if process.returncode != 0:
        raise AssertionError(process.stderr)
    return recording


class Diff(support.Tree):

    def diff(self, *arguments, **options):
        options.setdefault("cwd", self.root)
        return support.analyze("diff", *arguments, **options)

    def compare(self, *arguments):
        done = self.diff("--format", "json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_a_run_is_like_itself(self):
        told = self.compare(recorded(1), recorded(1))
        self.assertEqual([told[key] for key in ("cpu", "waiting", "cpu_below", "waiting_below")],
                         [[], [], [], []])
        self.assertEqual({finding["change"] for finding in told["findings"]} - {"same"}, set())
        self.assertFalse(any(number["differs"] for number in told["numbers"]))
        done = self.diff(recorded(1), recorded(1), "--fail-on", "note")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no function differs by more than noise; no finding differs",
                      " ".join(done.stdout.split()))

    def test_what_became_slower_leads(self):
        told = self.compare(recorded(1), recorded(5))
        names = {key: [function["function"] for function in told[key]] for key in ("cpu", "waiting")}
        self.assertEqual((names["cpu"][0], names["waiting"][0]), ("price", "fetch"))
        price = told["cpu"][0]
        self.assertEqual((price["module"], price["project"], price["only"]), ("__main__", True, ""))
        self.assertGreater(price["self_cpu"]["after"], price["self_cpu"]["before"] + 1)
        self.assertIn("CPU differs most in price (app.py:5), +", told["verdict"])
        numbers = {number["name"]: number for number in told["numbers"]}
        self.assertEqual([numbers["errors in the log"][key] for key in ("before", "after")], [0, 1])
        self.assertTrue(numbers["CPU"]["differs"])
        self.assertFalse(numbers["exit code"]["differs"])
        added = [finding["after"]["rule"] for finding in told["findings"]
                 if finding["change"] == "new"]
        self.assertIn("logs/errors", added)

    def test_backwards_it_became_faster(self):
        told = self.compare(recorded(5), recorded(1))
        self.assertIn("price (app.py:5), -", told["verdict"])
        gone = [finding["before"]["rule"] for finding in told["findings"]
                if finding["change"] == "gone"]
        self.assertIn("logs/errors", gone)

    def test_the_gate_looks_at_what_is_new(self):
        gate = ("--plugins", "logs", "--fail-on", "warning")
        self.assertEqual(self.diff(recorded(1), recorded(5), *gate).returncode, 1)
        self.assertEqual(self.diff(recorded(5), recorded(1), *gate).returncode, 0)
        self.assertEqual(self.diff(recorded(5), recorded(5), *gate).returncode, 0)

    def test_the_same_input_gives_the_same_bytes(self):
        for arguments in ((), ("--format", "json"), ("--per", "second")):
            with self.subTest(arguments=arguments):
                outputs = {self.diff(recorded(1), recorded(5), *arguments, "--jobs", jobs).stdout
                           for jobs in (1, 8)}
                self.assertEqual(len(outputs), 1)

    def test_it_fits_the_terminal(self):
        for width in (80, 120):
            done = support.run([support.build() / "bin/microlog-analyze", "diff", recorded(1),
                                recorded(5)], env={"COLUMNS": str(width)}, cwd=self.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            for word in ("NUMBERS", "FINDINGS", "CPU of functions", "Waiting in functions"):
                self.assertIn(word, done.stdout)
            lines = done.stdout.splitlines()
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertEqual([line for line in lines if line != line.rstrip()], [])

    def test_processes_of_one_run_are_one_side(self):
        (self.root / "a").mkdir()
        for number in range(3):
            recordings.make(self.root / "a" / f"{number}.mlog", 1)
        recordings.make(self.root / "b.mlog", 2)
        told = self.compare("a", "b.mlog")
        numbers = {number["name"]: (number["before"], number["after"])
                   for number in told["numbers"]}
        self.assertEqual(numbers["processes"], (3, 1))

    def test_wrong_use_is_told(self):
        recordings.make(self.root / "a.mlog", 1)
        (self.root / "two").mkdir()
        for session in (2, 3):
            recordings.make(self.root / "two" / f"{session}.mlog", session)
        self.write("broken.mlog", "no recording")
        for arguments, words in (
                ((), "diff needs two recordings, and 0 were named"),
                (("a.mlog",), "diff needs two recordings, and 1 was named"),
                (("a.mlog", "two"), "two holds 2 runs"),
                (("a.mlog", "broken.mlog"), "broken.mlog could not be read"),
                (("a.mlog", "missing.mlog"), "missing.mlog"),
                (("a.mlog", "a.mlog", "--per", "hour"), "--per cannot be \"hour\""),
                (("a.mlog", "a.mlog", "--format", "html"), "--format cannot be \"html\""),
                (("a.mlog", "a.mlog", "--fail-on", "x"), "--fail-on cannot be \"x\""),
                (("a.mlog", "a.mlog", "-o", "x"), "option --output is not for diff")):
            with self.subTest(arguments=arguments):
                done = self.diff(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)

    def test_everything_holds_under_the_sanitizers(self):
        done = self.diff(recorded(1), recorded(5), sanitized=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
