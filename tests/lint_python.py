#!/usr/bin/env python3
"""Every Python file compiles for the oldest supported version, and every test checks something.

    tests/lint_python.py [ROOT]

A test method counts as checking something if it, or a method of its file that it calls, calls
`assert...` or `fail`.
"""

import ast
import pathlib
import sys

OLDEST = (3, 9)
CHECKS = ("assert", "fail")


def called_names(function):
    """The last part of the name of everything that the function calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            target = node.func
            yield getattr(target, "attr", None) or getattr(target, "id", None) or ""


def is_checking(name, functions, seen):
    """Does the function of this name check something, by itself or through those it calls?"""
    if name in seen or name not in functions:
        return False
    seen.add(name)
    called = list(called_names(functions[name]))
    return any(call.startswith(CHECKS) for call in called) or \
        any(is_checking(call, functions, seen) for call in called)


def tests_without_check(tree):
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return [function for name, function in functions.items()
            if name.startswith("test") and not is_checking(name, functions, set())]


def objections(path, text):
    try:
        tree = ast.parse(text, feature_version=OLDEST)
    except SyntaxError as error:
        return [f"{path}:{error.lineno}: {error.msg} (Python {OLDEST[0]}.{OLDEST[1]})"]
    if not path.name.startswith("test_"):
        return []
    return [f"{path}:{function.lineno}: {function.name} checks nothing"
            for function in tests_without_check(tree)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = []
    files = [file for top in ("tests", "recorder", "analyzers", "renderers", "plugins-sdk")
             for file in sorted((root / top).rglob("*.py"))]
    for file in files:
        found += objections(file.relative_to(root), file.read_text())
    for line in found:
        print(line)
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
