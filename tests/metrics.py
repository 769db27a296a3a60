#!/usr/bin/env python3
"""Lengths of functions and files per folder, with hard limits.

    tests/metrics.py [ROOT]

C functions are found by the project's brace style: a `{` alone in the first column, after a
signature. Lengths count from the signature to the closing brace. Exits 1 beyond a limit.
"""

import ast
import collections
import pathlib
import sys

FUNCTION_LIMIT = 80
FILE_LIMIT = 700
TOPS = ("core", "plugins-sdk", "recorder", "analyzers", "renderers", "tests")
SUFFIXES = (".c", ".h", ".py", ".sh", ".js", ".css")

Function = collections.namedtuple("Function", "path line name length")


def signature_start(lines, brace):
    """The first line of the signature which ends just above the line of the brace."""
    start = brace
    while start > 0 and lines[start - 1].strip() and not lines[start - 1].startswith(("}", "#")) \
            and not lines[start - 1].rstrip().endswith((";", "*/", "}")):
        start -= 1
    return start


def c_functions(path, text):
    lines = text.splitlines()
    brace = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{":
            brace = number
        elif line.startswith("}") and brace is not None:
            start = signature_start(lines, brace)
            name = " ".join(part.strip() for part in lines[start:brace]).split("(")[0].split(" ")[-1]
            yield Function(path, start + 1, name.strip("*"), number - start + 1)
            brace = None


def python_functions(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Function(path, node.lineno, node.name, node.end_lineno - node.lineno + 1)


def functions(path, text):
    if path.suffix in (".c", ".h"):
        return list(c_functions(path, text))
    return list(python_functions(path, text)) if path.suffix == ".py" else []


def folder_of(path):
    """The room: two levels, or one for files that lie higher."""
    return "/".join(path.parts[:2]) if len(path.parts) > 2 else path.parts[0]


def rank(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def print_table(measured, file_lengths):
    print(f"{'folder':26} {'files':>5} {'lines':>6} {'longest':>7}   "
          f"{'functions':>9} {'median':>6} {'90 %':>5} {'max':>4}")
    for folder in sorted(file_lengths):
        files = file_lengths[folder]
        lengths = [function.length for function in measured[folder]]
        print(f"{folder:26} {len(files):5} {sum(files):6} {max(files):7}   {len(lengths):9} "
              f"{rank(lengths, 0.5):6} {rank(lengths, 0.9):5} {max(lengths, default=0):4}")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parent.parent
    measured = collections.defaultdict(list)
    file_lengths = collections.defaultdict(list)
    too_long = []
    for file in sorted(file for top in TOPS for file in (root / top).rglob("*")):
        if file.suffix not in SUFFIXES or not file.is_file():
            continue
        path = file.relative_to(root)
        text = file.read_text(errors="replace")
        length = len(text.splitlines())
        file_lengths[folder_of(path)].append(length)
        if length > FILE_LIMIT:
            too_long.append(f"{path}: {length} lines, the limit is {FILE_LIMIT}")
        measured[folder_of(path)] += functions(path, text)
    too_long += [f"{function.path}:{function.line}: {function.name} has {function.length} lines, "
                 f"the limit is {FUNCTION_LIMIT}"
                 for group in measured.values() for function in group
                 if function.length > FUNCTION_LIMIT]
    print_table(measured, file_lengths)
    print("\n".join(too_long) or "metrics: within the limits")
    return 1 if too_long or not file_lengths else 0


if __name__ == "__main__":
    sys.exit(main())
