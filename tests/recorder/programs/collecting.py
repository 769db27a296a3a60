"""Collects garbage half of the time for argv[1] seconds; prints {part: [wall seconds, CPU seconds]}."""

import gc
import json
import sys
import time


def collecting():
    gc.collect()


def working():
    for _ in range(400_000):
        pass


def main():
    gc.disable()
    heap = [[number] for number in range(200_000)]
    spent = {"collecting": [0.0, 0.0], "working": [0.0, 0.0]}
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        for part in collecting, working:
            wall, cpu = time.perf_counter(), time.thread_time()
            part()
            spent[part.__name__][0] += time.perf_counter() - wall
            spent[part.__name__][1] += time.thread_time() - cpu
    print(json.dumps(spent))
    return heap


main()
