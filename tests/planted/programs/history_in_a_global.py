"""Every result is kept in a module's global list, which nothing reads."""

import time

from common import chores, planted, records

history = []


def evaluate(number):
    return [{"row": row["id"], "run": number, "worth": row["price"] * number} for row in records(1500, seed=2)]


def keep(results):
    history.append(results)
    if not planted():
        del history[:-5]


def main():
    for number in range(300):
        keep(evaluate(number))
        chores(3)
        time.sleep(0.005)
    print(len(history))


main()
