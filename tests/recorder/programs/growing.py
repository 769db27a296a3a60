"""Keeps more and more objects of known types, and says how many there are in the end.

    growing.py SECONDS PER_TURN [beside]

Each turn (10 ms) keeps that many of Kept, each with a list of its own, and as many bytes objects of 1000; beside: in a thread,
for which the main one waits. The last line is an object: how many of each there are by the program's own count.
"""

import collections
import gc
import json
import sys
import threading
import time


class Kept:
    def __init__(self):
        self.numbers = [1, 2, 3]


class Outer:
    class Inner:
        __slots__ = ("one", "two")


def keep(count):
    for _ in range(count):
        kept.append(Kept())
        texts.append(bytes(1000))


kept, texts = [], []
few = [Outer.Inner() for _ in range(3000)]


def grow():
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        keep(int(sys.argv[2]))
        time.sleep(0.01)


if sys.argv[3:] == ["beside"]:
    thread = threading.Thread(target=grow)
    thread.start()
    thread.join()
else:
    grow()
for _ in range(120):  # a last census may come when the program has come to rest
    time.sleep(0.01)
count = collections.Counter(type(each).__qualname__ for each in gc.get_objects())
print(json.dumps({"Kept": count["Kept"], "bytes": len(texts), "list": count["list"], "function": count["function"],
                  "objects": sum(count.values())}))
