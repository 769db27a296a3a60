"""The programs that peers.py runs under each profiler.

    peers_target.py [--wake RATE | --predecessor RATE] work PROGRAM UNITS | service SECONDS | empty

The options start a sampler within the program itself.
"""

import sys


def work(name, units):
    from overhead_programs import PROGRAMS

    PROGRAMS[name](int(units))


def service(seconds):
    """Thirty-nine threads that wait, as those of a service do: for a queue, a socket, an event; one of them has a look
    each second."""
    import queue
    import socket
    import threading
    import time

    def look():
        while True:
            time.sleep(1)

    pairs = [socket.socketpair() for _ in range(12)]
    waits = [queue.Queue().get for _ in range(12)]
    waits += [lambda pair=pair: pair[0].recv(1) for pair in pairs]
    waits += [lambda: threading.Event().wait(1000) for _ in range(13)]
    for wait in [*waits, look]:  # with this thread they are 39
        threading.Thread(target=wait, daemon=True).start()
    time.sleep(float(seconds))


def empty():
    pass


def main():
    words = sys.argv[1:]
    if words[0] == "--wake":
        import overhead_wake

        overhead_wake.start(float(words[1]), 1)
        del words[:2]
    elif words[0] == "--predecessor":
        import peers_predecessor

        peers_predecessor.Predecessor(float(words[1])).start()
        del words[:2]
    {"work": work, "service": service, "empty": empty}[words[0]](*words[1:])


main()
