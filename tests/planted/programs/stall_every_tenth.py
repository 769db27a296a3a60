"""Every tenth record rewrites and compresses the whole journal."""

import json
import tempfile
import zlib

from common import chores, planted, records

ROWS = records(32_000, seed=5)


class Journal:
    """Keeps records in a file."""

    def __init__(self, file):
        self.file = file
        self.count = 0

    def compact(self):
        self.file.seek(0)
        self.file.write(zlib.compress(json.dumps(ROWS).encode(), 6))

    def append(self, row):
        self.count += 1
        chores()
        self.file.write(json.dumps(row).encode() + b"\n")
        if planted() and self.count % 10 == 0:
            self.compact()


def main():
    with tempfile.TemporaryFile() as file:
        journal = Journal(file)
        for row in ROWS[:60]:
            journal.append(row)
            chores(3)
        print(journal.count)


main()
