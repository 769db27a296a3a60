"""Six threads log through one handler whose stream is slow: all queue for the handler's lock."""

import logging
import logging.handlers
import queue
import threading
import time

from common import chores, planted

log = logging.getLogger("shop")


class SlowStream:
    """Takes a while for each line, as a terminal or a remote disk does."""

    def write(self, text):
        time.sleep(0.004)

    def flush(self):
        pass


def serve(first):
    for number in range(first, 120, 6):
        log.info("order %d is served", number)


def main():
    log.setLevel(logging.INFO)
    handler, listener = logging.StreamHandler(SlowStream()), None
    if not planted():
        lines = queue.SimpleQueue()
        listener = logging.handlers.QueueListener(lines, handler)
        listener.start()
        handler = logging.handlers.QueueHandler(lines)
    log.addHandler(handler)
    threads = [threading.Thread(target=serve, args=(first,), name=f"server-{first}") for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chores(150)
    if listener:
        listener.stop()


main()
