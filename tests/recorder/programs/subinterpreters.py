"""Creates and destroys subinterpreters argv[1] times while a thread goes on beside.

That thread often waits: before 3.12 one that never does keeps other interpreters from the lock for ever.
"""

import sys
import threading
import time

try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters

SOURCE = """
def within(n):
    return n if n < 2 else within(n - 1) + within(n - 2)

within(13)
"""


def run_one():
    identity = _interpreters.create()
    run(identity, SOURCE)
    _interpreters.destroy(identity)


def go_on():
    while not done:
        sum(range(1000))
        time.sleep(0.0005)


run = getattr(_interpreters, "exec", None) or _interpreters.run_string
done = []
beside = threading.Thread(target=go_on)
beside.start()
for _ in range(int(sys.argv[1])):
    run_one()
done.append(True)
beside.join()
print("ran", sys.argv[1])
