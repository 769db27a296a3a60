"""Stands in for how the predecessor samples: one Python thread that asks for all frames every period and turns them into
spans, a second one for the process's own figures. It takes the interpreter's lock for all of that."""

import gc
import os
import resource
import sys
import threading
import time

STATUS_SECONDS = 0.1
OBJECTS_SECONDS = 1.0


def _stack(frame):
    """Root first: (module, function, line)."""
    found = []
    while frame is not None:
        found.append((frame.f_globals.get("__name__"), frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    found.reverse()
    return found


class Predecessor:
    def __init__(self, rate):
        self.period = 1 / rate
        self.open = {}      # thread → [[frame, begin], …], the spans that go on
        self.spans = []
        self.statuses = []
        self.own = set()

    def _update(self, thread, stack, now):
        """What is the same from the root on goes on; the rest of the last stack are finished spans."""
        spans = self.open.setdefault(thread, [])
        same = 0
        while same < len(spans) and same < len(stack) and spans[same][0][:2] == stack[same][:2]:
            same += 1
        for depth in range(len(spans) - 1, same - 1, -1):
            frame, begin = spans[depth]
            self.spans.append((begin, thread, frame, depth, now - begin))
        spans[same:] = [[frame, now] for frame in stack[same:]]

    def _sample(self):
        self.own.add(threading.get_ident())
        while True:
            time.sleep(self.period)
            now = time.perf_counter()
            for thread, frame in sys._current_frames().items():
                if thread not in self.own:
                    self._update(thread, _stack(frame), now)

    def _watch(self):
        self.own.add(threading.get_ident())
        counted = 0.0
        objects = 0
        while True:
            time.sleep(STATUS_SECONDS)
            now = time.perf_counter()
            if now - counted >= OBJECTS_SECONDS:
                objects, counted = len(gc.get_objects(generation=2)), now
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[1])
            usage = resource.getrusage(resource.RUSAGE_SELF)
            self.statuses.append((now, usage.ru_utime + usage.ru_stime, pages * os.sysconf("SC_PAGESIZE"), objects,
                                  len(sys.modules)))

    def start(self):
        for target in (self._sample, self._watch):
            threading.Thread(target=target, daemon=True).start()
