"""The interpreters on this machine that the recorder can be built for, and those builds.

    python3 tests/interpreters.py            lists them
    python3 tests/interpreters.py --build    builds the recorder for each, too

They come from $MICROLOG_PYTHON, from PATH, from pyenv, and from .interpreters, which
tests/interpreters.sh fills. One that has no Python.h cannot be built for, and is not listed.
"""

import argparse
import collections
import functools
import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests import support  # noqa: E402

OLDEST, NEWEST = (3, 9), (3, 15)
SYSTEM = "/usr/bin/python3"
FETCHED = ROOT / ".interpreters"

# version: (major, minor, micro); path: what to run; free_threaded: built without a GIL;
# tests: the folder of CPython's own test suite, or None.
Interpreter = collections.namedtuple("Interpreter", "version path free_threaded tests")

ASK = """
import importlib.util, json, os, sys, sysconfig
try:
    tests = importlib.util.find_spec("test.test_threading")
except ImportError:
    tests = None
print(json.dumps({
    "version": sys.version_info[:3], "path": sys.executable, "implementation": sys.implementation.name,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "tests": os.path.dirname(tests.origin) if tests else None,
    "header": os.path.join(sysconfig.get_path("include"), "Python.h")}))
"""


def name(interpreter):
    """For people and for folders: 3.13.18, or 3.13.18t if free-threaded."""
    return ".".join(map(str, interpreter.version)) + ("t" if interpreter.free_threaded else "")


def candidates():
    """Every command that might be one, in order of preference."""
    minors = range(OLDEST[1], NEWEST[1] + 1)
    names = ["python3", *(f"python3.{minor}{kind}" for minor in minors for kind in ("", "t"))]
    yield from support.interpreters()
    yield SYSTEM
    for folder in os.get_exec_path():
        yield from (os.path.join(folder, each) for each in names)
    for minor in reversed(minors):
        for pattern in (os.path.expanduser("~/.pyenv/versions/*/bin"), str(FETCHED / "usr" / "bin")):
            for kind in ("", "t"):
                yield from sorted(glob.glob(f"{pattern}/python3.{minor}{kind}"))


@functools.lru_cache(maxsize=None)
def ask(command):
    """The interpreter that `command` runs, or None if the recorder cannot be built for it."""
    path = shutil.which(command)
    if path is None:
        return None
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run([path, "-c", ASK], env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              cwd="/", timeout=60, check=False)
    except OSError as error:  # what was unpacked before the checkout was moved
        print(f"interpreters: {path} left out, it does not start ({error.strerror}): "
              "run `sh install-deps.sh tests`", file=sys.stderr)
        return None
    answer = json.loads(done.stdout) if done.returncode == 0 else {}
    version = tuple(answer.get("version", ()))
    if not OLDEST <= version[:2] <= NEWEST or answer["implementation"] != "cpython" or \
            not os.path.exists(answer["header"]):
        return None
    return Interpreter(version, answer["path"], answer["free_threaded"], answer["tests"])


@functools.lru_cache(maxsize=None)
def everything():
    """All that can be had, each once, oldest version first."""
    found = {}
    for interpreter in filter(None, map(ask, candidates())):
        found.setdefault(os.path.realpath(interpreter.path), interpreter)
    return sorted(found.values(), key=lambda each: (each.version, each.free_threaded, each.path))


def default():
    """The one for which `make` was asked to build the recorder; skips the test if it cannot be."""
    interpreter = ask(support.interpreters()[0])
    if interpreter is None:
        raise unittest.SkipTest(f"{support.interpreters()[0]} is no CPython 3.9 to 3.15 with headers")
    return interpreter


def find():
    """The newest micro version of each minor version, with and without a GIL, plus the system's own."""
    newest = {(each.version[:2], each.free_threaded): each for each in everything()}
    system = os.path.realpath(SYSTEM)
    return [each for each in everything()
            if each is newest[each.version[:2], each.free_threaded] or os.path.realpath(each.path) == system]


def spread():
    """The oldest, the default one and the newest: for what hardly depends on the version and takes its time."""
    found = find()
    return [each for each in found if each in (found[0], found[-1], default())]


def output_folder(interpreter):
    """Where its build goes: a folder of its own, also among several of the same version."""
    alike = [each.path for each in everything() if name(each) == name(interpreter)]
    number = alike.index(interpreter.path) if interpreter.path in alike else len(alike)
    return support.build() / (f"for-{name(interpreter)}" + (f"-{number + 1}" if number else ""))


@functools.lru_cache(maxsize=None)
def build(interpreter):
    """Builds the recorder for it (make does what is left to do); returns the folder for PYTHONPATH."""
    folder = output_folder(interpreter)
    variables = {key: value for key, value in os.environ.items()
                 if not key.startswith(("MAKE", "MFLAGS", "PYTHON")) and key not in ("SAN", "DEBUG", "O")}
    done = support.run(["make", "-s", "-j2", f"O={folder}", f"PYTHON={interpreter.path}", "recorder"],
                       cwd=ROOT, env=variables, timeout=600)
    if done.returncode:
        raise RuntimeError(f"The recorder does not build for {interpreter.path}:\n{done.stdout}{done.stderr}")
    return folder / "python"


def environment(interpreter, **variables):
    """The environment in which this interpreter imports the recorder built for it, plus `variables`."""
    return support.recorder_environment(PYTHONPATH=str(build(interpreter)), **variables)


def main():
    parser = argparse.ArgumentParser(description="List the interpreters that the recorder can be built for.")
    parser.add_argument("--build", action="store_true", help="build the recorder for each")
    arguments = parser.parse_args()
    chosen = find()
    for interpreter in everything():
        mark = "*" if interpreter in chosen else " "
        tests = "" if interpreter.tests else "  (without CPython's tests)"
        print(f"{mark} {name(interpreter):9} {interpreter.path}{tests}", flush=True)
        if arguments.build and interpreter in chosen:
            print(f"    {build(interpreter)}", flush=True)
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main())
