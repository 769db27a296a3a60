"""Whether an address is new is looked up in a list: the import takes the square of its length."""

import csv
import io

from common import chores, planted, records


def table():
    out = io.StringIO()
    csv.writer(out).writerows((f"{row['name']}@{row['id']}.example", row["price"]) for row in records(18_000))
    out.seek(0)
    return csv.reader(out)


def keep_new(rows):
    seen = [] if planted() else set()
    remember = seen.append if planted() else seen.add
    kept = []
    for address, price in rows:
        if address not in seen:
            remember(address)
            kept.append((address, price))
    return kept


def main():
    chores(70)
    print(len(keep_new(table())))
    chores(70)


main()
