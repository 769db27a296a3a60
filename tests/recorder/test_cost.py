"""What the recorder costs, counted instead of timed: system calls of a tick by strace, instructions by callgrind.

The bounds are reviewed figures: a change that makes the recorder cheaper lowers them, one that needs more says why.
"""

import collections
import json
import re
import statistics
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

UNSTEADY = "a machine that is taken away for a while has fewer ticks, each with more to do"

DIRECT = 1  # FORMAT.md: how stacks are read
MARK = "/from-here-to-here"  # a program looks for this file where the ticks begin that count, and where they end
ENOUGH = 40  # ticks

# One to sleep; three readings of CPU clocks tell that nothing ran.
IDLE_CALLS = 4
# One to sleep, one for the thread's CPU clock.
BUSY_CALLS = 2
# On the average over some seconds, hence with the figures of the process once a second.
IDLE_CALLS_MEAN = 5
# Of the recorder's thread in four seconds of one busy thread: a tick; start, end and the figures once a second, for which
# valgrind, whose own descriptors have high numbers, has 65,536 of them looked through.
BUSY_INSTRUCTIONS, FIXED_INSTRUCTIONS = 6000, 2600000

WAITING = f"""
import os, threading, time
for _ in range(38):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
time.sleep(1)
os.path.exists("{MARK}")
time.sleep(3)
os.path.exists("{MARK}")
"""

BUSY = f"""
import os, time
for seconds in 1, 3:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(1000):
            pass
    os.path.exists("{MARK}")
"""

# Of the recorder's thread while a thousand functions are seen for the first time, which takes a dozen tables and buffers.
PAGE_FAULTS = 500

MANY_NAMES = """
import glob, time
source = "\\n".join(f"def f{i}(until):\\n while time.monotonic() < until: pass" for i in range(1200))
exec(source)
for i in range(1200):
    globals()[f"f{i}"](time.monotonic() + 0.005)
for name in glob.glob("/proc/self/task/*/comm"):
    if open(name).read() == "microlog\\n":
        print(open(name[:-4] + "stat").read().rpartition(")")[2].split()[7])
"""

SLEEP = re.compile(r"futex\(.*FUTEX_WAIT|clock_nanosleep\(")


class Cost(support.Tree):
    def setUp(self):
        super().setUp()
        python = support.interpreters()[0]
        # A launcher that starts the interpreter is none of the recorder's business.
        self.python = support.run([python, "-c", "import sys; print(sys.executable)"]).stdout.strip()

    def record(self, source, *wrapper):
        """Records the program within `wrapper`; skips where stacks are not read directly. Returns how many ticks."""
        self.write("program.py", source)
        path = self.root / "run.mlog"
        done = support.run([*wrapper, self.python, "-m", "microlog", "-o", path, "program.py"], cwd=self.root,
                           env=support.recorder_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        dump = support.analyze("dump", "--format", "ndjson", path)
        self.assertEqual(dump.returncode, 0, dump.stderr)
        records = [json.loads(line) for line in dump.stdout.splitlines()]
        head = next(record for record in records if record["record"] == "head")
        if head["method"] != DIRECT:
            self.skipTest(f"{self.python}: stacks are not read directly here: {head['method_reason']}")
        return sum(record["ticks"] for record in records if record.get("type") == "SAMP")


class SystemCalls(Cost):
    def calls(self, source):
        """The system calls of each tick of the recorder's thread between the marks, as lists of names; its sleep ends a tick."""
        trace = self.root / "trace"
        strace = support.require("strace")
        if support.run([strace, "-f", "-o", trace, "true"]).returncode != 0:
            self.skipTest("strace may not trace here")
        self.record(source, strace, "-f", "-q", "-o", trace)
        lines = [line.split(None, 1) for line in trace.read_text(errors="replace").splitlines()]
        own = next(thread for thread, call in lines if call.startswith('prctl(PR_SET_NAME, "microlog"'))
        first, last = [index for index, (_, call) in enumerate(lines) if MARK in call]
        ticks = [[]]
        for thread, call in lines[first:last]:
            if thread == own and re.match(r"\w+\(", call):
                ticks[-1].append(call.split("(")[0])
                if SLEEP.match(call):
                    ticks.append([])
        self.assertGreater(len(ticks), ENOUGH)
        return ticks[1:-1]

    def check(self, ticks, bound):
        middle = statistics.median_low([len(tick) for tick in ticks])
        example = collections.Counter(next(tick for tick in ticks if len(tick) == middle))
        self.assertLessEqual(middle, bound, f"a tick makes {middle} system calls: {dict(example)}")

    def test_a_tick_in_which_nothing_ran(self):
        ticks = self.calls(WAITING)
        self.check(ticks, IDLE_CALLS)
        mean = statistics.mean(len(tick) for tick in ticks)
        self.assertLessEqual(mean, IDLE_CALLS_MEAN, "status included")

    def test_a_tick_of_one_busy_thread(self):
        self.check(self.calls(BUSY), BUSY_CALLS)


class Memory(Cost):
    def test_few_entries_touch_few_pages(self):
        """Tables that are used here and there cost a page fault for each new name."""
        self.write("manynames.py", MANY_NAMES)
        done = support.run([self.python, "-m", "microlog", "--rate", "1000", "-o", self.root / "run.mlog", "manynames.py"],
                           cwd=self.root, env=support.recorder_environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        codes = support.analyze("dump", "--table", "codes", self.root / "run.mlog")
        self.assertGreater(len(set(re.findall(r"\bf\d+\b", codes.stdout))), 1000)
        self.assertLessEqual(int(done.stdout), PAGE_FAULTS)


class Instructions(Cost):
    def test_four_busy_seconds(self):
        out = self.root / "callgrind"
        # Without the fair scheduler the busy thread hardly ever lets the recorder's run.
        ticks = self.record(BUSY, support.require("valgrind"), "-q", "--tool=callgrind", "--fair-sched=yes",
                            "--separate-threads=yes", f"--callgrind-out-file={out}")
        # Thread 1 is the program's, 2 the recorder's; there is no other.
        threads = sorted(self.root.glob("callgrind-*"))
        self.assertEqual([file.name for file in threads], ["callgrind-01", "callgrind-02"])
        total = int(re.search(r"^totals: (\d+)", threads[1].read_text(), re.MULTILINE)[1])
        self.assertGreater(ticks, ENOUGH)
        self.assertLessEqual(total, FIXED_INSTRUCTIONS + ticks * BUSY_INSTRUCTIONS, f"in {ticks} ticks")


if __name__ == "__main__":
    unittest.main()
