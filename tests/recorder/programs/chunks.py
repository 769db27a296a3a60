"""Calls at the very end of a chunk of the interpreter's stack memory, each of which maps and unmaps one.

Where that is, is found by the page faults it costs. Prints the depth, and the faults per hundred calls that it found.
"""

import resource
import sys
import time


def leaf():
    return 1


def call_often(count):
    for _ in range(count):
        leaf()  # -> leaf


def faults_at(depth):
    if depth:
        return faults_at(depth - 1)  # -> faults_at
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call_often(100)  # -> call_often
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def find_end():
    faults, depth = 0, 0
    for each in range(1, 400):
        found = faults_at(each)  # -> faults_at
        if found > faults:
            faults, depth = found, each
    return depth, faults


def storm_at(depth, end):
    if depth:
        return storm_at(depth - 1, end)  # -> storm_at
    while time.perf_counter() < end:
        call_often(100)  # -> call_often


def main():
    depth, faults = find_end()  # -> find_end
    print(depth, faults)
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        storm_at(depth, time.perf_counter() + 0.05)  # -> storm_at
        for each in range(0, 400, 7):
            faults_at(each)  # -> faults_at


main()  # -> main
