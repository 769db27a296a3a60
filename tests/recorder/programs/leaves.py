"""Calls that do nearly nothing, so that the innermost frame is nearly always another one."""

import time

from below import at_depths


class Point:  # -> Point
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def moved(self, by):
        return Point(self.x + by, self.y)  # -> __init__

    @property
    def weight(self):
        return self.x


def one():
    return 1


def two(a, b=2):
    return b


def three(*rest):
    return rest


def work(end):
    point = Point(1, 2)  # -> __init__
    while time.perf_counter() < end:
        for _ in range(50):
            one()  # -> one
            two(1)  # -> two
            three(one(), two(1))  # -> one, two, three
            point.moved(1)  # -> moved
            point.weight  # -> weight


at_depths(work)  # -> at_depths
