#!/usr/bin/env python3
"""The suite: unit test programs and every tests/**/test_*.py, with one line of counts at the end, and before it one of each that failed.

    tests/run.py [--build DIR] [--sanitized DIR] [--quick | --unit] [--match TEXT]

--quick runs the unit tests and tests/**/test_quick_*.py, --unit the unit tests alone; --match keeps
the unit test cases, or the Python tests, whose names contain TEXT. The last line is exactly
`N passed, N failed, N skipped`. Exit code 1 if a test failed or none ran.

Each Python test file runs in a process of its own, so a hang or a crash costs one file. Unit tests and quick files run beside
one another, one for each processor; the others watch programs by the clock and run alone. What is printed has one order.

A file that watches a program by the clock may say `UNSTEADY = "what may spoil it"`: its tests that failed run once more, by
themselves. One that passes then has passed, and is listed as unsteady at the end, with that reason. One that fails again is
skipped if the machine's host took its processors away meanwhile, measured (support.HostWatch), and says how it failed; else it
has failed. A file about what must never happen does not say so.
"""

import argparse
import collections
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import support

ROOT = pathlib.Path(__file__).resolve().parent.parent
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full"]
UNIT_LIMIT = 600
FILE_LIMIT = 1200
REASON = 400  # letters of what a failed test says that are said once more at the end

# What became of the tests of one program or file; skips, unsteady and reasons are pairs of a name and words.
Outcome = collections.namedtuple("Outcome", "name seconds output passed failed skips unsteady reasons",
                                 defaults=((), (), ()))


class Tally:
    """What happened so far."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skips = []
        self.unsteady = []
        self.reasons = []

    def add(self, outcome):
        self.passed += outcome.passed
        self.failed += outcome.failed
        self.skips += outcome.skips
        self.unsteady += outcome.unsteady
        self.reasons += outcome.reasons
        print(f"{outcome.output}{outcome.name}: {outcome.passed} passed, {outcome.failed} failed, {len(outcome.skips)} skipped "
              f"({outcome.seconds:.1f} s)", flush=True)

    def run(self, tasks, beside):
        """Runs functions that return an Outcome or None, beside one another or each alone, and adds in their order."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() if beside else 1) as pool:
            for outcome in pool.map(lambda task: task(), tasks):
                if outcome:
                    self.add(outcome)

    def finish(self):
        for name, reason in self.unsteady:
            print(f"UNSTEADY {name}: failed, and passed when it ran once more: {reason}")
        for name, reason in self.skips:
            print(f"SKIPPED {name}: {reason}")
        for name, reason in self.reasons:
            print(f"FAILED {name}: {reason}")
        if self.passed + self.failed == 0:
            print("No test ran.")
        print(f"{self.passed} passed, {self.failed} failed, {len(self.skips)} skipped", flush=True)
        return 1 if self.failed or not self.passed else 0


