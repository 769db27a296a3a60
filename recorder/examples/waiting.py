"""One thread computes, one waits for a lock that another holds too long, one sleeps.

What a look at the recording should find: who waits for what, and for how long; `computer` has nearly all of the CPU time,
and `hold_too_long` is why `customer` gets nowhere.
"""

import threading
import time

SECONDS = 3

counter = threading.Lock()


def compute(end):
    total = 0
    while time.perf_counter() < end:
        for number in range(5000):
            total += number * number % 7
    return total


def hold_too_long(end):
    """The fault: the lock is held while nothing is done with it."""
    while time.perf_counter() < end:
        with counter:
            time.sleep(0.05)


def be_served(end):
    while time.perf_counter() < end:
        with counter:
            pass


def sleep_on(end):
    while time.perf_counter() < end:
        time.sleep(0.1)


def main():
    end = time.perf_counter() + SECONDS
    threads = [threading.Thread(target=target, args=(end,), name=name) for name, target in
               (("computer", compute), ("clerk", hold_too_long), ("customer", be_served), ("sleeper", sleep_on))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("closed")


main()
