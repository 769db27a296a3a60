"""Opens and closes descriptors, and says how many and when.

    descriptors.py SECONDS

Every 20 ms a file, a socket pair, a file of a new name and an epoll are opened and closed again; a few files stay open. The last line is
an object: how many were opened by whom, and when those that stay (after the start, in seconds).
"""

import json
import os
import select
import socket
import sys
import time


def read_a_file():
    with open(__file__, "rb"):
        pass


def talk():
    for end in socket.socketpair():
        end.close()


def make_temporary(number):
    path = f"{os.environ['TMPDIR']}/temporary-{number}"
    os.close(os.open(path, os.O_CREAT | os.O_RDWR))
    os.unlink(path)


def wait_for_events():
    select.epoll().close()


def drop_a_file():
    open(__file__, "rb")


def drop_a_socket():
    socket.socket()


def keep_a_file():
    kept.append(open(__file__, "rb"))


kept, stays = [], []
turns = 0
start = time.monotonic()
end = start + float(sys.argv[1])
while time.monotonic() < end:
    if turns % 25 == 0:
        stays.append(time.monotonic())
        keep_a_file()
    read_a_file()
    talk()
    make_temporary(turns)
    wait_for_events()
    drop_a_file()
    drop_a_socket()
    turns += 1
    time.sleep(0.02)
time.sleep(2.2)
print(json.dumps({"turns": turns, "stays": stays}))
