"""How long the page takes to draw the timeline of a large run anew, in Chromium.

    python3 tests/renderers/redraw.py [--samples N] [PLUGIN.so …]

The run is made up: functions that call each other by chance, at 100 Hz, far less repetitive than programs are. Several plugins (that of
the build, and others to compare with) take turns; of each, the median and the fastest of a redraw of the whole run, of a tenth, of all
with a search, and of the whole run with the flame graph in view, in milliseconds, everything that listens to the range included.
"""

import argparse
import base64
import json
import pathlib
import random
import re
import statistics
import tempfile
import zlib

import chromium
from sdk import fake

SECOND = 10**9
FUNCTIONS, DEPTH_MOST, DEPTH_USUAL = 1500, 48, 18
ROUNDS, TIMES = 4, 10
VIEWS = {"whole": (0, 1, "", "overview"), "tenth": (0.43, 0.53, "", "overview"), "search": (0, 1, "/7/", "overview"),
         "flame graph": (0, 1, "", "flame")}
HEIGHT = 500  # the flame graph is not in view then, where the timeline is

SMALL = f"run|large|large.py|{SECOND}|10000000|\nprocess|10|0|{SECOND}\nmodule|m|/m.py|2\nfunction|f|0|1\nstack|0|0|1\n" \
    f"thread|0|Main|1|0|{SECOND}|{SECOND}\nsample|0|1|1|100|0|{SECOND}|{SECOND}\n"

MEASURE = """(async () => {
    const later = window.requestAnimationFrame, [from, to, query, section] = %s, length = microlog.runLength, taken = [];
    microlog.set({ query });
    microlog.section(section).scrollIntoView();
    await new Promise((done) => later(() => later(done)));
    window.requestAnimationFrame = (act) => { act(); };
    for (let i = 0; i < %d; i++) {
        const start = performance.now();
        microlog.setView(from * length + 1e6 * (i %% 2 + 1), to * length);
        taken.push(performance.now() - start);
    }
    window.requestAnimationFrame = later;
    return taken; })()"""


class Columns:
    """A block of data as renderers/html/columns.c writes them."""

    def __init__(self):
        self.bytes = bytearray()
        self.texts = [""]

    def number(self, *values):
        for value in values:
            while value > 127:
                self.bytes.append(value & 127 | 128)
                value >>= 7
            self.bytes.append(value)

    def signed(self, *values):
        self.number(*(value * 2 if value >= 0 else -value * 2 - 1 for value in values))

    def text(self, *texts):
        for text in texts:
            self.number(len(self.texts))
            self.texts.append(text)

    def block(self):
        texts = [text.encode() for text in self.texts]
        self.number(len(texts), *map(len, texts))
        self.bytes += b"".join(texts)
        packed = zlib.compressobj(6, zlib.DEFLATED, -15)
        return base64.b64encode(packed.compress(self.bytes) + packed.flush()) + b":%08x" % zlib.crc32(self.bytes)


def walk(samples):
    """A tree of stacks as (parent, function), and a random walk on it as runs of (stack, ticks)."""
    chance = random.Random(1)
    callees = [[chance.randrange(FUNCTIONS) for _ in range(chance.randint(1, 5))] for _ in range(FUNCTIONS)]
    stacks, runs, numbers = [(0, 0)], [], {}
    path, at = [0], 0
    while at < samples:
        for _ in range(min(len(path) - 1, int(chance.expovariate(1 / 4)))):
            path.pop()
        while len(path) <= DEPTH_MOST and (len(path) < 2 or chance.random() < 1.15 - len(path) / (2 * DEPTH_USUAL)):
            key = (path[-1], chance.choice(callees[stacks[path[-1]][1]]))
            if key not in numbers:
                numbers[key] = len(stacks)
                stacks.append(key)
            path.append(numbers[key])
        runs.append((path[-1], 1 + int(chance.expovariate(0.8))))
        at += runs[-1][1]
    return stacks, runs


def core(samples):
    """The block "core" of such a run of one thread; embed.c says the order."""
    stacks, runs = walk(samples)
    length, period, to = sum(ticks for _, ticks in runs) * SECOND // 100, SECOND // 100, Columns()
    to.number(length, period, period, 1, 0, 2)
    to.text("app", "lib", "/srv/app.py", "/usr/lib/python3/lib.py")
    to.number(2, 1, FUNCTIONS)
    to.text(*(f"function_{i}" for i in range(FUNCTIONS)))
    to.number(*(1 + i % 2 for i in range(FUNCTIONS)), *range(FUNCTIONS))
    to.number(len(stacks) - 1, *(number - parent if parent else 0 for number, (parent, _) in enumerate(stacks) if number))
    to.number(*(function + 1 for _, function in stacks[1:]), *(0 for _ in stacks[1:]))
    to.number(1, 1, 1)
    to.text("Main")
    to.signed(10, 1, length, 0, len(runs))
    to.number(*(0 for _ in runs), *(ticks for _, ticks in runs))
    to.signed(*(stack - before for (stack, _), before in zip(runs, [0] + [stack for stack, _ in runs])))
    to.number(*(1 + 4 * (stack % 7 == 0) for stack, _ in runs), *(0 for _ in runs), *(ticks * period for _, ticks in runs))
    return to.block()


def measure(pages):
    """Milliseconds by page and view, the pages in turn."""
    taken = {page: {view: [] for view in VIEWS} for page in pages}
    for _ in range(ROUNDS):
        for page in pages:
            page.call("Page.bringToFront")  # what is behind gets no frames
            for view, what in VIEWS.items():
                taken[page][view] += page.evaluate(MEASURE % (json.dumps(what), TIMES))
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("plugins", nargs="*", type=pathlib.Path, default=[fake.plugin("renderer-html")])
    parser.add_argument("--samples", type=int, default=520_000)
    arguments = parser.parse_args()
    block = core(arguments.samples)
    with chromium.Browser() as browser, tempfile.TemporaryDirectory(prefix="microlog-redraw-") as folder:
        pages = {}
        for number, plugin in enumerate(arguments.plugins):
            path = pathlib.Path(folder) / f"{number}.html"
            path.write_bytes(re.sub(rb'(?<="data-core">)[^<]*', lambda _: block, fake.run(plugin, model=SMALL)))
            page = browser.open(path, height=HEIGHT)
            pages[page] = plugin
            boxes = page.evaluate("microlog.data.core().then((core) => microlog.boxesOf(core, 0).total)")
            print(f"{plugin}: {path.stat().st_size / 1e6:.2f} MB, {boxes:,} boxes")
        for page, views in measure(pages).items():
            print(pages[page], *(f"{view}: median {statistics.median(some):.1f}, fastest {min(some):.1f}" for view, some in views.items()), sep="\n  ")


if __name__ == "__main__":
    main()
