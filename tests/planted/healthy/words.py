"""Reads every module of a folder of the standard library, counts words and functions, and keeps them in a database."""

import ast
import collections
import pathlib
import sqlite3
import sysconfig
import tokenize
import zlib


def words_of(path):
    with tokenize.open(path) as file:
        return collections.Counter(token.string for token in tokenize.generate_tokens(file.readline)
                                   if token.type == tokenize.NAME)


def functions_of(path):
    with tokenize.open(path) as file:
        tree = ast.parse(file.read())
    return sum(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def store(database, path):
    rows = [(path.name, word, count) for word, count in sorted(words_of(path).items())]
    with database:
        database.executemany("INSERT INTO words VALUES (?, ?, ?)", rows)
    packed = zlib.compress(path.read_bytes(), 9)
    return functions_of(path), len(packed)


def main():
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE words (module TEXT, word TEXT, uses INTEGER)")
    sums = [store(database, path) for path in sorted(library.glob("[a-m]*.py"))]
    common = database.execute("SELECT word, SUM(uses) FROM words GROUP BY word ORDER BY 2 DESC, 1 LIMIT 5").fetchall()
    database.close()
    print(common, sum(functions for functions, _ in sums), sum(packed for _, packed in sums))


main()
