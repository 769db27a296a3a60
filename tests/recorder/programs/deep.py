"""Recursion far down and up again, by ever different lengths."""

import random
import sys
import time


def down(depth):
    if depth:
        return down(depth - 1) + 1  # -> down
    return bottom()  # -> bottom


def bottom():
    return 0


def main():
    sys.setrecursionlimit(5000)
    generator = random.Random(7)  # -> library
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        down(generator.randrange(1, 900))  # -> down, library


main()  # -> main
