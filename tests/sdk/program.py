"""Models of programs, written step by step, and what analyzers answer to them."""

import pathlib

from sdk import fake

FINDING, TABLE, CHART, TEXT = 1, 3, 4, 7
RULE, MESSAGE, FUNCTION, THREAD = 1, 2, 11, 14
LEVEL, CONFIDENCE, IMPACT_NS, IMPACT_BYTES, LINE, START = 33, 34, 35, 36, 44, 45
EVIDENCE, NEXT = 2, 3
RUNNING, GIL_WAIT, LOCK, IO, SLEEP, OTHER = 1, 2, 3, 4, 5, 6
SECOND, PERIOD = 10**9, 10**7
STDLIB, PROJECT, THIRD_PARTY = 1, 2, 4
LIBRARY = "/usr/lib/python3.11/"


class Program:
    """A model that is written step by step; times are in periods of 10 ms."""

    def __init__(self, seconds=10, threads=("MainThread",)):
        self.lines = [f"run|app.py|python app.py|{seconds * SECOND}|{PERIOD}|",
                      f"process|10|{SECOND}|{seconds * SECOND}"]
        self.modules, self.functions, self.stacks = {}, {}, {}
        for number, name in enumerate(threads):
            self.lines.append(f"thread|0|{name}|{int(number == 0)}|0|{seconds * SECOND}|{SECOND}")

    def row(self, table, known, key, line):
        if key not in known:
            known[key] = len(known)
            self.lines.append(f"{table}|{line}")
        return known[key]

    def function(self, name, file="/home/me/app.py", flags=PROJECT, module=None):
        module = module or pathlib.PurePath(file).stem
        owner = self.row("module", self.modules, (module, file), f"{module}|{file}|{flags}")
        return self.row("function", self.functions, (name, owner), f"{name}|{owner}|1")

    def stack(self, *frames):
        """Frames (function, line), the outermost first."""
        parent = 0
        for function, line in frames:
            parent = 1 + self.row("stack", self.stacks, (parent, function, line), f"{parent}|{function}|{line}")
        return parent

    def sample(self, stack, start, periods, state=RUNNING, thread=0, cpu=None):
        wall = periods * PERIOD
        cpu = wall if cpu is None and state == RUNNING else cpu or 0
        self.lines.append(f"sample|{thread}|{stack}|{state}|{periods}|{start * PERIOD}|{wall}|{cpu}")

    def call(self, function, depth, stack, parent, start, periods, thread=0, samples=0):
        self.lines.append(f"call|{function}|{thread}|{depth}|{stack}|{parent}|{start * PERIOD}|"
                          f"{(start + periods) * PERIOD}|{samples}")

    def counter(self, name, points):
        """Points (seconds, value)."""
        self.lines.append(f"counter|{name}||0")
        self.lines += [f"point|{int(time * SECOND)}|{value}" for time, value in points]

    def blocks(self, plugin, *options):
        return fake.blocks(fake.plugin(f"analyzer-{plugin}"), *options, model="\n".join(self.lines) + "\n")


def findings(blocks):
    return [block for block in blocks if block.kind == FINDING]


def rules(blocks):
    return [block.texts[RULE][0] for block in findings(blocks)]


def table(blocks, key):
    return next(block for block in blocks if block.kind == TABLE and block.key == key)
