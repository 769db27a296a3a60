"""Jobs are taken from the front of a long list, which moves all the others."""

import collections

from common import chores, planted, records


def next_job(jobs):
    return jobs.pop(0) if planted() else jobs.popleft()


def work_off(jobs):
    total = 0
    while len(jobs) > 1000:
        total += next_job(jobs)
        if len(jobs) % 1500 == 0:
            chores()
    return total


def main():
    prices = [row["price"] for row in records(1000)] * 150
    print(work_off(prices if planted() else collections.deque(prices)))


main()
