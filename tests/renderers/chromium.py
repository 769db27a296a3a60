"""A page in headless Chromium, driven over the DevTools protocol through a pipe; nothing to install.

    with chromium.Browser() as browser:
        page = browser.open(path, width=1280, height=800)
        page.evaluate("document.title")

Messages are JSON, each ended by NUL, on the browser's descriptors 3 and 4. What the page logs as an
error, throws, or breaks of its policy is in `page.complaints`.
"""

import base64
import fcntl
import json
import os
import re
import select
import subprocess
import tempfile
import time

import support

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--font-render-hinting=none", "--disable-lcd-text", "--force-device-scale-factor=1",
         "--remote-debugging-pipe"]
PATIENCE = 30


class Browser:
    def __init__(self):
        program = support.require("chromium")
        self.folder = tempfile.TemporaryDirectory(prefix="microlog-chromium-", ignore_cleanup_errors=True)
        read, self.out = os.pipe()
        self.input, write = os.pipe()
        read, write = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read, write))
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self.folder.name}", "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4),
            preexec_fn=lambda: (os.dup2(read, 3), os.dup2(write, 4)))
        os.close(read)
        os.close(write)
        self.pending = b""
        self.number = 0
        self.pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.input)
        self.folder.cleanup()

    def receive(self, seconds):
        """The next message, or None when there was none for so long."""
        while b"\0" not in self.pending:
            if not select.select([self.input], [], [], seconds)[0]:
                return None
            part = os.read(self.input, 1 << 16)
            if not part:
                raise AssertionError("Chromium ended")
            self.pending += part
        message, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(message)
        if message.get("sessionId") in self.pages and "method" in message:
            self.pages[message["sessionId"]].take(message["method"], message["params"])
        return message

    def call(self, method, session=None, **parameters):
        """Calls a method of the protocol; returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        os.write(self.out, json.dumps({**message, **({"sessionId": session} if session else {})}).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            answer = self.receive(1)
            if answer and answer.get("id") == message["id"]:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
        raise AssertionError(f"{method}: no answer in {PATIENCE} s")

    def open(self, path, width=1280, height=800, scheme="light", fragment=""):
        """Loads a file and waits until its script says that it is ready."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        # Scrolling that takes its time would be pressed beside.
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                          {"name": "prefers-reduced-motion", "value": "reduce"}])
        page.go(f"file://{path}{fragment}")
        return page


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.complaints = []
        self.requests = []
        self.is_loaded = False

    def take(self, method, parameters):
        if method == "Page.loadEventFired":
            self.is_loaded = True
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"].get("exception", {}).get("description", "thrown"))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"][:100])

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def go(self, address):
        self.is_loaded = False
        self.call("Page.navigate", url=address)
        until = time.monotonic() + PATIENCE
        while not self.is_loaded and time.monotonic() < until:
            self.browser.receive(0.2)
        self.evaluate("window.microlog && microlog.ready.then(() => 0)")

    def evaluate(self, expression):
        """The value of an expression; promises are awaited."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"].get("exception", {}).get("description", expression))
        return found["result"].get("value")

    def wait_for(self, condition):
        """Waits until an expression is true, ten seconds at most; returns whether it became so. Parts of a page come
        when they have been inflated."""
        return self.evaluate(
            "new Promise((done) => { const end = Date.now() + 10000;"
            " const look = () => (%s) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20); look(); })"
            % condition)

    def settle(self):
        """Lets the page draw what has changed."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, **({} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}))
        self.settle()

    def drag(self, x, y, to_x, to_y):
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for step in range(1, 5):
            self.mouse("mouseMoved", x + (to_x - x) * step / 4, y + (to_y - y) * step / 4, button="left", buttons=1)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)
        self.settle()

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **text)
        self.settle()

    def named(self, role, name, within=None):
        """The nodes of the accessibility tree, as a screen reader has it, that have the role and a name that the
        expression `name` matches all of; `within` is a role and a name of what is around them."""
        tree = self.call("Accessibility.getFullAXTree")["nodes"]
        parents = {child: node for node in tree for child in node.get("childIds", [])}

        def fits(node, role, name):
            return (not node["ignored"] and node.get("role", {}).get("value") == role
                    and re.fullmatch(name, str(node.get("name", {}).get("value", "")), re.DOTALL))

        def is_within(node):
            while node and not fits(node, *within):
                node = parents.get(node["nodeId"])
            return node
        return [node for node in tree if fits(node, role, name) and (within is None or is_within(node))]

    def press(self, role, name, within=None):
        """Clicks with the mouse on the first node of that role and name."""
        found = self.named(role, name, within)
        if not found:
            raise AssertionError(f"nothing to press: {role} {name!r}")
        node = {"backendNodeId": found[0]["backendDOMNodeId"]}
        self.call("DOM.scrollIntoViewIfNeeded", **node)
        corners = self.at_rest(node)
        self.click(sum(corners[0::2]) / 4, sum(corners[1::2]) / 4)

    def at_rest(self, node):
        """The corners of a node, once it no longer moves: scrolling is smooth."""
        before, corners = None, self.call("DOM.getContentQuads", **node)["quads"][0]
        for _ in range(50):
            if corners == before:
                break
            self.evaluate("new Promise((done) => setTimeout(done, 100))")
            before, corners = corners, self.call("DOM.getContentQuads", **node)["quads"][0]
        return corners

    def box(self, selector):
        """Left, top, width and height of an element, after it was brought into view."""
        self.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        self.settle()
        return self.evaluate(f"(() => {{ const box = document.querySelector({selector!r}).getBoundingClientRect();"
                             " return [box.left, box.top, box.width, box.height]; })()")

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
