"""Two chains of calls that alternate: no frame of one ever stands on a frame of the other."""

import time

from below import at_depths


def a1():
    return a2()  # -> a2


def a2():
    return a3()  # -> a3


def a3():
    return sum((1, 2, 3, 4, 5, 6, 7, 8))


def b1():
    return b2()  # -> b2


def b2():
    return b3()  # -> b3


def b3():
    return sum((1, 2, 3, 4, 5, 6, 7, 8))


def work(end):
    while time.perf_counter() < end:
        for _ in range(50):
            a1()  # -> a1
            b1()  # -> b1


at_depths(work)  # -> at_depths
