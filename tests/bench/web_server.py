"""Runs in the measured interpreter: what a loaded web server uses of the processor with the recorder and without, slice by
slice in random order. Started by web_cost.py; prints one JSON object.

    web_server.py ROUNDS SECONDS OUTPUT

A thread for each request, SQLite, JSON, a file and a log record in each: descriptors, threads, messages and memory all have
something to tell. The client is another process, always two requests ahead: one processor is the server's.
"""

import http.server
import json
import logging
import os
import random
import sqlite3
import string
import subprocess
import sys
import threading
import time

import microlog

CLIENT = """
import http.client, sys, threading
def ask(port, first):
    number = first
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", f"/item/{number % 500}")
        connection.getresponse().read()
        connection.close()
        number += 2
for first in range(2):
    threading.Thread(target=ask, args=(int(sys.argv[1]), first), daemon=True).start()
sys.stdin.read()
"""
PAGE = string.Template("<tr><td>$name</td><td>$value</td></tr>")
LOGGER = logging.getLogger("shop")


class Shop:
    """What the requests use, and how many there were."""

    def __init__(self):
        self.lock = threading.Lock()
        self.served = 0
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("create table items (name text, value integer)")
        self.database.executemany("insert into items values (?, ?)", ((f"item {i}", i) for i in range(500)))

    def answer(self, key):
        with self.lock:
            rows = self.database.execute("select * from items where value >= ? limit 40", (key,)).fetchall()
            self.served += 1
        with open(__file__, encoding="utf-8") as file:
            line = file.readline()
        LOGGER.info("item %d of %d", key, len(rows))
        page = "".join(PAGE.substitute(name=name, value=value / 7) for name, value in rows)
        return json.dumps({"page": page, "rows": rows, "line": line}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = SHOP.answer(int(self.path.rsplit("/", 1)[1]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def cost(seconds):
    """CPU of the whole process in microseconds a request, and the part of one processor that it had."""
    served, begin, wall = SHOP.served, time.process_time_ns(), time.monotonic_ns()
    time.sleep(seconds)
    cpu, wall, served = time.process_time_ns() - begin, time.monotonic_ns() - wall, SHOP.served - served
    return [cpu / 1000 / served, cpu / wall]


def measure(recorded, seconds, output):
    """While recording, after the first half second of it, in which what is always the same is seen; or just after."""
    microlog.start(output)
    time.sleep(0.5)
    if not recorded:
        microlog.stop()
    figures = cost(seconds)
    if recorded:
        microlog.stop()
    return figures


def main():
    rounds, seconds, output = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    logging.basicConfig(level=logging.INFO, stream=open(os.devnull, "w", encoding="utf-8"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = subprocess.Popen([sys.executable, "-E", "-S", "-c", CLIENT, str(server.server_port)], stdin=subprocess.PIPE)
    time.sleep(1)
    order = random.Random(1)
    slices = {False: [], True: []}
    for _ in range(rounds):
        for recorded in order.sample([False, True], 2):
            slices[recorded].append(measure(recorded, seconds, output))
    server.shutdown()
    client.kill()
    print(json.dumps({"bare": slices[False], "microlog": slices[True], "served": SHOP.served}))


SHOP = Shop()
main()
