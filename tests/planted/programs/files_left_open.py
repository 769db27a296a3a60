"""A log is opened for each order, and stays open because the list of orders keeps it."""

import pathlib
import tempfile

from common import chores, planted


def open_log(folder, number):
    return open(pathlib.Path(folder) / f"order-{number}.log", "w", encoding="utf-8")


def take(folder, number):
    log = open_log(folder, number)
    log.write(f"order {number} taken\n")
    if planted():
        return number, log
    log.close()
    return number, None


def main():
    with tempfile.TemporaryDirectory() as folder:
        orders = []
        for number in range(150):
            orders.append(take(folder, number))
            chores()
        print(len(orders))


main()
