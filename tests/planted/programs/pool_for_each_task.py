"""A pool of processes is started for each task, and thrown away after it."""

import multiprocessing

from common import chores, planted


def double(number):
    return number * 2


def compute(pool, number):
    if planted():
        with multiprocessing.get_context("spawn").Pool(2) as fresh:
            return sum(fresh.map(double, range(number)))
    return sum(pool.map(double, range(number)))


def main():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(double, range(4))
        total = 0
        for number in range(14):
            total += compute(pool, number)
            chores(8)
    print(total)


if __name__ == "__main__":
    main()
