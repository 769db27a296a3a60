"""memleak and fdleak over programs with one planted leak each, and over clean ones that look like it for a while.

All of them mostly sleep, and are recorded at the same time.
"""

import concurrent.futures
import json
import re
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

SECONDS = 36

COMMON = """
import collections, ctypes, functools, os, socket, sys, time

UNSTEADY = "how often a growing program is looked at depends on what else runs"

def turns():
    start = time.monotonic()
    number = 0
    while time.monotonic() - start < {seconds}:
        yield number, (time.monotonic() - start) / {seconds}
        number += 1
        time.sleep(0.01)

class Session:
    def __init__(self, number):
        self.number = number
        self.values = [number] * 20
"""

# name: (rule, functions, source). Where the heap grows fast the time allows few censuses: then it is memory that grows, by
# these types.
PLANTED = {
    "a_dictionary": ("memleak/(objects-grow|growth)", ("remember", "Session.__init__"), """
sessions = {}

def remember(number):
    for each in range(30):
        sessions[number, each] = Session(number)

for number, _ in turns():
    remember(number)
"""),
    "bytes_in_a_list": ("memleak/(objects-grow|growth)", ("receive",), """
history = []

def receive(number):
    for each in range(40):
        history.append(bytes(300) + b"%d" % number)

for number, _ in turns():
    receive(number)
"""),
    "a_cache_without_a_bound": ("memleak/(objects-grow|growth)", ("compute",), """
@functools.lru_cache(maxsize=None)
def compute(key):
    return [key] * 30

for number, _ in turns():
    for each in range(30):
        compute((number, each))
"""),
    "a_cache_of_long_texts": ("memleak/(objects-grow|growth)", ("draw",), """
@functools.lru_cache(maxsize=None)
def draw(name, number):
    return "".join([f"{number:5} " for _ in range(20000)])

for number, _ in turns():
    if number % 10 == 0:
        draw("page", number)
"""),
    "native": ("memleak/growth", None, """
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p

def leak():
    address = library.malloc(40000)
    ctypes.memset(address, 1, 40000)

for _ in turns():
    leak()
"""),
    "files": ("fdleak/never-closed", ("read_settings",), """
kept = []

def read_settings():
    kept.append(open(__file__))

for number, _ in turns():
    if number % 20 == 0:
        read_settings()
    with open(__file__) as file:
        file.readline()
"""),
    "accepted_sockets": ("fdleak/never-closed", ("serve",), """
server = socket.create_server(("127.0.0.1", 0))
kept = []

def serve():
    connection, address = server.accept()
    kept.append(connection)

for number, _ in turns():
    if number % 20 == 0:
        client = socket.create_connection(server.getsockname())
        serve()
        client.close()
"""),
    "pipes": ("fdleak/never-closed", ("ask",), """
def ask():
    reader, writer = os.pipe()
    os.close(writer)

for number, _ in turns():
    if number % 20 == 0:
        ask()
"""),
}

CLEAN = {
    "a_bounded_cache": """
cache = collections.OrderedDict()
for number, _ in turns():
    for each in range(20):
        cache[number, each] = Session(number)
        if len(cache) > 3000:
            cache.popitem(last=False)
""",
    "a_warm_up": """
constants = [Session(number) for number in range(60000)]
for _ in turns():
    pass
""",
    "a_table_that_is_filled": """
table = {}
for number, share in turns():
    if share < 0.4:
        for each in range(30):
            table[number, each] = Session(number)
""",
    "buffers": """
buffers = collections.deque(maxlen=50)
for number, _ in turns():
    buffers.append(bytearray(100_000))
""",
    "a_pool": """
pool = [open(__file__) for _ in range(12)] + [socket.socket() for _ in range(12)]
for number, _ in turns():
    with open(__file__) as file:
        file.read()
    if number % 30 == 0:
        pool[number // 30 % 12].close()
        pool[number // 30 % 12] = open(__file__)
""",
    "short_lived_sockets": """
for number, _ in turns():
    for end in socket.socketpair():
        end.close()
    open(__file__)
""",
}


CENSUSES = 6


class Growth(support.Tree):
    def look(self, name, source):
        """What the two say of a program: findings as (rule, level, functions, everything as text)."""
        program = self.write(f"{name}/program.py", COMMON.replace("{seconds}", str(SECONDS)) + source)
        made = support.record(program, output=self.root / f"{name}.mlog")
        self.assertEqual((made.process.returncode, made.process.stderr), (0, ""))
        done = support.analyze(made.path, "--plugins", "memleak,fdleak", "--format", "json",
                               "-o", self.root / f"{name}.json", "-q")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        report = json.loads((self.root / f"{name}.json").read_text(encoding="utf-8"))
        return [(finding["rule"], finding["level"], [place["function"] for place in finding.get("locations", [])],
                 json.dumps(finding)) for finding in report["findings"]]

    def test_planted_and_clean(self):
        programs = {**{name: source for name, (_, _, source) in PLANTED.items()}, **CLEAN}
        with concurrent.futures.ThreadPoolExecutor(len(programs)) as pool:
            looks = {name: pool.submit(self.look, name, source) for name, source in programs.items()}
        found = {name: look.result() for name, look in looks.items()}
        for name, (rule, functions, _) in PLANTED.items():
            with self.subTest(planted=name):
                leaks = [finding for finding in found[name] if finding[1] in ("warning", "error")]
                self.assertEqual(len(leaks), 1, found[name])
                self.assertRegex(leaks[0][0], f"^{rule}$", leaks[0][3])
                if functions:
                    self.assertIn(leaks[0][2][0], functions, leaks[0][3])
        for name in CLEAN:
            with self.subTest(clean=name):
                self.assertEqual([each for each in found[name] if each[1] in ("warning", "error")], [])
        # A program that got little of the processor has too few censuses to tell who holds.
        for name, holder in (("a_dictionary", "__main__.Session in dict in sessions"), ("bytes_in_a_list", "list in history")):
            text = found[name][0][3]
            if max(map(int, re.findall(r"more at (\d+) of", text)), default=0) >= CENSUSES:
                self.assertIn(f"held by: {holder} of module __main__", text)
        self.assertIn("is native", found["native"][0][3])


if __name__ == "__main__":
    unittest.main()
