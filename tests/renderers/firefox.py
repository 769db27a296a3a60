"""A page in headless Firefox, driven by WebDriver BiDi through a WebSocket; nothing to install.

    with firefox.Browser() as browser:
        browser.open(path, width=1280, height=800)
        browser.evaluate("document.title")

What the page logs as an error or a warning, or throws, is in `browser.complaints`; what it asks the network for, in
`browser.requests`.
"""

import base64
import json
import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import tempfile
import time

import support

PATIENCE = 60
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
ADDRESS = re.compile(rb"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")


class WebSocket:
    """The client's side of RFC 6455, for text."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.pending = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.pending:
            self.take()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise AssertionError(f"Firefox refused: {head!r}")

    def take(self):
        part = self.socket.recv(1 << 20)
        if not part:
            raise AssertionError("Firefox ended")
        self.pending += part

    def exactly(self, count):
        while len(self.pending) < count:
            self.take()
        part, self.pending = self.pending[:count], self.pending[count:]
        return part

    def send(self, payload, kind=TEXT):
        mask = os.urandom(4)
        length = len(payload)
        head = bytes([0x80 | kind]) + (bytes([0x80 | length]) if length < 126 else
                                       struct.pack(">BH", 0xFE, length) if length < 1 << 16 else struct.pack(">BQ", 0xFF, length))
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def receive(self):
        """The next message."""
        whole = b""
        while True:
            first, length = self.exactly(2)
            if length >= 126:
                length = struct.unpack(">H", self.exactly(2))[0] if length == 126 else struct.unpack(">Q", self.exactly(8))[0]
            payload = self.exactly(length)
            if first & 15 == PING:
                self.send(payload, PONG)
            elif first & 15 == CLOSE:
                raise AssertionError("Firefox closed the connection")
            elif first & 15 != PONG:
                whole += payload
                if first & 0x80:
                    return json.loads(whole)


class Browser:
    def __init__(self):
        program = support.require("firefox-esr")
        self.folder = tempfile.TemporaryDirectory(prefix="microlog-firefox-", ignore_cleanup_errors=True)
        home = pathlib.Path(self.folder.name)
        (home / "user.js").write_text('user_pref("ui.prefersReducedMotion", 1);\nuser_pref("ui.systemUsesDarkTheme", 0);\n')
        self.process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", home, "--remote-debugging-port", "0", "about:blank"],
            env={**os.environ, "HOME": str(home), "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.number, self.complaints, self.requests = 0, [], []
        self.connection = WebSocket(self.find_port(), "/session")
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def find_port(self):
        said, end = b"", time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if select.select([self.process.stderr], [], [], 1)[0]:
                part = os.read(self.process.stderr.fileno(), 1 << 16)
                said += part
                found = ADDRESS.search(said)
                if found:
                    return int(found[1])
                if not part:
                    break
        raise AssertionError(f"Firefox did not begin: {said[-2000:].decode(errors='replace')}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()

    def take(self, method, parameters):
        if method == "log.entryAdded" and parameters["level"] in ("error", "warn"):
            self.complaints.append(parameters["text"])
        elif method == "network.beforeRequestSent":
            self.requests.append(parameters["request"]["url"][:100])

    def call(self, method, **parameters):
        """Calls a method of the protocol; returns its result."""
        self.number += 1
        self.connection.send(json.dumps({"id": self.number, "method": method, "params": parameters}).encode())
        while True:
            message = self.connection.receive()
            if message.get("type") == "event":
                self.take(message["method"], message["params"])
            elif message.get("id") == self.number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]

    def open(self, path, width=1280, height=800):
        """Loads a file and waits until its script says that it is ready."""
        self.complaints, self.requests = [], []
        self.call("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})
        self.call("browsingContext.navigate", context=self.context, url=f"file://{path}", wait="complete")
        self.evaluate("window.microlog && microlog.ready.then(() => 0)")

    def evaluate(self, expression):
        """The value of an expression, as JSON can tell it; promises are awaited."""
        found = self.call("script.evaluate", expression=f"Promise.resolve({expression}).then((value) => JSON.stringify(value))",
                          target={"context": self.context}, awaitPromise=True)
        if found["type"] != "success":
            raise AssertionError(found["exceptionDetails"]["text"])
        value = found["result"].get("value")
        return None if value is None else json.loads(value)

    def wait_for(self, condition):
        """Waits until an expression is true, ten seconds at most; returns whether it became so."""
        return self.evaluate(
            "new Promise((done) => { const end = Date.now() + 10000;"
            f" const look = () => ({condition}) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20); look(); }})")

    def click(self, selector):
        """Brings an element into view and clicks on its middle with the mouse."""
        x, y = self.evaluate(f"(() => {{ const one = document.querySelector({json.dumps(selector)}); one.scrollIntoView({{block: 'center',"
                             " behavior: 'instant'}); const box = one.getBoundingClientRect();"
                             " return [box.left + box.width / 2, box.top + box.height / 2]; })()")
        actions = [{"type": "pointerMove", "x": round(x), "y": round(y)}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.call("input.performActions", context=self.context, actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def screenshot(self, path):
        shot = self.call("browsingContext.captureScreenshot", context=self.context)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
