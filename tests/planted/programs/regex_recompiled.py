"""Each message compiles all the rules again: there are more than `re` remembers."""

import re

from common import chores, planted, records

WORDS = [row["name"].replace(" ", r"\s+") for row in records(700)]
PATTERNS = [rf"(?:^|\b){word}(?P<amount>\s+\d+(?:[.,]\d+)?)?(?:\b|$)" for word in WORDS]
COMPILED = [re.compile(pattern) for pattern in PATTERNS]


def matches_of(text):
    if planted():
        return sum(re.search(pattern, text) is not None for pattern in PATTERNS)
    return sum(pattern.search(text) is not None for pattern in COMPILED)


def main():
    found = 0
    for row in records(20, seed=3):
        found += matches_of(f"{row['name']} {row['price']}")
        chores(5)
    print(found)


main()
