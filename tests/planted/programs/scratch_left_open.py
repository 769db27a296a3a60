"""mkstemp hands out an open descriptor and a name; the program uses the name, and forgets the descriptor."""

import os
import pathlib
import tempfile

from common import chores, planted


def scratch(folder):
    descriptor, name = tempfile.mkstemp(dir=folder)
    if not planted():
        os.close(descriptor)
    return pathlib.Path(name)


def main():
    with tempfile.TemporaryDirectory() as folder:
        size = 0
        for number in range(150):
            path = scratch(folder)
            path.write_text(f"{number}\n")
            size += path.stat().st_size
            path.unlink()
            chores()
        print(size)


main()
