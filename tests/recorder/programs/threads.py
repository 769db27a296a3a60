"""Threads that start, call a little and end, as many as the interpreter can make."""

import _thread
import sys
import threading
import time


def upper(count):
    for _ in range(count):
        lower(count)  # -> lower


def lower(count):
    return sum(range(count))


def through_threading(count):  # <- library
    upper(count)  # -> upper


def bare(count, done):  # <- nothing
    upper(count)  # -> upper
    done.release()


def start_some():
    threads = []
    for count in (50, 500):
        threads.append(threading.Thread(target=through_threading, args=(count,)))  # -> library
    for thread in threads:
        thread.start()  # -> library
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(bare, (100, done))
    upper(20)  # -> upper
    done.acquire()
    for thread in threads:
        thread.join()  # -> library


def main():
    end = time.perf_counter() + float(sys.argv[1])
    while time.perf_counter() < end:
        start_some()  # -> start_some, library


main()  # -> main
