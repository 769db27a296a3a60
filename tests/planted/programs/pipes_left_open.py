"""A pipe is made to wake each worker, and only its reading end is ever closed."""

import os

from common import chores, planted


def make_bell():
    return os.pipe()


def ring(kept):
    reading, writing = make_bell()
    os.write(writing, b"!")
    os.read(reading, 1)
    os.close(reading)
    if planted():
        kept.append(writing)
    else:
        os.close(writing)


def main():
    kept = []
    for _ in range(150):
        ring(kept)
        chores()
    print(len(kept))


main()
