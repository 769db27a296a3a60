"""Sleeps 0.9 s, then works in two functions for 40 ms each, argv[1] times; prints {part: [wall, CPU]} seconds."""

import json
import sys
import time


def spend(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def first():
    spend(0.04)


def second():
    spend(0.04)


def sleeping():
    time.sleep(0.9)


def main():
    spent = {}
    for _ in range(int(sys.argv[1])):
        for part in sleeping, first, second:
            wall, cpu = time.perf_counter(), time.thread_time()
            part()
            before = spent.get(part.__name__, [0.0, 0.0])
            spent[part.__name__] = [before[0] + time.perf_counter() - wall, before[1] + time.thread_time() - cpu]
    print(json.dumps(spent))


main()
