"""Packing of what the recorder wrote: through a pipe, where blocks are small, and by a program that was killed."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import content  # noqa: E402
import support  # noqa: E402

PROGRAM = """
import threading, time
def work(name):
    for i in range(130):
        time.sleep(0.1)
        if i % 10 == 0:
            print(name, i)
workers = [threading.Thread(target=work, args=(name,)) for name in "abc"]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""


class Packing(support.Tree):
    def start(self, *options, **how):
        environment = support.recorder_environment()
        return subprocess.Popen([support.interpreters()[0], "-m", "microlog", *map(str, options), "-c", PROGRAM],
                                cwd=self.root, env=environment, stdout=subprocess.DEVNULL, **how)

    def blocks(self, path):
        done = support.analyze("dump", "--table", "chunks", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.count("SAMP")

    def check(self, path):
        before = sum(file.stat().st_size for file in self.root.glob(f"{path.name}*"))
        packed = self.root / "packed"
        done = support.analyze("pack", "-o", packed, path, sanitized=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(self.blocks(path), 3)
        self.assertEqual(self.blocks(packed), 1)
        self.assertEqual(content.of(packed), content.of(path))
        self.assertLess(packed.stat().st_size, before)

    def test_what_came_through_a_pipe(self):
        read, write = os.pipe()
        program = self.start("--pipe", write, pass_fds=(write,))
        os.close(write)
        path = self.root / "piped.mlog"
        with open(read, "rb") as file:
            path.write_bytes(file.read())
        self.assertEqual(program.wait(), 0)
        self.check(path)

    def test_what_a_killed_program_left(self):
        path = self.root / "killed.mlog"
        program = self.start("-o", path)
        time.sleep(6)
        program.send_signal(signal.SIGKILL)
        program.wait()
        self.check(path)


if __name__ == "__main__":
    unittest.main()
