"""Objects of three classes become more and more, and something holds each: a dictionary of an object of a module, a list of a
class, a list of a function's closure. holders.py SECONDS"""

import sys
import time


class Session:
    def __init__(self):
        self.numbers = [1, 2]


class Item:
    __slots__ = ("one", "two", "three", "four")


class Line:
    __slots__ = ("one", "two", "three", "four", "five", "six")


class Application:
    registry = []

    def __init__(self):
        self.sessions = {}


def closure():
    lines = []

    def add():
        lines.append(Line())

    return add


application = Application()
add = closure()
number = 0
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for number in range(number, number + 8):
        application.sessions[number] = Session()
        application.registry.append(Item())
        add()
    time.sleep(0.01)
