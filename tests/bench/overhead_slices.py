"""Runs in the measured interpreter, before which overhead_hold was loaded: slices of the same work, in random order with
the recorder at work, with its thread only waking, and with its thread asleep. Started by overhead.py; prints one JSON
object.

    overhead_slices.py PROGRAM RATE ROUNDS SECONDS SEED OUTPUT HOLD
"""

import ctypes
import json
import random
import sys
import time

import microlog
from microlog import _microlog
from overhead_programs import PROGRAMS

CONDITIONS = ("microlog", "wake", "bare")  # in the order of overhead_hold's modes
WARMING_SECONDS = 3  # in which most of what the work looks like is seen for the first time
TICKS_AT_LEAST = 10
SETTLING_TICKS = 3


def units_for(work, seconds):
    """How much work takes so long, once the interpreter has specialised its bytecode."""
    work(50)
    units = 50
    while True:
        begin = time.thread_time()
        work(units)
        took = time.thread_time() - begin
        if took >= seconds / 2:
            return max(1, round(units * seconds / took))
        units *= 2


def measure(work, units):
    """(CPU of this thread, CPU of the process, wall time) of the work, in nanoseconds."""
    begin = time.thread_time_ns(), time.process_time_ns(), time.monotonic_ns()
    work(units)
    end = time.thread_time_ns(), time.process_time_ns(), time.monotonic_ns()
    return [after - before for before, after in zip(begin, end)]


def one_slice(hold, condition, work, units, settling):
    """[thread, process, wall, ticks a second]. The first part of the work is not measured: by then the thread does what it
    shall, and caches are what they become by it."""
    hold.overhead_hold(CONDITIONS.index(condition))
    work(settling)
    hold.overhead_hold(CONDITIONS.index(condition))
    figures = measure(work, units)
    return [*figures, hold.overhead_hold(CONDITIONS.index(condition)) * 1e9 / figures[-1]]


def warm(work, units):
    end = time.monotonic() + WARMING_SECONDS
    while time.monotonic() < end:
        work(units)


def main():
    name, rate, rounds, seconds, seed, output, hold = sys.argv[1:]
    work = PROGRAMS[name]
    rate = float(rate)
    units = units_for(work, max(float(seconds), TICKS_AT_LEAST / rate))
    settling = units_for(work, max(float(seconds) / 5, SETTLING_TICKS / rate))
    order = random.Random(int(seed))
    slices = {condition: [] for condition in CONDITIONS}
    hold = ctypes.CDLL(hold)
    hold.overhead_hold.restype = ctypes.c_uint64
    hold.overhead_hold_open(ctypes.c_double(rate))
    microlog.start(output, rate)
    text = _microlog.method()
    warm(work, settling)
    for _ in range(int(rounds)):
        for condition in order.sample(CONDITIONS, len(CONDITIONS)):
            slices[condition].append(one_slice(hold, condition, work, units, settling))
    hold.overhead_hold(0)
    microlog.stop()
    json.dump({"python": sys.version.split()[0], "method": text, "units": units, "slices": slices}, sys.stdout)


main()
