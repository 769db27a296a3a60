"""The settings are parsed again for each request that wants one of them."""

import json

from common import chores, planted, records

SETTINGS = json.dumps({row["name"]: row for row in records(3000)})
parsed = {}


def setting(name):
    if planted():
        return json.loads(SETTINGS).get(name)
    if not parsed:
        parsed.update(json.loads(SETTINGS))
    return parsed.get(name)


def answer(row):
    chosen = setting(row["name"])
    return chosen["price"] if chosen else 0


def main():
    total = 0
    for number, row in enumerate(records(600)):
        total += answer(row)
        if number % 6 == 0:
            chores()
    print(total)


main()
