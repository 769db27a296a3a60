"""A small server that speaks like a language model's, well or badly, on a port of 127.0.0.1.

The first part of a path says how: http://127.0.0.1:PORT/MODE/v1. Every request is kept in `requests`.
"""

import http.server
import json
import threading
import time

GOOD = "# What it does\n\nIt ran for 10.0 s [p1], and 400 ms of it in `work` [f1]. Größe: naïve.\n"


def event(**fields):
    return b"data: " + json.dumps({"model": "tiny-1", "choices": [fields]}).encode() + b"\n\n"


def delta(text, reason=None):
    return event(delta={"content": text}, finish_reason=reason)


def stream_of(text, size=7):
    pieces = [text[i:i + size] for i in range(0, len(text), size)]
    return b"".join(delta(piece) for piece in pieces) + delta("", "stop") + b"data: [DONE]\n\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # the other side had enough

    def events(self, body, **headers):
        self.reply(200, body, "text/event-stream", **headers)

    def fail(self, status, words):
        self.reply(status, json.dumps({"error": {"message": words}}).encode())

    def remember(self, body):
        self.server.requests.append((self.command, self.path, dict(self.headers), body))

    def do_GET(self):
        self.remember(b"")
        names = {"many": ["a", "b"], "none": []}.get(self.path.split("/")[1], ["tiny"])
        self.reply(200, json.dumps({"data": [{"id": name} for name in names]}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.remember(body)
        mode = self.path.split("/")[1].replace("-", "_")
        getattr(self, f"answer_{mode}", self.answer_good)(json.loads(body))

    def answer_good(self, _):
        self.events(stream_of(GOOD))

    def answer_pieces(self, _):
        """Bytes one by one at the awkward places, comments, names, CRLF, a role before the text."""
        body = b": hello\r\n\r\nevent: x\r\n" + event(delta={"role": "assistant"}) + stream_of(GOOD, 1)
        body = body.replace(b"\n\n", b"\r\n\r\n: keep-alive\r\n\r\n").replace(b"data: {", b"data:{")
        self.send_response(200)
        self.end_headers()
        for i in range(0, len(body), 11):
            self.wfile.write(body[i:i + 11])
            if i % 1100 == 0:
                self.wfile.flush()
                time.sleep(0.002)

    def answer_object(self, _):
        choice = {"message": {"content": GOOD}, "finish_reason": "stop"}
        self.reply(200, json.dumps({"model": "tiny-1", "choices": [choice]}, indent=1).encode())

    def answer_no_done(self, _):
        self.events(stream_of(GOOD).replace(b"data: [DONE]\n\n", b""))

    def answer_401(self, _):
        self.fail(401, "Incorrect API key\nprovided\x1b[31m")

    def answer_404(self, _):
        self.fail(404, "model not found")

    def answer_429(self, _):
        self.fail(429, "slow down")

    def answer_500(self, _):
        self.reply(500, b"<html>oops</html>", "text/html")

    def answer_redirect(self, _):
        self.reply(307, b"", Location="/good/v1/chat/completions")

    def answer_hang(self, _):
        self.events(delta("It ran "))
        self.wfile.flush()
        self.server.ended.wait(20)

    def answer_cut(self, _):
        self.events(delta("It ran ") + delta("for 10.0 s"))

    def answer_broken(self, _):
        self.events(delta("It ran "), Content_Length="100000")

    def answer_garbage(self, _):
        self.reply(200, bytes(range(256)) * 40 + b"\ndata: {[}\ndata: 7\ndata: {\"choices\": 3}\n"
                   b"data: {\"choices\": [[]]}\n" + b"data: " + b"[" * 5000 + b"\n", "text/plain")

    def answer_empty(self, _):
        self.events(delta("  \n", "stop"))

    def answer_giant(self, _):
        self.events(stream_of("é" * (300 << 10), 1000))

    def answer_flood(self, _):
        for _ in range(20):
            self.wfile.write(b": " + b"x" * (1 << 20) + b"\n") if _ else self.events(b"")

    def answer_event_error(self, _):
        self.events(delta("It ran ") + b'data: {"error": {"message": "out of memory"}}\n\n')

    def answer_shortened(self, _):
        self.events(delta("It ran for 10.0 s", "length"))

    def answer_thinking(self, _):
        self.events(stream_of("<think>It took 99 s?</think>\n\nIt ran for 10.0 s."))

    def answer_temperature(self, request):
        if "temperature" in request:
            self.fail(400, "Unsupported value: 'temperature'")
        else:
            self.answer_good(request)

    def answer_invented(self, _):
        self.events(stream_of("1. It ran for 10 s [F1], 12.5 s of it in `utf8` [f77], 1,234 calls, 40.0 %, 10 ms, 400 s, 400ms, 0.01 minutes."))

    def answer_hostile(self, _):
        self.events(stream_of("<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://z/t.png) 10.0"))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.requests = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()

    def handle_error(self, request, client_address):
        pass  # a client that left early is what the tests want

    def url(self, mode):
        return f"http://127.0.0.1:{self.server_port}/{mode}/v1"

    def stop(self):
        self.ended.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
