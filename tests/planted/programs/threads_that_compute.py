"""Three threads compute in Python at the same time, where only one can; three processes could."""

import multiprocessing
import threading

from common import chores, planted, records

ROWS = records(400, seed=9)


def score(row):
    worth = 0
    for number in range(260):
        worth = (worth * 31 + row["price"] + number) % 1_000_003
    return worth


def score_all(part):
    return sum(score(row) for row in ROWS[part::3] for _ in range(150))


def main():
    if planted():
        threads = [threading.Thread(target=score_all, args=(part,), name=f"scorer-{part}") for part in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        with multiprocessing.get_context("spawn").Pool(3) as pool:
            pool.map(score_all, range(3))
    chores(40)


if __name__ == "__main__":
    main()
