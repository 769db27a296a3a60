"""What a recording says, held against programs whose behaviour is known."""

import collections
import hashlib
import json
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

UNSTEADY = "shares, durations and how often a thread is seen are those of a machine that others use, too"


class Content(support.Tree):
    def record(self, source, *arguments, rate=None, environment=None, expect=0):
        """Records a program; self.records then has the dump's objects by their "record" member."""
        self.write("program.py", source)
        made = support.record("program.py", *arguments, output=self.root / "run.mlog", rate=rate, cwd=self.root,
                              env=support.recorder_environment(**(environment or {})))
        self.assertEqual(made.process.returncode, expect, made.process.stderr)
        dump = support.analyze("dump", "--format", "ndjson", made.path)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        self.records = collections.defaultdict(list)
        for line in dump.stdout.splitlines():
            entry = json.loads(line)
            self.records[entry["record"]].append(entry)

    def events(self, kind):
        return [e for e in self.records["event"] if e["kind"] == kind]

    def stack(self, node):
        """Names of a stack, leaf first."""
        names = []
        while node:
            entry = self.records["node"][node - 1]  # node 0 is no stack, and not listed
            self.assertEqual(entry["id"], node)
            frame = self.records["frame"][entry["frame"]]
            code = self.records["code"][frame["code"]]
            names.append((code["name"], frame["line"]))
            node = entry["parent"]
        return names

    def functions(self, node):
        return [name for name, _ in self.stack(node)]


SPIN = """
import time

def spin():
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        pass
"""

SHARES = """
import time

def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for _ in range(200):
            pass

def three():
    spend(1.5)

def one():
    spend(0.5)

def sleeper():
    time.sleep(1.0)

three()
one()
sleeper()
"""


