"""Whatever goes wrong with a message is caught, logged and forgotten; every second one goes wrong."""

import email
import logging
import sys

from common import chores, planted

log = logging.getLogger("mail")


def amount_of(message):
    return int(message["X-Amount"])


def handle(text):
    try:
        return amount_of(email.message_from_string(text))
    except TypeError:
        log.exception("cannot handle a message")
        return 0


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    total = 0
    for number in range(400):
        header = "Amount" if planted() and number % 2 else "X-Amount"
        total += handle(f"Subject: order {number}\n{header}: {number}\n\nHello\n")
        if number % 4 == 0:
            chores()
    print(total)


main()
