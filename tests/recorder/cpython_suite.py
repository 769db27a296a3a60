#!/usr/bin/env python3
"""CPython's own test suite, with and without the recorder: is there a difference?

    tests/recorder/cpython_suite.py [--python X] [--modules A,B] [--rate HZ] [--runs N] [--json FILE]

Each module of the suite runs bare and under `python -m microlog`, in one process each, with the same
environment. Where a test ends otherwise under the recorder, module and runs are repeated: it counts if it
happens in two of three recorded runs and in no bare one. Exit code 1 if something counts, or if a process
was not recorded. Without --python, every interpreter of tests/interpreters.py that has the suite is used.
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

# Threads, processes, signals and frames; then what the hooks replace.
MODULES = ("test_threading test_multiprocessing_fork test_asyncio test_gc test_sys_settrace test_faulthandler "
           "test_subprocess test_pickle test_exceptions test_fork1 test_atexit test_signal test_generators "
           "test_coroutines test_code "
           "test_inspect test_io test_logging test_os test_posix test_shutil test_traceback test_warnings").split()
INSIDE = pathlib.Path(__file__).with_name("cpython_module.py")
MODULE_LIMIT = 1200
PROCESS = "(the process)"
NOT_LOADED = "unittest.loader._FailedTest."

# outcomes: test → (outcome, why); the process itself is one of the tests.
Run = collections.namedtuple("Run", "outcomes seconds")
# What one module did: its first bare and recorded run, the tests that count, each with the reason, and those
# that differed, but not often enough.
Verdict = collections.namedtuple("Verdict", "module bare recorded counted unsteady")


# --- One run -----------------------------------------------------------------------------------------

def read_results(path):
    """test → (outcome, why). The first bad word about a test stands; one that never ended says so."""
    outcomes = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        test, outcome, why = json.loads(line)
        if outcomes.get(test, ("began",))[0] in ("began", "passed"):
            outcomes[test] = (outcome, why)
    return {test: ("failed", "never ended") if outcome == "began" else (outcome, why)
            for test, (outcome, why) in outcomes.items()}


def run_limited(command, folder, variables):
    """(exit code, the end of stderr); who outstays the limit is aborted, so that faulthandler speaks."""
    with subprocess.Popen([str(word) for word in command], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as process:
        try:
            _, stderr = process.communicate(timeout=MODULE_LIMIT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            time.sleep(5)
            os.killpg(process.pid, signal.SIGKILL)
            _, stderr = process.communicate()
    return process.returncode, stderr.decode(errors="replace")[-4000:]


def recording_fault(path):
    """Why the recording at `path` proves nothing; empty if it is whole and holds samples."""
    if not path.exists():
        return "there is no recording"
    dump = support.analyze("dump", "--format", "ndjson", "--table", "diagnostics", path)
    if dump.returncode or '"clean_end":1' not in dump.stdout:
        return f"the recording has no clean end: {dump.stdout}{dump.stderr}"
    runs = support.analyze("dump", "--format", "ndjson", "--table", "runs", path)
    return "" if '"record":"run"' in runs.stdout else "the recording holds no sample"


def run_module(interpreter, module, rate):
    """Runs one module once, bare if `rate` is None."""
    with tempfile.TemporaryDirectory(prefix="microlog-suite-") as name:
        folder = pathlib.Path(name)
        (folder / "work").mkdir()
        recorder = ["-m", "microlog", "-o", folder / "run.mlog", "--rate", rate] if rate else []
        variables = interpreters.environment(interpreter, TMPDIR=str(folder / "work"))
        begin = time.monotonic()
        code, stderr = run_limited([interpreter.path, *recorder, INSIDE, module, folder / "results"],
                                   folder / "work", variables)
        seconds = time.monotonic() - begin
        outcomes = read_results(folder / "results")
        fault = recording_fault(folder / "run.mlog") if rate else ""
    outcomes[PROCESS] = ("passed", "") if code == 0 and not fault else \
        ("failed", f"ended with {code}; {fault}\n{stderr}")
    return Run(outcomes, seconds)


# --- Comparing -----------------------------------------------------------------------------------------

def differences(bare, recorded):
    """test → why, for what went well bare and otherwise under the recorder."""
    found = {}
    for test, (outcome, _) in bare.outcomes.items():
        other, why = recorded.outcomes.get(test, ("missing", "it did not run"))
        if other != outcome and outcome == "passed":
            found[test] = f"{other}: {why}"
    for test in recorded.outcomes.keys() - bare.outcomes.keys():
        if recorded.outcomes[test][0] == "failed":
            found[test] = f"failed: {recorded.outcomes[test][1]}"
    return found


def bad_bare(runs, test):
    """Did the test end other than well in one of the bare runs?"""
    return any(run.outcomes.get(test, ("passed",))[0] != "passed" for run in runs)


def is_missing(bare):
    """Could the module not even be loaded?"""
    return any(test.startswith(NOT_LOADED) for test in bare.outcomes)


def judge(interpreter, module, rate, runs):
    """Runs the module until it is known which tests count."""
    bare, recorded = run_module(interpreter, module, None), run_module(interpreter, module, rate)
    seen = differences(bare, recorded)
    times = collections.Counter(seen.keys())
    again = [run_module(interpreter, module, None) for _ in range(runs - 1)] if seen else []
    for run in again:
        times.update(differences(run, run_module(interpreter, module, rate)).keys())
    counted = {test: why for test, why in seen.items() if times[test] >= 2 and not bad_bare(again, test)}
    return Verdict(module, bare, recorded, counted, sorted(seen.keys() - counted.keys()))


# --- What is printed -----------------------------------------------------------------------------------

def tally(run):
    counts = collections.Counter(outcome for outcome, _ in run.outcomes.values())
    return f"{counts['passed']:6} {counts['skipped']:7} {counts['failed']:6} {run.seconds:7.1f}"


def print_heading(interpreter, rate):
    print(f"\nCPython {interpreters.name(interpreter)} ({interpreter.path}), {rate} Hz")
    print(f"{'':27}{'bare':>29}{'recorded':>31}")
    print(f"{'module':27}" + f"{'passed skipped failed seconds':>29}  " * 2 + "differ", flush=True)


def print_verdict(verdict):
    print(f"{verdict.module:27}{tally(verdict.bare)}  {tally(verdict.recorded)}  {len(verdict.counted):6}", flush=True)
    for test, why in sorted(verdict.counted.items()):
        print(f"  COUNTS {test}\n    " + "\n    ".join(why.strip().splitlines()[-25:]), flush=True)
    if is_missing(verdict.bare):
        print("  NOT TESTED: this installation lacks the module", flush=True)
    for test in verdict.unsteady:
        print(f"  differed once, does not count: {test}", flush=True)


def as_json(interpreter, verdict):
    return {"version": interpreters.name(interpreter), "path": interpreter.path, "module": verdict.module,
            "counted": verdict.counted, "unsteady": verdict.unsteady,
            **{kind: {"seconds": round(run.seconds, 1), "outcomes": {t: o for t, (o, _) in run.outcomes.items()}}
               for kind, run in (("bare", verdict.bare), ("recorded", verdict.recorded))}}


# --- The command ---------------------------------------------------------------------------------------

def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare CPython's own test suite with and without the recorder.")
    parser.add_argument("--python", help="interpreters, by comma: versions (3.12) or paths (default: all)")
    parser.add_argument("--modules", default=",".join(MODULES), help="modules of the suite, by comma")
    parser.add_argument("--rate", type=int, default=500, help="samples a second (default: 500)")
    parser.add_argument("--runs", type=int, default=3, help="runs of a module in which a test differed (default: 3)")
    parser.add_argument("--json", type=pathlib.Path, help="write all outcomes to this file, too")
    return parser.parse_args()


def choose(words):
    """The interpreters that the words name, all that have the suite without words."""
    with_tests = [each for each in interpreters.find() if each.tests]
    if not words:
        return with_tests
    chosen = []
    for word in words.split(","):
        found = [each for each in with_tests if interpreters.name(each).startswith(word)] or \
            [each for each in [interpreters.ask(word)] if each and each.tests]
        if not found:
            sys.exit(f"There is no interpreter {word} with CPython's test suite; tests/interpreters.py lists them.")
        chosen += found
    return chosen


def main():
    arguments = parse_arguments()
    summary = []
    # A shell's background jobs ignore it, and so would the tests, of which some wait for it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for interpreter in choose(arguments.python):
        print_heading(interpreter, arguments.rate)
        for module in arguments.modules.split(","):
            verdict = judge(interpreter, module, arguments.rate, arguments.runs)
            print_verdict(verdict)
            summary.append(as_json(interpreter, verdict))
    if arguments.json:
        arguments.json.write_text(json.dumps(summary, indent=1) + "\n")
    counted = sum(len(entry["counted"]) for entry in summary)
    print(f"\n{counted} tests differ under the recorder in {len(summary)} modules")
    return 1 if counted or not summary else 0


if __name__ == "__main__":
    sys.exit(main())
