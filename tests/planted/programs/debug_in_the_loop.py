"""Each step of an inner loop is logged at length to a handler, which costs more than the steps."""

import logging
import os

from common import chores, planted, records

log = logging.getLogger("shop.detail")


def add(total, row):
    if planted():
        log.debug("adding %s (%s) of %d, total %d", row["name"], ", ".join(row["tags"]), row["price"], total)
    return total + row["price"]


def main():
    logging.basicConfig(filename=os.devnull, level=logging.DEBUG)
    total = 0
    for number, row in enumerate(records(1000) * 60):
        total = add(total, row)
        if number % 600 == 0:
            chores()
    log.info("total %d", total)


main()
