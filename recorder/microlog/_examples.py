"""python -m microlog examples: the programs that come with the recorder, each with something to find in its recording."""

import ast
import os
import sys

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples")


def _first_line(path):
    with open(path, encoding="utf-8") as file:
        return ast.get_docstring(ast.parse(file.read())).splitlines()[0]


def examples():
    """Print what there is, and how to record it; returns the exit code."""
    try:
        names = sorted(name for name in os.listdir(_FOLDER) if name.endswith(".py"))
    except OSError as error:
        sys.stderr.write(f"microlog: {error}: install the recorder again\n")
        return 1
    for name in names:
        print(f"  {name:16} {_first_line(os.path.join(_FOLDER, name))}")
    print(f"\nTheir first lines say what a recording shows. To record one and read about it:\n\n"
          f"  python -m microlog {os.path.join(_FOLDER, 'growth.py')}\n"
          f"  microlog-analyze run.mlog --plugins all")
    return 0
