"""Modules that are imported when first needed, one of them a slow one.

What a look at the recording should find: which module took how long and who wanted it; most of the first call of `report` is
importing.
"""

import time


def parse(text):
    import json
    return json.loads(text)


def store(values):
    import sqlite3
    database = sqlite3.connect(":memory:")
    database.execute("create table numbers (value integer)")
    database.executemany("insert into numbers values (?)", ((value,) for value in values))
    return database.execute("select sum(value) from numbers").fetchone()[0]


def report(total):
    """The slow one: all of a test framework, for one line of text."""
    import unittest.mock
    return f"{total} with {unittest.mock.__name__}"


def main():
    end = time.perf_counter() + 1.5
    while time.perf_counter() < end:
        total = store(parse(str(list(range(2000)))))
        text = report(total)
    print(text)


main()