class Shares(Content):
    def share(self):
        """Wall time of each function called by the module, as shares of the whole."""
        time = collections.Counter()
        for run in self.records["run"]:
            names = self.functions(run["node"])
            if len(names) >= 2:
                time[names[-2]] += run["ticks"]
        whole = sum(time.values())
        return {name: ticks / whole for name, ticks in time.items()}

    def check_shares(self, environment, tolerance):
        """Against what the program's own clocks would say, within points that sampling can be held to."""
        self.record(SHARES, rate=1000, environment=environment)
        cpu = collections.Counter()
        for run in self.records["run"]:
            for name in set(self.functions(run["node"])):
                cpu[name] += run["cpu_ns"]
        self.assertAlmostEqual(cpu["three"] / (cpu["three"] + cpu["one"]), 0.75, delta=tolerance)
        self.assertLess(cpu["sleeper"], 0.05 * cpu["three"])
        self.assertLess(self.share()["sleeper"], 0.5)
        self.assertGreater(self.share()["sleeper"], 0.1)

    def test_shares_of_cpu_are_right(self):
        self.check_shares({}, 0.03)

    def test_shares_are_right_through_the_public_interface(self):
        self.check_shares({"MICROLOG_METHOD": "gil"}, 0.08)
        self.assertEqual(self.records["head"][0]["method"], 3)

    def test_running_tasks_are_named(self):
        self.record("""
import asyncio, time

def burn():
    end = time.perf_counter() + 0.01
    while time.perf_counter() < end: pass

async def step():
    burn()
    await asyncio.sleep(0)

async def worker(count):
    for _ in range(count): await step()

async def unnamed(): await worker(20)

async def main():
    named = [asyncio.create_task(worker(30), name="fetch")]
    named.append(asyncio.get_running_loop().create_task(worker(30)))
    named[1].set_name("parse")
    for task in [*named, asyncio.create_task(unnamed())]: await task
    await worker(20)  # in the memory of what has ended, and no task

asyncio.run(main())
""", rate=1000)
        seen = collections.Counter()
        for run in self.records["run"]:
            names = self.functions(run["node"])
            if "worker" in names:
                above = names[names.index("worker") + 1]
                seen[above] += run["ticks"]
                self.assertLessEqual(sum(name.startswith("<task ") for name in names), 1)
        self.assertLessEqual({"<task fetch>", "<task parse>", "unnamed", "main"}, set(seen))
        self.assertEqual({name for name in seen if name.startswith("<task ")}, {"<task fetch>", "<task parse>"})
        for names in (self.functions(run["node"]) for run in self.records["run"]):
            if "unnamed" in names:
                self.assertFalse(any(name.startswith("<task ") for name in names), names)

    def test_what_threads_wait_for_is_told_apart(self):
        self.record("""
import queue, socket, threading, time

def sleeper(): time.sleep(1.5)
def locker(): lock.acquire()
def reader(): left.recv(1)
def getter(): jobs.get()

def spinner():
    end = time.time() + 1.5
    while time.time() < end:
        sum(range(1000))

lock, jobs = threading.Lock(), queue.Queue()
lock.acquire()
left, right = socket.socketpair()
threads = [threading.Thread(target=f, name=f.__name__) for f in (sleeper, locker, reader, getter, spinner, spinner)]
for t in threads: t.start()
time.sleep(1.6)
lock.release(), right.send(b"x"), jobs.put(1)
""")
        names = {t["id"]: t["name"] for t in self.records["thread"]}
        states = collections.defaultdict(collections.Counter)
        for run in self.records["run"]:
            if run["state"]:
                states[names[run["thread"]]][run["state"] & 15] += run["ticks"]
        for name, state in (("sleeper", 5), ("locker", 3), ("reader", 4), ("getter", 3), ("MainThread", 5)):
            self.assertGreater(states[name][state], 0.9 * sum(states[name].values()), (name, states[name]))
        spinning = states["spinner"]
        self.assertGreater(spinning[1] + spinning[2], 0.9 * sum(spinning.values()), spinning)
        self.assertGreater(spinning[2], 0.1 * sum(spinning.values()), spinning)

    def test_no_stack_is_impossible(self):
        """Two chains that alternate: a frame of one under a frame of the other never was.

        Copies through the kernel are not instantaneous, so this way of reading may very rarely be fooled twice in
        the same way; more than one in five hundred would be a fault."""
        self.record("""
import time
def a1(): return a2()
def a2(): return a3()
def a3(): return sum(i for i in range(30))
def b1(): return b2()
def b2(): return b3()
def b3(): return sum(i for i in range(30))
end = time.time() + 3
while time.time() < end:
    a1(); b1()
""", rate=2000)
        seen, length = collections.Counter(), collections.Counter()
        chains = {("a3", "a2", "a1", "<module>"), ("b3", "b2", "b1", "<module>")}
        whole = {chain[i:] for chain in chains for i in range(4)}
        whole |= {(chain[0] + ".<locals>.<genexpr>",) + chain for chain in chains}
        for run in self.records["run"]:
            stack = tuple(self.functions(run["node"]))
            seen[stack in whole or stack in ((), ("<no python frame>",), ("<stack not read>",))] += run["samples"]
            length[min(len(stack), 4)] += run["samples"] * (stack[-1:] == ("<module>",))
        self.assertGreater(seen[True], 500)
        self.assertLess(seen[False], seen[True] / 500)
        # Calls of a microsecond or two: what does not stand still has at least its root part.
        self.assertGreater(sum(length.values()), 0.85 * seen[True])
        self.assertGreater(sum(length.values()) - length[1], 0.3 * seen[True])

    def test_time_that_was_sampled_is_the_time_that_passed(self):
        self.record("import time\ntime.sleep(1.5)\n")
        head = self.records["head"][0]
        ticks = sum(run["ticks"] for run in self.records["run"])
        self.assertAlmostEqual(ticks * head["period_ns"] / 1e9, 1.5, delta=0.2)


MESSAGES = """
import logging, sys, threading, warnings
import microlog

log = logging.getLogger("shop.orders")
log.propagate = False
log.setLevel("INFO")

def said():
    print("first", 1, end="")
    print(" line")
    print("to stderr", file=sys.stderr)
    log.info("order %d", 17)
    log.error("arguments that do not fit %d %d", 1)
    log.debug("below the level")
    microlog.info("**bold** news")
    microlog.mark("here")

t = threading.Thread(target=said, name="Speaker")
t.start()
t.join()
print("\\udcff \\u20ac".encode("utf-8", "replace").decode())
"""


