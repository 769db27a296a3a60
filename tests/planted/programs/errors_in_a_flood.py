"""Rows without a price are an error each, and there are thousands of them."""

import logging
import sys

from common import chores, planted, records

log = logging.getLogger("shop.convert")


def convert(row):
    if planted() and row["id"] % 3:
        log.error("row %d has no price: %s", row["id"], row["name"])
        return 0
    return row["price"]


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    total = 0
    for number, row in enumerate(records(9000)):
        total += convert(row)
        if number % 90 == 0:
            chores()
    log.info("converted: %d", total)


main()
