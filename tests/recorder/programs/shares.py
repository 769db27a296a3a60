"""Parts of known length in random order, each timing itself; prints {part: [wall seconds, CPU seconds]}.

argv: seconds, and the seed of the order.
"""

import collections
import hashlib
import json
import random
import sys
import time

BYTES = bytes(2_000_000)


def loop():
    for _ in range(100_000):
        pass


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def calls():
    fib(16)


def numbers(count):
    for number in range(count):
        yield number


def delegated(count):
    yield from numbers(count)


def generators():
    for _ in delegated(20_000):
        pass


def holding():
    sum(range(200_000))


def releasing():
    hashlib.sha256(BYTES).digest()


def sleeping():
    time.sleep(0.008)


PARTS = (loop, calls, generators, holding, releasing, sleeping)


def main():
    order = random.Random(int(sys.argv[2]))
    spent = collections.defaultdict(lambda: [0.0, 0.0])
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        part = order.choice(PARTS)
        wall, cpu = time.perf_counter(), time.thread_time()
        for _ in range(order.randrange(1, 4)):
            part()
        spent[part.__name__][0] += time.perf_counter() - wall
        spent[part.__name__][1] += time.thread_time() - cpu
    print(json.dumps(spent))


main()
