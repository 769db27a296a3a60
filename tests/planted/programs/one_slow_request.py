"""One request of sixty meets a customer with a history as long as all the others' together."""

from common import chores, planted, records


def history_of(customer):
    return records(150_000 if planted() and customer == 41 else 600, seed=customer)


def total_of(rows):
    return sum(row["price"] * len(row["tags"]) for row in rows)


def handle(customer):
    chores()
    return total_of(history_of(customer))


def main():
    total = 0
    for customer in range(60):
        total += handle(customer)
        chores(4)
    print(total)


main()
