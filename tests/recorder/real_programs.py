#!/usr/bin/env python3
"""Programs that nobody here wrote, with and without the recorder: stdout, stderr, exit code and files, byte by byte.

    tests/recorder/real_programs.py [--python X] [--only NAME,...] [--rate HZ]

Each runs bare, recorded, and bare again, in a folder of its own with the same name; what differs between the two bare runs
counts for nothing and is said. Packages come from the Python package index, into `build/real`. Exit code 1 if a
program differs only when it is recorded, or was not recorded.
"""

import argparse
import collections
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "real"
PACKAGES = "black mypy sphinx flask gunicorn aiohttp pandas pytest hypothesis sqlalchemy".split()
STDLIB = "asyncio", "email", "json"

# {python}: the words that start Python, recorded or not; {library}: a copy of parts of the standard library.
PROGRAMS = {
    "black": "{python} -m black -W 1 --diff -l 60 {library}/asyncio {library}/json",
    "black in place": "{python} -m black -q -l 60 {library}/json {library}/asyncio/queues.py",
    "mypy": "{python} -m mypy --cache-dir=/dev/null --ignore-missing-imports {library}/json",
    "sphinx": "{python} -m sphinx -q -b text -C -D project=x -D extensions=sphinx.ext.autodoc {library}/docs out",
    "tests of numpy": "{python} -m pytest -q -p no:cacheprovider --pyargs numpy.linalg.tests",
    "tests of asyncio": "{python} -m unittest -q test.test_asyncio.test_queues test.test_asyncio.test_locks",
    "calendar": "{python} -m calendar -t html 2024 > calendar.html",
    "dis": "{python} -m dis {library}/email/_header_value_parser.py",
    "printing": "{python} -c \"for i in range(300000): print('x' * 200, i)\"",
    "tables": "{python} {here}/tables.py",
    "event loop": "{python} {here}/event_loop.py",
    "gunicorn": "{plain} {here}/asked.py {python}",
}
# What differs from run to run whoever watches.
TIMES = re.compile(rb"\b\d+\.\d+ ?s(econds)?\b( \(\d+:\d\d:\d\d\))?|0x[0-9a-f]+|\d\d\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")

Shown = collections.namedtuple("Shown", "code stdout stderr files")


def prepare(folder):
    """What the programs read; black changes it."""
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    for package in STDLIB:
        shutil.copytree(library / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "docs").mkdir()
    modules = "\n".join(f".. automodule:: {name}\n   :members:\n" for name in ("json", "email.message", "queue", "string"))
    (folder / "docs" / "index.rst").write_text(f"Modules\n=======\n\n{modules}", encoding="utf-8")


def files_of(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(TIMES.sub(b"", path.read_bytes())).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts}


def run(words, python, plain, folder, environment):
    """One run in a fresh folder: what it showed to the world."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "work").mkdir(parents=True)
    prepare(folder / "library")
    command = words.format(python=" ".join(map(str, python)), plain=plain, here=HERE, library=folder / "library")
    done = subprocess.run(command, shell=True, cwd=folder / "work", env=environment, capture_output=True, timeout=900)
    return Shown(done.returncode, TIMES.sub(b"", done.stdout), TIMES.sub(b"", done.stderr), files_of(folder))


def compare(name, interpreter, python, rate):
    """(what differs only when recorded; what was seen, and the first differences)."""
    with tempfile.TemporaryDirectory(prefix="microlog-real-") as where:
        folder, recordings = pathlib.Path(where) / "at", pathlib.Path(where) / "recordings"
        recordings.mkdir()
        environment = interpreters.environment(interpreter, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        recorded = [python, "-m", "microlog", "--rate", str(rate), "-o", recordings / "run.mlog"]
        bare = run(PROGRAMS[name], [python], python, folder, environment)
        seen = run(PROGRAMS[name], recorded, python, folder, environment)
        again = run(PROGRAMS[name], [python], python, folder, environment)
        whole = [support.analyze("verify", path).returncode == 0 for path in recordings.glob("*.mlog")]
    differs = {field for field in Shown._fields if getattr(bare, field) != getattr(seen, field)}
    anyway = {field for field in Shown._fields if getattr(bare, field) != getattr(again, field)}
    if not whole or not all(whole):
        differs.add("recording")
    said = (f"exit {bare.code}, {len(bare.stdout) + len(bare.stderr):,} bytes, {len(bare.files)} files, {len(whole)} recordings"
            f"{'; differs anyway: ' + ', '.join(sorted(anyway)) if anyway else ''}")
    return differs - anyway, "\n    ".join([said, *first_differences(bare, seen, differs - anyway)])


def first_differences(bare, seen, fields):
    for field in sorted(fields & {"stdout", "stderr"}):
        a, b = getattr(bare, field).splitlines(), getattr(seen, field).splitlines()
        number = next(i for i, (one, other) in enumerate(zip(a + [b"(end)"], b + [b"(end)"])) if one != other)
        for what, lines in (("bare", a), ("recorded", b)):
            yield f"{field}, line {number + 1}, {what}: {(lines + [b'(end)'])[number][:300]!r}"


def install(interpreter):
    """The virtual environment's Python, made at first."""
    folder = support.build() / "real" / f"venv-{interpreters.name(interpreter)}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        for words in ([interpreter.path, "-m", "venv", folder], [python, "-m", "pip", "install", "-q", *PACKAGES]):
            done = support.run(words, timeout=1800)
            if done.returncode:
                sys.exit(f"real_programs.py: {interpreter.path}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
        (folder / "installed").touch()
    return python


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--python", help="path of an interpreter (default: the one the recorder was built for)")
    parser.add_argument("--only", default=",".join(PROGRAMS))
    parser.add_argument("--rate", type=int, default=100)
    arguments = parser.parse_args()
    interpreter = interpreters.ask(arguments.python) if arguments.python else interpreters.default()
    python = install(interpreter)
    print(f"CPython {interpreters.name(interpreter)}, {arguments.rate} samples a second")
    failed = 0
    for name in arguments.only.split(","):
        differs, seen = compare(name, interpreter, python, arguments.rate)
        failed += bool(differs)
        print(f"{name:18} {'DIFFERS in ' + ', '.join(sorted(differs)) if differs else 'same'}: {seen}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
