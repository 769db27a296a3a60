"""Runs in the measured interpreter: what a print and a log record cost with the recorder and without, slice by slice in
random order. Started by peers.py; prints one JSON object on stderr, since stdout is what is printed to.

    peers_events.py ROUNDS OUTPUT
"""

import json
import logging
import random
import sys
import time

import microlog

CALLS = 500  # a slice; what they record fits into the recorder's ring many times over


def printing():
    for number in range(CALLS):
        print("request", number, "done")


def log_records():
    logger = logging.getLogger("service")
    for number in range(CALLS):
        logger.info("request %d done", number)


def cost(work):
    """[CPU of this thread, CPU of the process], in microseconds a call. In the pauses the recorder writes what it was
    told."""
    work()
    time.sleep(0.015)
    begin = time.process_time_ns(), time.thread_time_ns()
    work()
    thread = time.thread_time_ns() - begin[1]
    time.sleep(0.015)
    process = time.process_time_ns() - begin[0]
    return [thread / CALLS / 1000, process / CALLS / 1000]


def measure(work, recorded, output):
    """The same, while recording or just after a recording has ended."""
    microlog.start(output)
    if recorded:
        figures = cost(work)
        microlog.stop()
    else:
        microlog.stop()
        figures = cost(work)
    return figures


def main():
    rounds, output = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, stream=open("/dev/null", "w"))
    order = random.Random(1)
    result = {}
    works = {"print": printing, "log record": log_records}
    never = {name: [cost(work) for _ in range(int(rounds))] for name, work in works.items()}
    for name, work in works.items():
        slices = {False: [], True: []}
        for _ in range(int(rounds)):
            for recorded in order.sample([False, True], 2):
                slices[recorded].append(measure(work, recorded, output))
        result[name] = {"never": never[name], "bare": slices[False], "microlog": slices[True]}
    json.dump(result, sys.stderr)


main()
