"""Opens descriptors of every sort, leaves one of each open, and says what is open in the end, by the system's own list.

The last line is an object: numbers that are open and by which function, and what the system says of all that are.
"""

import io
import json
import multiprocessing
import os
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

try:
    import sqlite3
except ImportError:
    sqlite3 = None

FILE = __file__


def by_open():
    return open(FILE)


def by_os_open():
    return os.open(FILE, os.O_RDONLY)


def by_socket():
    return socket.socket()


def by_path_open():
    return pathlib.Path(FILE).open()


def by_io_open():
    return io.open(FILE, "rb", buffering=0)


def by_temporary():
    return tempfile.TemporaryFile()


def by_pipe():
    return list(os.pipe())


def by_adopting():
    """The file does not own what os.open has opened."""
    number = os.open(FILE, os.O_RDONLY)
    open(number, closefd=False).close()
    return number


def by_socketpair():
    return list(socket.socketpair())


def by_connecting():
    return [socket.create_connection(server.getsockname()), server.accept()[0]]


def by_dup():
    return [os.dup(1), kept[0].fileno() and os.dup2(os.open(FILE, os.O_RDONLY), 150)]


def by_memfd():
    return os.memfd_create("known") if hasattr(os, "memfd_create") else []


def by_epoll():
    return select.epoll()


def by_epoll_with_arguments():
    return [select.epoll(7), select.epoll(sizehint=7)]


def by_sqlite():
    """The library opens the file, and keeps the number to itself."""
    if sqlite3 is None:
        return []
    path = os.path.realpath(tempfile.mkstemp()[1])
    databases.append(sqlite3.connect(path))
    databases.append(sqlite3.connect(pathlib.Path(path)))
    os.unlink(path)
    return [int(name) for name in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{name}") and os.readlink(f"/proc/self/fd/{name}").startswith(path)]


def close_twice():
    number = os.open(FILE, os.O_RDONLY)
    os.close(number)
    try:
        os.close(number)
    except OSError:
        pass


def use_children():
    subprocess.run([sys.executable, "-c", "pass"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                   check=True)
    left, right = multiprocessing.Pipe()
    left.send(1)
    right.recv()
    left.close()
    right.close()


def numbers(thing):
    if isinstance(thing, list):
        return [number for each in thing for number in numbers(each)]
    return [thing if isinstance(thing, int) else thing.fileno()]


server = socket.create_server(("127.0.0.1", 0))
kept, databases = [open(FILE)], []
opened = {}
for function in (by_open, by_os_open, by_socket, by_path_open, by_io_open, by_temporary, by_pipe, by_adopting, by_socketpair,
                 by_connecting, by_dup, by_memfd, by_epoll,
                 by_epoll_with_arguments, by_sqlite):
    kept.append(function())
    opened[function.__name__] = numbers(kept[-1])
close_twice()
use_children()
thread = threading.Thread(target=close_twice)
thread.start()
thread.join()
time.sleep(2.5)
listing = {}
for name in os.listdir("/proc/self/fd"):
    try:
        listing[name] = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        pass  # that of the listing itself
connection = kept[10][0]
print(json.dumps({"opened": opened, "listing": listing, "from": connection.getsockname()[1],
                  "to": connection.getpeername()[1], "listening": server.getsockname()[1]}))
