"""The table of scores is sorted from scratch after each game."""

import bisect

from common import chores, planted, records


def worth(score):
    return -score[0], score[1]


def enter(table, score):
    if planted():
        table.append(score)
        table.sort(key=worth)
    else:
        bisect.insort(table, (worth(score), score))


def main():
    table = []
    for number, row in enumerate(records(6500)):
        enter(table, (row["price"], row["name"]))
        if number % 65 == 0:
            chores()
    print(table[0], len(table))


main()
