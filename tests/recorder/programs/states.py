"""Threads, each in one state for argv[1] seconds, which its name begins with."""

import hashlib
import os
import queue
import select
import socket
import sys
import threading
import time

SECONDS = float(sys.argv[1])
BYTES = bytes(4_000_000)


def sleep():
    time.sleep(SECONDS)


def until_end(work):
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        work()


lock, jobs, event = threading.Lock(), queue.Queue(), threading.Event()
lock.acquire()
left, right = socket.socketpair()
pipe_out, pipe_in = os.pipe()
spinning = threading.Thread(name="spin-1", target=until_end, args=(lambda: sum(range(1000)),))
threads = [
    spinning,
    threading.Thread(name="spin-2", target=until_end, args=(lambda: sum(range(1000)),)),
    threading.Thread(name="hash", target=until_end, args=(lambda: hashlib.sha256(BYTES),)),
    threading.Thread(name="sleep", target=sleep),
    threading.Thread(name="sleep-short", target=until_end, args=(lambda: time.sleep(0.05),)),
    threading.Thread(name="lock", target=lock.acquire),
    threading.Thread(name="lock-queue", target=jobs.get),
    threading.Thread(name="lock-event", target=event.wait),
    threading.Thread(name="lock-timed", target=until_end, args=(lambda: threading.Lock().acquire() and event.wait(SECONDS),)),
    threading.Thread(name="lock-join", target=spinning.join),
    threading.Thread(name="io-socket", target=left.recv, args=(1,)),
    threading.Thread(name="io-select", target=select.select, args=([left], [], [], SECONDS)),
    threading.Thread(name="io-pipe", target=os.read, args=(pipe_out, 1)),
]
for thread in threads:
    thread.start()
sleep()
lock.release(), jobs.put(1), event.set(), os.write(pipe_in, b"x"), right.send(b"x")
for thread in threads:
    thread.join()
