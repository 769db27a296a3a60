"""All of the stock is copied, deeply, for each order that changes one item of it."""

import copy

from common import chores, planted, records


def reserve(stock, number, amount):
    changed = copy.deepcopy(stock) if planted() else dict(stock)
    changed[number] = {**changed[number], "reserved": amount}
    return changed


def main():
    stock = {row["id"]: row for row in records(2600)}
    for number in range(140):
        stock = reserve(stock, number, number % 7)
        chores()
    print(sum(item.get("reserved", 0) for item in stock.values()))


main()
