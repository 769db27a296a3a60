"""A thread logs a heartbeat ten times a second; the job that holds the lock it needs holds it for seconds."""

import logging
import sys
import threading

from common import chores, planted

log = logging.getLogger("heart")
state = threading.Lock()
over = threading.Event()


def beat():
    beats = 0
    while not over.wait(0.1):
        with state:
            beats += 1
        log.info("alive for %d beats", beats)


def job(rounds):
    if planted():
        with state:
            chores(rounds)
    else:
        chores(rounds)
        with state:
            pass


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    heart = threading.Thread(target=beat, name="heart")
    heart.start()
    chores(80)
    job(400)
    chores(80)
    over.set()
    heart.join()


main()
