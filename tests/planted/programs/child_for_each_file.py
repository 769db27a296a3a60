"""A child is started for each file to count its lines, one at a time."""

import pathlib
import subprocess
import sys
import tempfile

from common import chores, planted


def count_lines(path):
    if planted():
        program = "import sys, time; print(len(open(sys.argv[1]).readlines()))"
        return int(subprocess.run([sys.executable, "-c", program, path], stdout=subprocess.PIPE, check=True).stdout)
    with open(path, encoding="utf-8") as file:
        return len(file.readlines())


def main():
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(60):
            path = pathlib.Path(folder) / f"{number}.txt"
            path.write_text("line\n" * number * 20)
            total += count_lines(path)
            chores()
    print(total)


main()
