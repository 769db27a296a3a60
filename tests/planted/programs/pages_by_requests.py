"""Pages are fetched by requests one after the other, and the program waits for each of them."""

import concurrent.futures
import http.server
import threading
import time

import requests

from common import chores, planted


class Answer(http.server.BaseHTTPRequestHandler):
    """Takes its time."""

    def do_GET(self):
        time.sleep(0.1)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Many at once."""

    daemon_threads = True
    request_queue_size = 64


def fetch(address):
    return len(requests.get(address).content)


def fetch_all(addresses):
    if planted():
        return sum(fetch(address) for address in addresses)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return sum(pool.map(fetch, addresses))


def main():
    with Server(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, name="server").start()
        print(fetch_all([f"http://127.0.0.1:{server.server_port}/{number}" for number in range(40)]))
        server.shutdown()
    chores(60)


main()
