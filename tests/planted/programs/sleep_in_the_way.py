"""A pause of ten milliseconds, once put there against a race, is slept for each row."""

import time

from common import chores, planted, records


def settle():
    if planted():
        time.sleep(0.01)


def convert(row):
    settle()
    return f"{row['id']};{row['name']};{row['price'] / 100:.2f}"


def main():
    size = 0
    for row in records(320):
        size += len(convert(row))
        if row["id"] % 6 == 0:
            chores()
    print(size)


main()
