"""A server answers one request of thirty late; the client has no time limit that would notice."""

import http.server
import threading
import time
import urllib.request

from common import chores, planted


class Answer(http.server.BaseHTTPRequestHandler):
    """Says how long the path is."""

    def do_GET(self):
        time.sleep(1.2 if planted() and self.path == "/21" else 0.02)
        body = f"{self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def fetch(address, number):
    with urllib.request.urlopen(f"{address}/{number}") as answer:
        return len(answer.read())


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, name="server").start()
    address = f"http://127.0.0.1:{server.server_port}"
    size = 0
    for number in range(40):
        size += fetch(address, number)
        chores(5)
    server.shutdown()
    server.server_close()
    print(size)


main()
