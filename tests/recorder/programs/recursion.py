"""Recursion that is ever changing its depth, alone and mutual."""

import time

from below import at_depths


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)  # -> fib


def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)  # -> is_odd


def is_odd(n):
    if n == 0:
        return False
    return is_even(n - 1)  # -> is_even


def work(end):
    while time.perf_counter() < end:
        fib(12)  # -> fib
        is_even(30)  # -> is_even
        is_odd(7)  # -> is_odd


at_depths(work)  # -> at_depths
