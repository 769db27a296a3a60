"""A web server of the standard library under a small load: four clients ask for pages, some large, some not there."""

import concurrent.futures
import http.server
import json
import threading
import urllib.error
import urllib.request

PAGES = {f"/{number}": json.dumps([{"id": row, "square": row * row} for row in range(number * 40)]).encode()
         for number in range(40)}


class Answer(http.server.BaseHTTPRequestHandler):
    """Serves PAGES."""

    def do_GET(self):
        body = PAGES.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def fetch(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return len(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        error.close()
        return 0


def main():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, name="server").start()
        addresses = [f"http://127.0.0.1:{server.server_port}/{number % 45}" for number in range(900)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            print(sum(pool.map(fetch, addresses)))
        server.shutdown()


main()
