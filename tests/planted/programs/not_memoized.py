"""The ways to pay a sum are counted by a recursion that meets the same sums again and again."""

from common import chores, planted

COINS = 1, 2, 5, 10, 20, 50, 100
known = {}


def ways(amount, coins):
    if amount == 0:
        return 1
    if amount < 0 or not coins:
        return 0
    if planted():
        return ways(amount, coins - 1) + ways(amount - COINS[coins - 1], coins)
    if (amount, coins) not in known:
        known[amount, coins] = ways(amount, coins - 1) + ways(amount - COINS[coins - 1], coins)
    return known[amount, coins]


def main():
    for amount in (151, 181, 201, 221):
        print(amount, ways(amount, len(COINS)))
        chores(20)


main()
