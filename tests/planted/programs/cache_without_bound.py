"""Pages are cached by a key that holds the time, so that none is ever found again, and all are kept."""

import functools
import time

from common import chores, planted

PAGE = "".join(f"<p>line {number}</p>\n" for number in range(9000))


def draw(name, moment):
    return PAGE.replace("line", f"{name} at {moment}:")


unbounded = functools.lru_cache(maxsize=None)(draw)
bounded = functools.lru_cache(maxsize=20)(draw)


def render(name, moment):
    return len((unbounded if planted() else bounded)(name, moment))


def main():
    size = 0
    for moment in range(330):
        size += render("shop", moment)
        chores(3)
        time.sleep(0.01)
    print(size)


main()
