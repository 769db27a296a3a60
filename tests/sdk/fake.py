"""Builds fake_host and runs one plugin in it, against the contract alone.

With a sanitized build at hand its plugins are used, so a wrong access fails the test.
"""

import collections
import functools
import os
import pathlib
import re
import tempfile
import unittest

import support

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = support.ROOT / "plugins-sdk" / "include"
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

Block = collections.namedtuple("Block", "kind key title numbers texts lists cells text")


@functools.lru_cache(maxsize=None)
def folder():
    """The build whose plugins are tried, and whether it is sanitized."""
    try:
        sanitized = support.sanitized_build()
    except unittest.SkipTest:
        return support.build(), False
    return (sanitized, True) if (sanitized / "plugins").exists() else (support.build(), False)


@functools.lru_cache(maxsize=None)
def scratch():
    return tempfile.TemporaryDirectory(prefix="microlog-fake-")


def compile_c(arguments, compiler="cc"):
    """Compiles; raises an AssertionError with what the compiler said."""
    done = support.run([support.require(compiler), *arguments])
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)


@functools.lru_cache(maxsize=None)
def host():
    program = pathlib.Path(scratch().name) / "fake_host"
    sources = [HERE / "fake_host.c", HERE / "fake_model.c", HERE.parent / "renderers" / "kitchen_sink.c"]
    compile_c(["-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", *(SANITIZE if folder()[1] else []),
               "-I", INCLUDE, "-I", HERE, "-I", HERE.parent / "renderers", "-o", program, *sources, "-ldl"])
    return program


def plugin(name):
    """The path of a bundled plugin, "analyzer-fdleak" for example."""
    path = folder()[0] / "plugins" / f"microlog-{name}.so"
    if not path.exists():
        raise unittest.SkipTest(f"{path.name} was not built")
    return path


def run(path, *arguments, model=None):
    """Runs the plugin; `model` is the text of a model. Returns its output; it must not fail."""
    command = [host(), *arguments, path]
    if model is not None:
        file = pathlib.Path(scratch().name) / "model"
        file.write_text(model)
        command[1:1] = ["--model", file]
    done = support.run(command, text=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    if done.returncode:
        raise AssertionError(f"{path.name}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def blocks(path, *arguments, model):
    """The blocks that an analyzer writes about a model."""
    found = []
    for line in run(path, *arguments, model=model).decode().splitlines():
        call, number, text = line.split(" ", 2)
        number, text = int(number), re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
        if call == "begin":
            found.append(Block(number, text, [], {}, collections.defaultdict(list),
                               collections.defaultdict(list), [], []))
        elif call in ("set_number", "set_real"):
            found[-1].numbers[number] = float(text) if call == "set_real" else int(text)
        else:
            place = {"title": found[-1].title, "set_text": found[-1].texts[number],
                     "add": found[-1].lists[number], "cell": found[-1].cells, "end": found[-1].text}
            place[call].append(text)
    return found
