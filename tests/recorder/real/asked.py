"""Starts gunicorn with two workers on the application beside, asks it, and prints every answer; then ends it as a
supervisor would."""

import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(url, data=None):
    try:
        with urllib.request.urlopen(url, data and urllib.parse.urlencode(data).encode(), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def main():
    port = free_port()
    server = subprocess.Popen([*sys.argv[1:], "-m", "gunicorn", "-w", "2", "--max-requests", "40", "--chdir", HERE, "-b",
                               f"127.0.0.1:{port}", "--log-level", "critical", "shop:app"])
    for _ in range(200):
        try:
            ask(f"http://127.0.0.1:{port}/")
            break
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    for number in range(120):
        print(*ask(f"http://127.0.0.1:{port}/item/{number * 2}"))
        print(*ask(f"http://127.0.0.1:{port}/"))
    print(*ask(f"http://127.0.0.1:{port}/fails", {"number": 1})[:1])
    server.send_signal(signal.SIGTERM)
    print("ended with", server.wait(30))


main()
