"""Small recordings for the tests of the command line, written by make_recording.c."""

import functools
import itertools
import pathlib
import tempfile

import support


_numbers = itertools.count(1)


@functools.lru_cache(maxsize=None)
def maker():
    """The program, compiled once per test file against the objects of the build."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="microlog-maker-"))
    objects = [file for room in ("base", "format")
               for file in sorted((support.build() / "obj/core" / room).glob("*.o"))]
    done = support.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-I", support.ROOT,
                        "-o", folder / "make_recording",
                        support.ROOT / "tests/cli/make_recording.c", *objects, "-lzstd"])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return folder / "make_recording"


def make(path, session=1, number=None):
    """Appends a recording of run `session` to the file at `path`; returns the path.

    Every recording has a `number` of its own, from which its uuid is made.
    """
    done = support.run([maker(), path, str(session), str(number or next(_numbers))])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return path
