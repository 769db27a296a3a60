"""A service that waits: 39 threads in queues, events, sleeps and selects; five jobs a second for a pool of eight."""

import queue
import select
import socket
import sys
import threading
import time
import zlib

SECONDS = float(sys.argv[1])


def worker(jobs):
    while True:
        zlib.crc32(bytes(jobs.get()))


def wait_for_event(event):
    event.wait()


def sleeper():
    while True:
        time.sleep(3600)


def listener(end):
    select.select([end], [], [])


def main():
    jobs = queue.Queue()
    ends = [socket.socketpair() for _ in range(10)]
    targets = [(worker, (jobs,))] * 8 + [(wait_for_event, (threading.Event(),))] * 10 + [(sleeper, ())] * 10
    targets += [(listener, (pair[0],)) for pair in ends]
    for target, arguments in targets:
        threading.Thread(target=target, args=arguments, daemon=True).start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        jobs.put(20000)
        time.sleep(0.2)


main()
