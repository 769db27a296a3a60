"""An array grows by one element at a time, and is copied as a whole for each."""

import numpy

from common import chores, planted, records


def collect(prices):
    if planted():
        values = numpy.zeros(0)
        for number, price in enumerate(prices):
            values = numpy.append(values, price)
            if number % 900 == 0:
                chores()
        return values
    values = []
    for number, price in enumerate(prices):
        values.append(price)
        if number % 900 == 0:
            chores()
    return numpy.array(values)


def main():
    chores(20)
    print(collect([row["price"] for row in records(1000)] * 100).mean())


main()
