"""Three functions that take 60, 30 and 10 percent of the time, and one that takes none.

What a look at the recording should find: `parse` leads, then `sort`, then `describe`; `is_done` is hardly there.
"""

import time

SECONDS = 3


def parse(amount):
    total = 0
    for number in range(amount):
        total += number % 7
    return total


def sort(amount):
    total = 0
    for number in range(amount):
        total += number % 7
    return total


def describe(amount):
    total = 0
    for number in range(amount):
        total += number % 7
    return total


def is_done(end):
    return time.perf_counter() >= end


def main():
    end = time.perf_counter() + SECONDS
    rounds = 0
    while not is_done(end):
        parse(12000)
        sort(6000)
        describe(2000)
        rounds += 1
    print(f"{rounds} rounds")


main()
