"""Functions that are generated, called and dropped, each with its number in its name and in its file's.

argv: seconds, and `equal` or `varying` for the lines they begin at. Which of the eight lines after `turns:` is
being executed tells the number modulo eight.
"""

import sys
import time

TURNS = 4000


def source_of(number, varying):
    above = "\n" * (number % 40 if varying else 0)
    return (f"{above}def inner_{number}(turns):\n    for _ in range(turns):\n        pass\n"
            f"def outer_{number}(turns):\n    inner_{number}(turns)\n"
            f"outer_{number}({TURNS})\n")


def turn(number):
    space = {}
    code = compile(source_of(number, VARYING), f"<made {number}>", "exec")
    exec(code, space)
    space.clear()


def main():
    number = 0
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        # turns:
        turn(number)
        turn(number + 1)
        turn(number + 2)
        turn(number + 3)
        turn(number + 4)
        turn(number + 5)
        turn(number + 6)
        turn(number + 7)
        number += 8


VARYING = sys.argv[2] == "varying"
main()
