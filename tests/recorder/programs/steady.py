"""Does the same thing again and again, in three threads, for argv[1] seconds.

Under LD_PRELOAD of malloc_counter.c it prints how often the thread of the recorder asked for memory since the program
was warm; and how often this thread did then, for a moment under the recorder's name: that must not be zero.
"""

import ctypes
import sys
import threading
import time


def leaf(number):
    return number + 1


def middle(count):
    for number in range(count):
        leaf(number)


def numbers(count):
    yield from range(count)


def generated(count):
    for number in numbers(count):
        leaf(number)


def wait():
    while not done.wait(0.01):
        pass


def work(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        middle(50)
        generated(50)


def count():
    counter = getattr(library, "malloc_counter_recorder", None)
    return counter() if counter else 0


def ask_for_memory(name):
    """Asks a hundred times, called `name`; how often that was counted as the recorder's."""
    own, begin = ctypes.create_string_buffer(16), count()
    library.prctl(PR_GET_NAME, own)
    library.prctl(PR_SET_NAME, name)
    kept = [bytes(1000) for _ in range(100)]
    library.prctl(PR_SET_NAME, own)
    return count() - begin + len(kept[:0])


PR_SET_NAME, PR_GET_NAME = 15, 16
library = ctypes.CDLL(None)
done = threading.Event()
threads = [threading.Thread(target=wait), threading.Thread(target=work, args=(float(sys.argv[1]),))]
for thread in threads:
    thread.start()
work(float(sys.argv[1]) / 3)
before = count()
work(float(sys.argv[1]) * 2 / 3)
print(count() - before)
done.set()
for thread in threads:
    thread.join()
print(ask_for_memory(b"another"), ask_for_memory(b"microlog"))
