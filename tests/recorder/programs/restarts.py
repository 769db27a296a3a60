"""Starts and stops recording argv[1] times, from two threads, while others run; prints how often it was running."""

import sys
import threading

import microlog

microlog.stop()


def spin():
    while not done:
        sum(map(abs, range(100)))


def restart(count):
    for _ in range(count):
        with lock:
            microlog.start("restarts.mlog", rate=10000)
            for _ in range(20):
                sum(range(1000))
            running.append(microlog.is_running())
            summary = microlog.stop()
            assert summary.bytes > 0 and not summary.error, summary


done, running, lock = [], [], threading.Lock()
spinners = [threading.Thread(target=spin) for _ in range(2)]
restarters = [threading.Thread(target=restart, args=(int(sys.argv[1]) // 2,)) for _ in range(2)]
for thread in spinners + restarters:
    thread.start()
for thread in restarters:
    thread.join()
done.append(True)
for thread in spinners:
    thread.join()
print("was running:", sum(running))