class Messages(Content):
    def test_each_message_once_with_its_stack(self):
        self.record(MESSAGES)
        prints = [(e["fields"]["stream"], e["fields"]["text"]) for e in self.events("py.print")]
        self.assertEqual(prints[:2], [(1, "first 1 line"), (2, "to stderr")])
        logs = [(e["fields"]["level"], e["fields"]["logger"], e["fields"]["text"])
                for e in self.events("py.log")]
        self.assertEqual(logs, [(20, "shop.orders", "order 17"),
                                (40, "shop.orders", "arguments that do not fit %d %d")])
        marks = [(e["fields"]["name"], e["fields"]["text"]) for e in self.events("mark")]
        self.assertEqual(marks, [("info", "**bold** news"), ("mark", "here")])
        speaker = [t for t in self.records["thread"] if t["name"] == "Speaker"]
        self.assertEqual(len(speaker), 1)
        for event in self.events("mark"):
            self.assertEqual(self.functions(event["node"])[0], "said")
            self.assertEqual(self.functions(event["node"])[-1], "Thread._bootstrap")
            self.assertEqual(event["thread"], speaker[0]["id"])
        self.assertEqual([line for _, line in map(lambda e: self.stack(e["node"])[0], self.events("mark"))],
                         [16, 17])

    def test_exit_code_and_exception(self):
        self.record("def outer():\n    inner()\ndef inner():\n    raise KeyError('gone')\nouter()\n", expect=1)
        self.assertEqual(self.events("proc.exit")[0]["fields"]["code"], 1)
        self.assertEqual(self.stack(self.events("py.exception")[0]["node"]),
                         [("inner", 4), ("outer", 2), ("<module>", 5)])
        exception = self.events("py.exception")[0]["fields"]
        self.assertEqual((exception["type"], exception["text"]), ("KeyError", "'gone'"))

    def test_a_program_that_ends_without_exit_handlers_is_recorded_to_the_end(self):
        self.record("import os\nprint('said')\nos._exit(6)\n", expect=6)
        self.assertEqual(self.records["diagnostics"][0]["clean_end"], True)
        self.assertEqual(self.events("proc.exit")[0]["fields"]["code"], 6)
        self.assertEqual(len(self.events("py.print")), 1)

    def test_reading_counters_every_second(self):
        self.record("import time\nx = bytearray(60_000_000)\ntime.sleep(2.3)\n")
        status = [e["fields"] for e in self.events("sys.status")]
        self.assertGreaterEqual(len(status), 3)
        self.assertGreater(status[-1]["rss"], 60_000_000)
        for name in ("memory_total", "threads", "modules", "gc_collections", "system_cpu"):
            self.assertGreater(status[-1][name], 0, name)

    def test_imports_are_timed_and_nested(self):
        self.write("outer_one.py", "import time\ntime.sleep(0.1)\nimport inner_one\n")
        self.write("inner_one.py", "import time\ntime.sleep(0.2)\n")
        self.record("import sys\ndef late():\n    import outer_one\nlate()\nimport sys, outer_one\n")
        took = {e["fields"]["module"]: e for e in self.events("py.import")}
        self.assertEqual(set(took) & {"outer_one", "inner_one", "sys"}, {"outer_one", "inner_one"})
        self.assertAlmostEqual(took["inner_one"]["fields"]["duration"], 200_000, delta=60_000)
        self.assertAlmostEqual(took["outer_one"]["fields"]["duration"], 300_000, delta=80_000)
        self.assertEqual(self.functions(took["outer_one"]["node"])[0], "late")

    def test_code_objects_that_come_and_go_keep_their_names(self):
        """Addresses are used again at once; a stack must never show the name of a function that is gone."""
        self.record("""
import microlog
for n in range(4000):
    space = {"microlog": microlog}
    exec(f"def made_{n}():\\n    microlog.mark('{n}')\\nmade_{n}()", space)
""", rate=1000)
        marks = self.events("mark")
        self.assertEqual(len(marks), 4000)
        for event in marks:
            self.assertEqual(self.functions(event["node"])[0], f"made_{event['fields']['text']}")


DESCRIPTORS = """
import os, socket, subprocess, sys, tempfile, time

def leak_file():
    keep.append(open(__file__))

def close_file():
    with open(__file__) as f:
        f.read()

def leak_low():
    keep.append(os.open("/dev/null", os.O_RDONLY))

def leak_pipe():
    keep.append(os.pipe())

def leak_socket():
    keep.append(socket.socket())

def leak_pair():
    keep.append(socket.socketpair())

def accepting():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    keep.append(server.accept()[0])
    client.close()
    server.close()

def dropped():
    f = open(__file__)
    del f

def adopted():
    os.fdopen(os.open("/dev/null", os.O_RDONLY)).close()

keep = []
for each in (leak_file, close_file, leak_low, leak_pipe, leak_socket, leak_pair, accepting, dropped, adopted):
    for _ in range(3):
        each()
subprocess.run(["true"])
tempfile.TemporaryFile().close()
time.sleep(1.2)
"""


