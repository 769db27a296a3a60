"""The picture of a run as two browsers draw it: every box and word in its place, in more than one colour."""

import pathlib
import struct
import tempfile
import unittest
import zlib

import chromium
import firefox
import support
from cli import recordings

UNSTEADY = "the browser has only so much time to begin"

# [words outside of the picture, words wider than their box, boxes that are not drawn where they say, boxes]
LOOK = """(() => {
    const whole = document.documentElement.getBoundingClientRect(), outside = [], wide = [], hidden = [];
    for (const text of document.querySelectorAll("text")) {
        const box = text.getBoundingClientRect();
        if (box.left < whole.left - 1 || box.right > whole.right + 1 || box.top < whole.top - 1 || box.bottom > whole.bottom + 1)
            outside.push(text.textContent);
    }
    const groups = [...document.querySelectorAll("g")].filter((one) => one.querySelector(":scope > rect") && one.querySelector(":scope > title"));
    for (const group of groups) {
        const rect = group.querySelector(":scope > rect").getBoundingClientRect(), text = group.querySelector(":scope > text");
        if (text && text.getBoundingClientRect().width > rect.width) wide.push(text.textContent);
        if (rect.width >= 1 && !group.contains(document.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2)))
            hidden.push(group.querySelector("title").textContent);
    }
    return [outside, wide, hidden, groups.length];
})()"""


def pixels(path, most=400):
    """The first rows of a PNG of eight bits a channel (ISO/IEC 15948), and how many bytes a pixel has."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", data, at + 8)
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    size = {2: 3, 6: 4}[colour]
    assert depth == 8
    raw, rows, before = zlib.decompress(packed), [], bytes(width * size)
    for number in range(min(height, most)):
        start = number * (width * size + 1)
        row = bytearray(raw[start + 1:start + 1 + width * size])
        for i, byte in enumerate(row):
            left, above = (row[i - size], before[i - size]) if i >= size else (0, 0)
            row[i] = (byte + predicted(raw[start], left, before[i], above)) & 255
        rows.append(bytes(row))
        before = row
    return rows, size


def predicted(how, left, up, corner):
    if how == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda one: abs(guess - one))
    return (0, left, up, (left + up) // 2)[how]


def colours(path):
    rows, size = pixels(path)
    return len({row[i:i + size] for row in rows for i in range(0, len(row), size)})


class Drawn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="microlog-svg-")))
        recording = recordings.make(cls.root / "run.mlog")
        cls.picture = cls.root / "run.svg"
        done = support.analyze(recording, "--plugins", "design", "--format", "svg", "-q", "-o", cls.picture)
        if done.returncode not in (0, 1):
            raise AssertionError(done.stderr)

    def check(self, page):
        outside, wide, hidden, boxes = page.evaluate(LOOK)
        self.assertEqual((outside, wide, hidden), ([], [], []))
        self.assertGreater(boxes, 5)
        page.screenshot(self.root / "shot.png")
        self.assertGreater(colours(self.root / "shot.png"), 20)
        self.assertEqual(page.complaints, [])

    def test_in_chromium(self):
        with chromium.Browser() as browser:
            self.check(browser.open(self.picture, width=1400, height=2000))

    def test_in_firefox(self):
        with firefox.Browser() as browser:
            browser.open(self.picture, width=1400, height=2000)
            self.check(browser)


if __name__ == "__main__":
    unittest.main()
