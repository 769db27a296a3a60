"""kill -9 of a real recorded program at random moments: at most a second is lost, besides what the system was late.

    MICROLOG_KILLS=300 python3 tests/format/test_kill.py        more than the six of every check
"""

import json
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import support  # noqa: E402

KILLS = int(os.environ.get("MICROLOG_KILLS", "6"))
FLUSH_SECONDS = 1.0
PERIOD = 0.01

# A thread says every millisecond, in a page that outlives the program, what time it is and how late a sleep of the
# last two seconds was at most.
PROGRAM = """
import json, mmap, struct, sys, threading, time

def busy():
    while True:
        json.dumps(list(range(500)))
        time.sleep(0.002)

def clock(page):
    late = []
    while True:
        before = time.monotonic()
        time.sleep(0.001)
        now = time.monotonic()
        late = [(when, by) for when, by in late if when > now - 2] + [(now, now - before - 0.001)]
        page[:16] = struct.pack("dd", now, max(by for _, by in late))

with open(sys.argv[1], "r+b") as file:
    page = mmap.mmap(file.fileno(), 4096)
for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
clock(page)
"""


class Kill(support.Tree):
    def record_and_kill(self):
        """(seconds of the program's life after the anchor, its lateness, seconds recorded, diagnostics)."""
        script, page, path = self.write("app.py", PROGRAM), self.root / "page", self.root / "run.mlog"
        page.write_bytes(bytes(4096))
        program = subprocess.Popen([support.interpreters()[0], "-m", "microlog", "-o", path, script, page],
                                   env=support.recorder_environment())
        with open(page, "r+b") as file, mmap.mmap(file.fileno(), 4096) as shared:
            while shared[:8] == bytes(8):
                self.assertIsNone(program.poll())
                time.sleep(0.005)
            time.sleep(random.uniform(0, 4))
            program.send_signal(signal.SIGKILL)
            program.wait()
            now, late = struct.unpack("dd", shared[:16])
        records = [json.loads(line) for line in
                   support.analyze("dump", "--format", "ndjson", "--table", "head", path).stdout.splitlines() +
                   support.analyze("dump", "--format", "ndjson", "--table", "chunks", path).stdout.splitlines() +
                   support.analyze("dump", "--format", "ndjson", "--table", "diagnostics", path).stdout.splitlines()]
        by_kind = {record["record"]: record for record in records}
        blocks = [record for record in records if record.get("type") == "SAMP"]
        end = max((block["start_ns"] + block["span_ns"] for block in blocks), default=0) / 1e9
        for before, after in zip(blocks, blocks[1:]):
            self.assertEqual(before["start_ns"] + before["span_ns"], after["start_ns"])
        return now - int(by_kind["head"]["anchor_ns"]) / 1e9, late, end, by_kind["diagnostics"]

    def test_at_most_a_second_is_lost(self):
        worst = 0
        for _ in range(KILLS):
            lived, late, recorded, diagnostics = self.record_and_kill()
            worst = max(worst, lived - recorded - late)
            self.assertLess(lived - recorded, FLUSH_SECONDS + PERIOD + late)
            self.assertEqual((diagnostics["damaged_chunks"], diagnostics["missing_chunks"],
                              diagnostics["unusable_definitions"]), (0, 0, 0))
            self.assertEqual(support.analyze("verify", self.root / "run.mlog").returncode, 0)
        self.assertGreater(worst, 0)
        print(f"# {KILLS} kills, at worst {worst:.3f} s lost besides lateness", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
