"""Log records, warnings, exceptions; one message comes far too often.

What a look at the recording should find: the error with its traceback, the warning once, the thread that died, and the
message that makes half of the log.
"""

import logging
import sys
import threading
import time
import warnings

SECONDS = 2

log = logging.getLogger("shop")


def old_price(number):
    warnings.warn("old_price is old: use price", DeprecationWarning, stacklevel=2)
    return number * 2


def sell(number):
    log.info("sold %d for %d", number, old_price(number))
    if number % 5 == 0:
        try:
            raise LookupError(f"no box for {number}")
        except LookupError:
            log.exception("could not pack")


def pack(number):
    return sum(each * number % 11 for each in range(100000))


def deliver():
    raise RuntimeError("the van is broken")


def main():
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    warnings.simplefilter("default")
    end = time.perf_counter() + SECONDS
    number = 0
    while time.perf_counter() < end:
        number += 1
        sell(number)
        if number == 20:
            thread = threading.Thread(target=deliver, name="van")
            thread.start()
            thread.join()
        pack(number)
    print(f"{number} sold")


main()
