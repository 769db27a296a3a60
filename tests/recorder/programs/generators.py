"""Generators that delegate to generators, and two that take turns: frames outside of the stack's own memory."""

import time

from below import at_depths


def outer(count):
    yield from middle(count)  # -> middle


def middle(count):
    yield from inner(count)  # -> inner


def inner(count):
    for number in range(count):
        yield leaf(number)  # -> leaf


def leaf(number):
    return number + 1


def tick(count):
    for number in range(count):
        yield number


def tock(count):
    for number in range(count):
        yield leaf(number)  # -> leaf


def take_turns():
    left = tick(21)  # -> tick
    right = tock(21)  # -> tock
    for _ in range(20):
        next(left)  # -> tick
        next(right)  # -> tock
    del left  # -> tick
    del right  # -> tock


def work(end):
    while time.perf_counter() < end:
        for _ in outer(20):  # -> outer
            pass
        take_turns()  # -> take_turns


at_depths(work)  # -> at_depths
