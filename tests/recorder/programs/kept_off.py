"""Sleeps, then computes on a processor that somebody else has most of: kept_off.py ROUNDS"""

import os
import subprocess
import sys
import time

OTHER = "import os; os.sched_setaffinity(0, {%d}); print(flush=True)\nwhile os.getppid() == %d: pass"


def nap():
    time.sleep(0.02)


def compute():
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass


processor = min(os.sched_getaffinity(0))
with subprocess.Popen([sys.executable, "-I", "-S", "-c", OTHER % (processor, os.getpid())], stdout=subprocess.PIPE) as other:
    other.stdout.readline()
    os.sched_setaffinity(0, {processor})  # of this thread only
    os.setpriority(os.PRIO_PROCESS, 0, 15)
    for _ in range(int(sys.argv[1])):
        nap()
        compute()
    other.kill()