def run_limited(command, limit, **variables):
    """Returns (output, exit code); the code is None if the limit was reached."""
    with subprocess.Popen([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **variables},
                          start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            output, _ = process.communicate()
            return output.decode(errors="replace"), None
    return output.decode(errors="replace"), process.returncode


# --- Unit test programs ---------------------------------------------------------------------------

def unit_counts(output):
    """(passed, failed) as the runner's last line says, or None if it disagrees with the cases."""
    summary = re.search(r"^# (\d+) passed, (\d+) failed\n?\Z", output, re.MULTILINE)
    if not summary:
        return None
    counts = int(summary[1]), int(summary[2])
    lines = (len(re.findall(r"^ok ", output, re.MULTILINE)),
             len(re.findall(r"^not ok ", output, re.MULTILINE)))
    return counts if counts == lines else None


def run_unit_program(program, wrapper, match, **variables):
    name = " ".join([*wrapper[:1], str(program).replace(f"{ROOT}/", "")])
    begin = time.monotonic()
    if not program.exists():
        return Outcome(name, 0, f"{name} was not built: run `make units`\n", 0, 1)
    output, code = run_limited([*wrapper, program, *([match] if match else [])], UNIT_LIMIT, **variables)
    counts = unit_counts(output)
    if match and counts == (0, 0):
        return None
    if counts is None or code != (1 if counts[1] or not counts[0] else 0):
        output += f"{name}: ended with {code} and without a true count\n"
        counts = (0, 1)
    elif counts[1] or not counts[0]:
        counts = counts if counts[1] else (0, 1)
    else:
        output = ""
    return Outcome(name, time.monotonic() - begin, output, *counts)


def unit_tests(folder, wrapper, match, **variables):
    return [functools.partial(run_unit_program, folder / "tests" / source.stem, wrapper, match, **variables)
            for source in sorted((ROOT / "tests" / "unit").glob("test_*.c"))]


def unit_tests_in_valgrind(folder, match, tally):
    if shutil.which("valgrind") is None:
        tally.skips.append(("unit tests in valgrind", "not installed: sh install-deps.sh tests"))
        return []
    return unit_tests(folder, VALGRIND, match, ML_TEST_SECONDS="120")


# --- Python test files ----------------------------------------------------------------------------

def name_of(test):
    """The name by which a test, or the class whose setUpClass failed, can be run again; a subtest has its test's."""
    whole_class = re.fullmatch(r"setUpClass \((.+)\)", test.id())
    return whole_class[1] if whole_class else test.id().split(" ")[0]


class Counter(unittest.TextTestResult):
    """Counts each test once, however many of its subtests failed."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.succeeded = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.succeeded += 1

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.succeeded += 1

    def bad(self):
        """The names of the tests that failed; of a class, where its setUpClass did."""
        return {name_of(test) for test in [test for test, _ in self.failures + self.errors] + self.unexpectedSuccesses}

    def reasons(self):
        """What each failure's report ends with, in short."""
        return [[name_of(test), (report.strip().splitlines() or [""])[-1][:REASON]]
                for test, report in self.failures + self.errors]

    def summary(self):
        return {"passed": self.succeeded, "failed": len(self.bad()), "unsteady": [], "reasons": self.reasons(),
                "skips": [[test.id(), reason] for test, reason in self.skipped]}


def run_again(names):
    """(those of the tests that pass when they run once more, what the host did meanwhile)."""
    host = support.HostWatch()
    again = unittest.TextTestRunner(stream=sys.stdout, resultclass=Counter).run(
        unittest.TestLoader().loadTestsFromNames(names))
    bad = again.bad()
    if not again.succeeded or any(name.startswith("unittest.loader.") for name in bad):
        return [], host.excuse()
    return [name for name in names if not any(f"{worse}.".startswith(f"{name}.") for worse in bad)], host.excuse()


def forgive(summary, bad, why):
    """Books those of the bad tests as passed, or skipped, that did better once more, or failed for the host."""
    passed, host = run_again(sorted(bad))
    reasons = dict(summary["reasons"])
    skipped = [[name, f"{host}; {reasons.get(name, 'failed')}"] for name in sorted(bad - set(passed)) if host]
    better = {*passed, *(name for name, _ in skipped)}
    summary["unsteady"] = [[name, why] for name in passed]
    summary["skips"] += skipped
    summary["reasons"] = [[name, reason] for name, reason in summary["reasons"] if name not in better]
    summary["passed"] += len(passed)
    summary["failed"] -= len(better)


def excuse(path):
    """What may spoil the tests of a file, as the file says; "" if nothing may."""
    return getattr(sys.modules.get(path.stem), "UNSTEADY", "")


def run_file_here(path, match, result_path):
    """In the child: runs the tests of one file and writes their counts."""
    sys.path[:0] = [str(ROOT / "tests"), str(path.parent)]
    loader = unittest.TestLoader()
    if match:
        loader.testNamePatterns = [f"*{match}*"]
    suite = loader.discover(str(path.parent), pattern=path.name)
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Counter)
    result = runner.run(suite)
    summary = result.summary()
    if result.bad() and excuse(path):
        forgive(summary, result.bad(), excuse(path))
    result_path.write_text(json.dumps(summary))


def run_test_file(path, match):
    name = os.path.relpath(path, ROOT)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="microlog-run-") as folder:
        result_path = pathlib.Path(folder) / "result.json"
        command = [sys.executable, __file__, "--file", path, "--result", result_path]
        output, code = run_limited(command + (["--match", match] if match else []), FILE_LIMIT)
        result = json.loads(result_path.read_text()) if result_path.exists() else None
    seconds = time.monotonic() - begin
    if result is None:
        return Outcome(name, seconds, output + f"{name}: ended with {code} and without a count\n", 0, 1)
    if not (match or result["passed"] or result["failed"] or result["skips"]):
        return Outcome(name, seconds, f"{name}: holds no test\n", 0, 1)
    pairs = {kind: [tuple(pair) for pair in result[kind]] for kind in ("skips", "unsteady", "reasons")}
    said = output if result["failed"] or result["unsteady"] else ""
    return Outcome(name, seconds, said, result["passed"], result["failed"], **pairs)


def test_files(pattern, match):
    """What runs the files beside one another, and what runs those that must be alone."""
    paths = sorted((ROOT / "tests").rglob(pattern))
    quick = [path for path in paths if path.name.startswith("test_quick_")]
    return [[functools.partial(run_test_file, path, match) for path in chosen]
            for chosen in (quick, [path for path in paths if path not in quick])]


# --- The command ----------------------------------------------------------------------------------

def parse_arguments():
    parser = argparse.ArgumentParser(description="Run microlog's tests.")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--sanitized", type=pathlib.Path, help="folder of the sanitized build")
    parser.add_argument("--quick", action="store_true", help="unit tests and test_quick_*.py")
    parser.add_argument("--unit", action="store_true", help="unit tests alone")
    parser.add_argument("--match", default="", help="only tests whose name contains this")
    parser.add_argument("--file", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=pathlib.Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.file:
        return run_file_here(arguments.file, arguments.match, arguments.result)
    build = arguments.build.resolve()
    sanitized = (arguments.sanitized or build).resolve()
    os.environ["MICROLOG_BUILD"] = str(build)
    os.environ["MICROLOG_SANITIZED"] = str(sanitized)
    tally = Tally()
    beside, alone = unit_tests(sanitized, [], arguments.match), []
    if not (arguments.quick or arguments.unit or build == sanitized):
        beside += unit_tests_in_valgrind(build, arguments.match, tally)
    if not arguments.unit:
        quick, alone = test_files("test_quick_*.py" if arguments.quick else "test_*.py", arguments.match)
        beside += quick
    tally.run(beside, True)
    tally.run(alone, False)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
