#!/usr/bin/env python3
"""The long run: as many stacks as wanted of the programs in programs/, and a table of what was wrong with them.

    tests/recorder/storm.py [--python P,...] [--program X,...] [--stacks N] [--method M,...] [--rate HZ]

P is a version (3.11 stands for all 3.11.x) or a path; default: all that tests/interpreters.py finds. Programs: flutter
generators recursion leaves coroutines tasks (with no, 5 and 60 frames below), chunks deep threads (storms of the interpreter's
memory), equal varying (names of generated functions; N counts look-ups). Exits 1 if a stack was impossible or truncated or
a name or line wrong, or if a program did not end well.
"""

import argparse
import pathlib
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent.parent)]

from tests import interpreters  # noqa: E402
from tests.recorder import truth  # noqa: E402

CHAINS = ("flutter", "generators", "recursion", "leaves", "coroutines", "tasks")
STORMS = ("chunks", "deep", "threads")
NAMES = ("equal", "varying")
COLUMNS = ("impossible", "truncated", "wrong name", "wrong line", "incomplete", "unnamed", "no line", "empty", "outside")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--python", default="", help="versions or paths, separated by commas")
    parser.add_argument("--program", default=",".join(CHAINS + STORMS + NAMES), help="programs, separated by commas")
    parser.add_argument("--stacks", type=int, default=60000, help="stacks or look-ups of each")
    parser.add_argument("--method", default="", help="direct, syscall, gil; default: what the recorder chooses")
    parser.add_argument("--rate", type=int, default=5000, help="samples a second")
    parser.add_argument("--seconds", type=float, default=8, help="length of one recording; there are as many as needed")
    return parser.parse_args()


def chosen_interpreters(words):
    if not words:
        return interpreters.find()
    found = []
    for word in words.split(","):
        asked = interpreters.ask(word) if "/" in word else None
        known = [each for each in interpreters.find() if f"{interpreters.name(each)}.".startswith(f"{word}.")]
        if asked is None and not known:
            sys.exit(f"storm.py: there is no interpreter {word}; tests/interpreters.py lists them")
        found += [asked] if asked else known
    return found


def check_once(interpreter, program, method, arguments):
    """(method used, result) of one recording."""
    seconds = str(arguments.seconds)
    with tempfile.TemporaryDirectory(prefix="microlog-storm-") as folder:
        options = {"method": method, "rate": arguments.rate, "folder": folder}
        if program in NAMES:
            recording, _ = truth.record(interpreter, "generated", seconds, program, **options)
            return recording.method, truth.check_made(recording, program == "varying")
        recording, _ = truth.record(interpreter, program, seconds, "0,5,60", **options)
        return recording.method, truth.check(recording, truth.Program(truth.PROGRAMS / f"{program}.py"))


def storm(interpreter, program, method, arguments):
    """Prints a line of the table, and an example of each fault; True if there was none."""
    total, used, failure, begin = truth.Result(), method, "", time.monotonic()
    while total.stacks < arguments.stacks and not failure:
        try:
            used, result = check_once(interpreter, program, method, arguments)
        except (AssertionError, OSError) as error:
            failure = str(error)
        else:
            total.merge(result)
            if method not in ("", used):
                print(f"{interpreters.name(interpreter):9}{method:9}{program:12}is read by {used} instead")
                return True
    print(f"{interpreters.name(interpreter):9}{used:9}{program:12}{total.stacks:9}"
          + "".join(f"{total.counts[kind]:11}" for kind in COLUMNS) + f"{time.monotonic() - begin:7.0f} s", flush=True)
    faults = total.faults(*truth.FAULTS)
    for kind, (_, example) in faults.items():
        print(f"    {kind}: {example}")
    if failure:
        print(f"    FAILED: {failure}")
    return not (faults or failure)


def main():
    arguments = parse_arguments()
    print(f"{'python':9}{'method':9}{'program':12}{'stacks':>9}" + "".join(f"{kind:>11}" for kind in COLUMNS))
    good = True
    for interpreter in chosen_interpreters(arguments.python):
        for program in arguments.program.split(","):
            for method in arguments.method.split(",") if arguments.method else [""]:
                good &= storm(interpreter, program, method, arguments)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
