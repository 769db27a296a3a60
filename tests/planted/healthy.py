#!/usr/bin/env python3
"""Records programs that nobody planted a fault in, and lists what the analyzers warn of.

    python3 tests/planted/healthy.py [--python V] [--only NAME] [--keep FOLDER]

They are the standard library's own tools and tests, and those in healthy/. A warning is no mistake as such: each that
appears here was looked into by other means (cProfile, strace, -X importtime) and stands in CONFIRMED with what that
showed. Exit code 1 if there is another one, or any finding at all in the empty program.
"""

import argparse
import json
import pathlib
import shutil
import sys
import sysconfig
import tempfile

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.planted import pairs, truth  # noqa: E402

HEALTHY = pathlib.Path(__file__).resolve().parent / "healthy"
PACKAGES = "asyncio", "email", "json", "http", "logging", "unittest"

PROGRAMS = {
    "compileall": "-m compileall -q -f {folder}/asyncio {folder}/email {folder}/http {folder}/unittest",
    "json": "-m json.tool --sort-keys {folder}/big.json {folder}/out.json",
    "texts": "-m unittest -q test.test_textwrap test.test_difflib test.test_csv test.test_configparser",
    "asyncio": "-m unittest -q test.test_asyncio.test_queues test.test_asyncio.test_locks test.test_asyncio.test_streams",
    "threads": "-m unittest -q test.test_queue test.test_thread",
    "decimal": "-m unittest -q test.test_decimal test.test_fractions test.test_statistics",
    "zip": "-m zipfile -c {folder}/out.zip {folder}/asyncio {folder}/email {folder}/http {folder}/big.json",
    "tar": "-m tarfile -c {folder}/out.tar.gz {folder}/asyncio {folder}/email {folder}/http {folder}/big.json",
    "dis": "-m dis {folder}/email/_header_value_parser.py",
    "ast": "-m ast {folder}/email/_header_value_parser.py",
    "tokenize": "-m tokenize {folder}/email/_header_value_parser.py",
    "server": "{healthy}/server.py",
    "words": "{healthy}/words.py",
    "empty": "{healthy}/empty.py",
}

# (program, rule): what another look showed
CONFIRMED = {
    ("json", "hotspots/hot-function"): "cProfile: _iterencode_list has the most own time, 37 % of the CPU",
    ("texts", "hotspots/hot-function"): "cProfile: find_longest_match has the most own time, 37 % of the CPU",
    ("threads", "hotspots/hot-function"): "cProfile: gc.collect has 1.9 s of the 2.4 s that are not waits; gc_collect calls it",
    ("threads", "logs/errors"): "its source: test_unraisable_exception raises it in a thread, and nobody can catch it",
    ("server", "waits/gil-contention"): "timed, not recorded: four clients take 1.2 times as long as one (2.89 and 2.39 s), as they compute",
    ("tar", "hotspots/hot-function"): "cProfile: GzipFile.write has 89 % of the CPU; zlib is charged to it",
    ("words", "hotspots/hot-function"): "cProfile: _tokenize has the most own time, 26 % of the CPU and of cProfile's cost",
}


def prepare(folder):
    """What the programs read."""
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    for package in PACKAGES:
        shutil.copytree(library / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    rows = [{"id": row, "name": f"row {row}", "parts": list(range(row % 40))} for row in range(60_000)]
    (folder / "big.json").write_text(json.dumps(rows), encoding="utf-8")


def look(name, interpreter, folder, keep):
    """The findings in a program's recording."""
    path = keep / f"{name}.mlog"
    if not path.exists():
        words = PROGRAMS[name].format(folder=folder, healthy=HEALTHY).split()
        done = support.run([interpreter.path, "-m", "microlog", "-o", path, *words], cwd=keep,
                           env=interpreters.environment(interpreter))
        if done.returncode:
            raise AssertionError(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return pairs.analyze(path)


def judge(name, found):
    """Prints the program's warnings; returns how many are not accounted for."""
    wrong = 0
    found = [each for each in found if not pairs.is_one_of(each.rule, [pairs.ABOUT_THE_RECORDING])]
    said = found if name == "empty" else pairs.loud(found)
    print(f"{name}: {len(said)} warnings, {len(found)} findings")
    for finding in said:
        reason = CONFIRMED.get((name, finding.rule))
        print(f"    {finding.rule}: {finding.message}\n        {reason or 'NOT CONFIRMED'}")
        wrong += reason is None
    sys.stdout.flush()
    return wrong


def main():
    parser = argparse.ArgumentParser(description="List what the analyzers warn of in healthy programs.")
    parser.add_argument("--python", default=support.interpreters()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    interpreter = truth.choose(options.python)
    print(f"CPython {interpreters.name(interpreter)}, {interpreter.path}")
    with tempfile.TemporaryDirectory(prefix="microlog-healthy-") as scratch:
        folder = pathlib.Path(scratch)
        prepare(folder)
        keep = (options.keep or folder).resolve()
        keep.mkdir(parents=True, exist_ok=True)
        wrong = sum(judge(name, look(name, interpreter, folder, keep)) for name in PROGRAMS if options.only in name)
    print(f"{wrong} not confirmed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
