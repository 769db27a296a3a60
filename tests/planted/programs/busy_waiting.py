"""The end of a child is awaited by asking again and again, at the price of a processor."""

import subprocess
import sys

from common import chores, planted

WORK = "sum(number * number for number in range(9_000_000))"


def wait_for(child):
    asked = 0
    if planted():
        while child.poll() is None:
            asked += 1
    return child.wait()


def main():
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-I", "-S", "-c", WORK])
        wait_for(child)
        chores(25)


main()
