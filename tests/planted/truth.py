#!/usr/bin/env python3
"""Holds the analyzers against programs with a planted fault and their clean twins.

    python3 tests/planted/truth.py [--python V] [--only NAME] [--jobs N] [--keep FOLDER]

Records both twins of each pair, analyses them with all plugins, and prints what was found, missed, misplaced, and
what was said where nothing is wrong. Exit code 1 below the bars: no false alarm at warning level, nine in ten found,
each of them in the right file and function. A package that cannot be had skips its pairs, and says so.

--python is a path or a version (3.15, newest; default: python3), --only a part of programs' names. With --keep the
recordings go to a folder, and those that are there are not made again.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import sys
import tempfile

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.planted import pairs  # noqa: E402

NEEDED_SHARE = 0.9

Result = collections.namedtuple("Result", "pair verdict finding alarms")


def choose(python):
    """The interpreter that is meant."""
    if python == "newest":
        return [each for each in interpreters.everything() if not each.free_threaded][-1]
    for each in reversed(interpreters.everything()):
        if python == each.path or interpreters.name(each).startswith(python):
            return each
    found = interpreters.ask(python)
    if found is None:
        raise SystemExit(f"truth.py: {python} is no CPython 3.9 to 3.15 with headers: python3 tests/interpreters.py lists them")
    return found


def look(pair, interpreter, folder):
    """The Result of a pair."""
    folders, reason = pairs.packages(pair, interpreter)
    if folders is None:
        return Result(pair, "skipped", None, [reason])
    found = []
    for twin in pairs.TWINS:
        path = folder / f"{pair.program}-{twin}.mlog"
        if not path.exists():
            pairs.record(pair, twin, interpreter, path, folders)
        found.append(pairs.analyze(path))
    return Result(pair, *pairs.judge(pair, *found))


def look_at_all(chosen, interpreter, folder, jobs):
    interpreters.build(interpreter)  # once, before the threads
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda pair: look(pair, interpreter, folder), chosen)


def show(result):
    print(f"{result.verdict:11} {result.pair.program:28} ", end="")
    if result.verdict == "skipped":
        print(result.alarms[0])
    elif result.finding:
        print(f"{result.finding.rule}: {result.finding.message}")
    else:
        print("|".join(result.pair.rules))
    for twin, alarm in result.alarms if result.verdict != "skipped" else ():
        print(f"{'FALSE ALARM':11} {'in the ' + twin + ' twin':28} {alarm.rule}: {alarm.message}")
    sys.stdout.flush()


def is_good_enough(results):
    """Prints the figures; do they reach the bars?"""
    judged = [each for each in results if each.verdict != "skipped"]
    counts = collections.Counter(each.verdict for each in judged)
    alarms = sum(len(each.alarms) for each in judged)
    print(f"{len(judged)} pairs: {counts['found']} found, {counts['note only']} as notes only, {counts['missed']} missed, "
          f"{counts['no place']} without a place, {counts['wrong place']} in the wrong place; {alarms} false alarms; "
          f"{len(results) - len(judged)} skipped")
    return bool(judged) and not alarms and not counts["wrong place"] and counts["found"] >= NEEDED_SHARE * len(judged)


def main():
    parser = argparse.ArgumentParser(description="Hold the analyzers against programs with a planted fault.")
    parser.add_argument("--python", default=support.interpreters()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    interpreter = choose(options.python)
    chosen = [pair for pair in pairs.load() if options.only in pair.program]
    print(f"CPython {interpreters.name(interpreter)}, {interpreter.path}", flush=True)
    results = []
    with tempfile.TemporaryDirectory(prefix="microlog-planted-") as scratch:
        folder = (options.keep or pathlib.Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for result in look_at_all(chosen, interpreter, folder, options.jobs):
            show(result)
            results.append(result)
    return 0 if is_good_enough(results) else 1


if __name__ == "__main__":
    sys.exit(main())