class Descriptors(Content):
    def open_at_end(self):
        """number → the event that opened it, for what was not closed."""
        still = {}
        for event in self.records["event"]:
            if event["kind"] == "fd.open":
                self.assertNotIn(event["fields"]["number"], still, "opened twice without a close")
                still[event["fields"]["number"]] = event
            elif event["kind"] == "fd.close":
                self.assertIn(event["fields"]["number"], still, "closed without an open")
                del still[event["fields"]["number"]]
        return still

    def test_every_leak_is_found_with_its_opener(self):
        self.record(DESCRIPTORS)
        openers = collections.Counter()
        for event in self.open_at_end().values():
            if not event["fields"]["inherited"]:
                names = self.functions(event["node"])
                openers[names[-2] if len(names) > 1 else "unknown"] += 1
        self.assertEqual(dict(openers), {"leak_file": 3, "leak_low": 3, "leak_pipe": 6, "leak_socket": 3,
                                         "leak_pair": 6, "accepting": 3})

    def test_what_a_library_opens_is_found_by_looking(self):
        self.record("""
import ctypes, time
libc = ctypes.CDLL(None)
number = libc.open(b"/dev/null", 0)
time.sleep(3.2)
libc.close(number)
time.sleep(1.5)
""")
        unseen = [e for e in self.events("fd.open")
                  if not e["fields"]["inherited"] and e["fields"]["label"] == "/dev/null"]
        self.assertEqual(len(unseen), 1)
        self.assertEqual(unseen[0]["node"], 0)
        number = unseen[0]["fields"]["number"]
        self.assertIn(number, [e["fields"]["number"] for e in self.events("fd.close")])


class Sources(Content):
    def source_files(self):
        return {source["file"]: (source["size"], int(source["mtime_ns"]), source["sha256"])
                for source in self.records["source"]}

    def test_files_of_code_are_told_as_they_are(self):
        """Whatever calls itself a file is looked at without waiting; the program may go elsewhere meanwhile."""
        self.write("helper.py", SPIN)
        self.record("""
import os, helper

os.mkfifo("pipe")
helper.spin()
for name in ("pipe", "/nowhere/gone.py", "/dev/zero", "<string>"):
    scope = {}
    exec(compile(open("helper.py").read(), name, "exec"), scope)
    scope["spin"]()
os.chdir("/")
""")
        told = self.source_files()
        for name in ("program.py", "helper.py"):
            file, = [self.root / file for file in told if file.endswith(name)]
            about = file.stat()
            self.assertEqual(told.pop(next(key for key in told if key.endswith(name))),
                             (about.st_size, about.st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest()))
        self.assertFalse([file for file in told if file in ("pipe", "/dev/zero", "<string>")], told)
        self.assertEqual([record["left_out"] for record in self.records["sources"]], [0])
        self.assertGreaterEqual(self.records["sources"][0]["unreadable"], 3)

    def test_too_much_is_left_out(self):
        self.write("large.py", SPIN + "#" * (5 << 20))
        self.record("import large\nlarge.spin()")
        self.assertFalse([file for file in self.source_files() if file.endswith("large.py")])
        self.assertEqual(self.records["sources"][0]["left_out"], 1)


class Library(Content):
    def test_enabled_again_and_again(self):
        self.record("""
import microlog
microlog.stop()

def work():
    return sum(range(100000))

for i in range(20):
    with microlog.enabled(f"part{i}.mlog") as recording:
        work()
        assert microlog.is_running()
    assert recording.summary.bytes > 0, recording.summary
    assert not microlog.is_running()

@microlog.enabled("decorated.mlog")
def decorated():
    return work()

assert decorated() == work()
try:
    microlog.start("x.mlog", rate=-1)
except ValueError as error:
    assert "rate" in str(error)
else:
    raise AssertionError("a rate below zero was taken")
microlog.info("nobody listens")
""")
        for name in [f"part{i}.mlog" for i in range(20)] + ["decorated.mlog"]:
            done = support.analyze("dump", "--table", "diagnostics", self.root / name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("clean end", done.stdout)

    def test_hooks_leave_no_trace(self):
        """After stop everything that was replaced is as it was."""
        self.write("program.py", """
import io, logging, os, socket, sys, threading
before = (logging.Logger.handle, threading.Thread._set_native_id, sys.stdout.write.__qualname__, list(sys.meta_path),
          sys.modules['_frozen_importlib']._find_and_load)
import microlog
with microlog.enabled("x.mlog"):
    assert logging.Logger.handle is not before[0]
    print("within")
after = (logging.Logger.handle, threading.Thread._set_native_id, sys.stdout.write.__qualname__, list(sys.meta_path),
          sys.modules['_frozen_importlib']._find_and_load)
assert before == after, (before, after)
assert "write" not in vars(sys.stdout)
""")
        done = support.run([support.interpreters()[0], "program.py"], cwd=self.root,
                           env=support.recorder_environment())
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
