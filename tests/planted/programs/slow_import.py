"""A module computes a large table while it is imported, though most runs never look at it."""

import pathlib
import sys
import tempfile

from common import chores, planted

TABLE = '''"""Factors of numbers."""


def factor(number):
    divisor = 2
    while number % divisor:
        divisor += 1
    return divisor


{name} = {{number: factor(number) for number in range(2, 22_000)}}
'''
LAZY = '''"""Factors of numbers."""


def factor(number):
    divisor = 2
    while number % divisor:
        divisor += 1
    return divisor
'''


def load(folder):
    (pathlib.Path(folder) / "factors.py").write_text(TABLE.format(name="FACTORS") if planted() else LAZY)
    sys.path.insert(0, folder)
    import factors
    return factors


def main():
    with tempfile.TemporaryDirectory() as folder:
        factors = load(folder)
        chores(60)
        print(factors.factor(7919))
        chores(60)


main()
