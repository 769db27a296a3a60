"""A selector is made for each wait, and never closed."""

import selectors
import socket

from common import chores, planted

kept = []


def make_selector():
    return selectors.EpollSelector()


def wait_for(reader, kept):
    selector = make_selector()
    selector.register(reader, selectors.EVENT_READ)
    ready = selector.select(1)
    if planted():
        kept.append(selector)
    else:
        selector.close()
    return len(ready)


def main():
    reader, writer = socket.socketpair()
    with reader, writer:
        for _ in range(120):
            writer.send(b"x")
            wait_for(reader, kept)
            reader.recv(1)
            chores()
    print(len(kept))


main()
