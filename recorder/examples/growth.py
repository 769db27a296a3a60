"""Sessions that nobody ends, beside a cache that stays within its bounds.

What a look at the recording should find: objects of the type `Session` become ever more, `start_session` makes them and
`sessions` holds them; the cache, which is as busy, is nobody's fault.
"""

import collections
import time

SECONDS = 8
CACHE_ENTRIES = 500

sessions = {}
cache = collections.OrderedDict()


class Session:
    def __init__(self, number):
        self.user = f"user {number}"
        self.history = [number] * 20


class Page:
    def __init__(self, number):
        self.title = f"page {number}"
        self.words = [number] * 90  # longer than 512 bytes: not from where the sessions' memory comes


def start_session(number):
    """The leak: there is no end_session."""
    sessions[number] = Session(number)


def look_up(key):
    """No leak: what was not asked for in a while is dropped."""
    if key not in cache:
        cache[key] = Page(key)
    cache.move_to_end(key)
    if len(cache) > CACHE_ENTRIES:
        cache.popitem(last=False)


def answer(number):
    return sum(each * number % 11 for each in range(50000))


def main():
    end = time.perf_counter() + SECONDS
    number = 0
    while time.perf_counter() < end:
        number += 1
        for visitor in range(100 * number, 100 * number + 100):
            start_session(visitor)
            look_up(visitor)
        answer(number)
    print(f"{len(sessions)} sessions, {len(cache)} entries")


main()
