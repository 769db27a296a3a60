"""Forks argv[1] times, from the main thread and from another, while threads start and end; children start threads, too.

Prints how many children did not end by themselves within half a minute; the first of them ends the storm.
"""

import os
import signal
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")  # from 3.12 on: fork with threads


def start_threads(count):
    threads = [threading.Thread(target=sum, args=(range(100),)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def start_until_done():
    while not done:
        start_threads(3)


def has_ended(child):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def fork(count):
    for _ in range(count):
        child = os.fork()
        if child == 0:
            start_threads(2)
            os._exit(0)
        hung.append(not has_ended(child))
        if hung[-1]:
            break


hung, done = [], []
starter = threading.Thread(target=start_until_done)
starter.start()
fork(int(sys.argv[1]) // 2)
forker = threading.Thread(target=fork, args=(int(sys.argv[1]) // 2,))
forker.start()
forker.join()
done.append(True)
starter.join()
print("hung:", sum(hung), "of", len(hung))
