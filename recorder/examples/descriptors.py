"""Files, sockets, pipes and others; one function forgets its files, another its sockets.

What a look at the recording should find: `read_report` and `greet` leave one of ten open, with paths and addresses; what
the other functions open is closed again.
"""

import os
import select
import socket
import tempfile
import time

SECONDS = 3
FORGOTTEN = 10  # one of so many

kept = []


def read_report(number, path):
    file = open(path, "rb")
    file.read(10)
    if number % FORGOTTEN == 0:
        kept.append(file)
    else:
        file.close()


def greet(number, address):
    connection = socket.create_connection(address)
    connection.sendall(b"hello")
    if number % FORGOTTEN == 0:
        kept.append(connection)
    else:
        connection.close()


def answer(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(10)


def talk_to_itself():
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    here, there = socket.socketpair()
    here.close()
    there.close()


def wait_for_nothing():
    with select.epoll() as poll:
        poll.poll(0)


def open_by_number(path):
    number = os.open(path, os.O_RDONLY)
    other = os.dup(number)
    os.close(number)
    os.close(other)


def count_words(path):
    with open(path) as file:
        return [file.seek(0) or len(file.read().split()) for _ in range(500)]


def main():
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        path = os.path.join(folder, "report.txt")
        with open(path, "w") as file:
            file.write("nothing to report")
        end = time.perf_counter() + SECONDS
        number = 0
        while time.perf_counter() < end:
            number += 1
            read_report(number, path)
            greet(number, listener.getsockname())
            answer(listener)
            talk_to_itself()
            wait_for_nothing()
            open_by_number(path)
            count_words(path)
        print(f"{number} turns, {len(kept)} forgotten")


main()
