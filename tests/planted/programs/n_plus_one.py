"""One query for the orders, then one more for each of them, where a join would do."""

import sqlite3

from common import chores, planted, records


def fill():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE orders (id INTEGER, customer TEXT)")
    database.execute("CREATE TABLE lines (order_id INTEGER, price INTEGER)")
    rows = records(1500)
    database.executemany("INSERT INTO orders VALUES (?, ?)", [(row["id"], row["name"]) for row in rows])
    database.executemany("INSERT INTO lines VALUES (?, ?)", [(row["id"], row["price"]) for row in rows * 18])
    return database


def total_of(database, order):
    return database.execute("SELECT SUM(price) FROM lines WHERE order_id = ?", (order,)).fetchone()[0]


def totals_one_by_one(database):
    return [(customer, total_of(database, order))
            for order, customer in database.execute("SELECT id, customer FROM orders").fetchall()]


def totals(database):
    return database.execute("SELECT customer, SUM(price) FROM orders JOIN lines ON order_id = id "
                            "GROUP BY id").fetchall()


def main():
    database = fill()
    chores(60)
    print(len(totals_one_by_one(database) if planted() else totals(database)))
    chores(60)
    database.close()


main()
