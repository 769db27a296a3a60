"""A recorder built for one micro version of CPython, loaded by another: their modules share a file name.

It either reads stacks as well as in its own version, or drops a layer and says so in the recording; it never
takes the program down.
"""

import collections
import itertools
import json
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402

DIRECT, SYSCALL, PUBLIC = 1, 2, 3

PROGRAM = """
import threading, time

def first(n):
    return sum(range(40)) if n == 0 else second(n - 1)

def second(n):
    return sum(each for each in generated(n))

def generated(n):
    for each in range(5):
        yield each + first(n - 1 if n else 0)

def deep(n):
    return first(2) if n == 0 else deep(n - 1)

def work():
    end = time.time() + 1.5
    while time.time() < end:
        deep(30)
        exec("def made(): return 1\\nmade()", {})

threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
work()
for thread in threads:
    thread.join()
"""

# name → what may have called it, and the words of the line on which the caller then stands
CALLERS = {"first": {"generated": "first(", "deep": "first("}, "second": {"first": "second("},
           "generated": {"second": "generated(", "second.<locals>.<genexpr>": "generated("},
           "second.<locals>.<genexpr>": {"second": "sum("},
           "deep": {"deep": "deep(", "work": "deep("}}


def pairs():
    """(built for, runs in) among versions that differ in their micro number only."""
    return [(one, other) for one, other in itertools.permutations(interpreters.everything(), 2)
            if one.version[:2] == other.version[:2] and one.free_threaded == other.free_threaded
            and one.version != other.version]


class MicroVersions(support.Tree):
    def dump(self, path):
        records = collections.defaultdict(list)
        done = support.analyze("dump", "--format", "ndjson", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stdout.splitlines():
            entry = json.loads(line)
            records[entry["record"]].append(entry)
        return records

    def record(self, built_for, runs_in):
        """Records the program by the module built for another version; returns the dump."""
        output = self.root / f"{interpreters.name(built_for)}-{interpreters.name(runs_in)}.mlog"
        made = support.record(self.write("program.py", PROGRAM), output=output, rate=1000,
                              interpreter=runs_in.path, env=interpreters.environment(built_for))
        self.assertEqual((made.process.returncode, made.process.stderr), (0, ""))
        return self.dump(output)

    def check_says_how_it_reads(self, head, built_for, runs_in):
        method, reason = head["method"], head["method_reason"]
        self.assertEqual(head["hexversion"] >> 16, runs_in.version[0] << 8 | runs_in.version[1])
        if method in (DIRECT, SYSCALL):
            self.assertIn("self-check passed", reason)
        else:
            self.assertEqual(method, PUBLIC)
            self.assertIn(interpreters.name(built_for), reason)

    def check_stacks(self, records):
        """Every function of the program stands under one that calls it, which stands on the line of that call."""
        def place(node):
            frame = records["frame"][node["frame"]]
            return records["code"][frame["code"]]["name"], frame["line"]

        lines = PROGRAM.splitlines()
        under = [node for node in records["node"] if node["parent"] and place(node)[0] in CALLERS]
        self.assertGreater(len(under), 30)
        for node in under:
            name, line = place(node)
            caller, call = place(records["node"][node["parent"] - 1])
            self.assertIn(caller, CALLERS[name])
            self.assertIn(CALLERS[name][caller], lines[call - 1], (name, caller, call))
            self.assertTrue(lines[line - 1].strip(), (name, line))

    def test_each_in_the_other(self):
        tried = pairs()
        if not tried:
            self.skipTest("no two micro versions of one version of CPython are here (tests/interpreters.py lists them)")
        for built_for, runs_in in tried:
            with self.subTest(built_for=interpreters.name(built_for), runs_in=interpreters.name(runs_in)):
                records = self.record(built_for, runs_in)
                self.check_says_how_it_reads(records["head"][0], built_for, runs_in)
                self.check_stacks(records)


if __name__ == "__main__":
    unittest.main()
