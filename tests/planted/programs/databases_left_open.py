"""A connection to the database is opened for each query; `with` on it ends the transaction, not the connection."""

import contextlib
import pathlib
import sqlite3
import tempfile

from common import chores, planted

kept = []


def connect(path, kept):
    connection = sqlite3.connect(path)
    kept.append(connection)
    return connection


def store(path, number, kept):
    connection = connect(path, kept)
    with connection if planted() else contextlib.closing(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER)")
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        connection.commit()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for number in range(100):
            store(pathlib.Path(folder) / "numbers.db", number, kept)
            chores()
    print(len(kept))


main()
