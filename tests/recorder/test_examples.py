"""The examples that come with the recorder: what a recording says of each is what others count.

The others are strace, `-X importtime`, cProfile, tracemalloc, /proc, and what the program prints.
"""

import collections
import json
import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

UNSTEADY = "shares of CPU time are measured in two runs of a program, minutes of other work apart"

PIPE, SOCKET = 3, 4
OPENING = "openat,open,socket,socketpair,pipe,pipe2,accept,accept4"
# A run that says in its system calls where the program begins and ends.
BETWEEN = ("import os, runpy, sys\nos.access('/the-program-begins', 0)\n"
           "runpy.run_path(sys.argv[1], run_name='__main__')\nos.access('/the-program-ends', 0)\n")


def examples(interpreter):
    return pathlib.Path(interpreters.environment(interpreter)["PYTHONPATH"].split(":")[0]) / "microlog" / "examples"


class Examples(support.Tree):
    def setUp(self):
        super().setUp()
        self.interpreter = interpreters.default()
        self.folder = examples(self.interpreter)

    def run_bare(self, name, *options):
        command = [self.interpreter.path, *options, self.folder / f"{name}.py"]
        done = support.run(command, cwd=self.root, env=interpreters.environment(self.interpreter))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def record(self, name):
        path = self.root / f"{name}.mlog"
        done = support.run([self.interpreter.path, "-m", "microlog", "-o", path, "--rate", "1000", self.folder / f"{name}.py"],
                           cwd=self.root, env=interpreters.environment(self.interpreter))
        self.assertEqual(done.returncode, 0, done.stderr)
        return truth.Recording(path), done

    def events(self, recording, kind):
        return [event for event in recording.events if event["kind"] == kind]

    def names(self, recording, event):
        return [frame.name for frame in recording.stack(event["node"])]


class Calls(Examples):
    def shares_of_cpu(self, recording):
        used = collections.Counter()
        for run in recording.runs:
            names = {frame.name for frame in recording.stack(run.node)}
            for function in ("parse", "sort", "describe"):
                used[function] += run.cpu_ns * (function in names)
        return {function: cpu / sum(used.values()) for function, cpu in used.items()}

    def test_shares_are_those_of_the_profiler(self):
        program = ("import cProfile, json, pstats, runpy, sys, time\nprofile = cProfile.Profile(time.process_time)\n"
                   "profile.runcall(runpy.run_path, sys.argv[1])\n"
                   "print(json.dumps({key[2]: value[2] for key, value in pstats.Stats(profile).stats.items()}))")
        said = support.run([self.interpreter.path, "-c", program, self.folder / "calls.py"]).stdout
        times = json.loads(said.splitlines()[-1])
        whole = sum(times[name] for name in ("parse", "sort", "describe"))
        seen = self.shares_of_cpu(self.record("calls")[0])
        for function, share in seen.items():
            self.assertAlmostEqual(share, times[function] / whole, delta=0.05, msg=(seen, times))


class Growth(Examples):
    def test_type_and_place_are_those_of_tracemalloc(self):
        program = ("import runpy, sys, tracemalloc\ntracemalloc.start(3)\nmodule = runpy.run_path(sys.argv[1])\n"
                   "sites = tracemalloc.take_snapshot().statistics('lineno')\n"
                   "sites = [site for site in sites if 'growth.py' in str(site.traceback)]\n"
                   "print(sites[0].traceback[0].lineno)\n")
        line = int(support.run([self.interpreter.path, "-c", program, self.folder / "growth.py"]).stdout.splitlines()[-1])
        recording, done = self.record("growth")
        sessions = int(re.match(r"(\d+) sessions", done.stdout)[1])
        counted = [event["fields"]["count"] for event in self.events(recording, "heap.type")
                   if event["fields"]["type"].endswith("Session")]
        self.assertLessEqual(counted[-1], sessions + 500)
        self.assertGreater(counted[-1], 0.6 * sessions)
        grown = [event for event in self.events(recording, "heap.growth")
                 if any(frame.file.endswith("growth.py") for frame in recording.stack(event["node"]))]
        stacks = [self.names(recording, event) for event in grown]
        self.assertTrue(any({"__init__", "start_session"} <= set(names) for names in stacks), stacks)
        self.assertIn("self.", (self.folder / "growth.py").read_text().splitlines()[line - 1])  # of Session.__init__

    def test_memory_is_that_of_the_system(self):
        recording, _ = self.record("growth")
        program = ("import runpy, sys\nrunpy.run_path(sys.argv[1])\n"
                   "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))\n")
        bare = int(support.run([self.interpreter.path, "-c", program, self.folder / "growth.py"]).stdout.splitlines()[-1]) * 1024
        first, *_, last = [event["fields"]["rss"] for event in self.events(recording, "sys.status")]
        self.assertGreater(last, first)
        self.assertLess(abs(last - bare), 0.5 * bare, (first, last, bare))


class Descriptors(Examples):
    def calls_of_the_system(self):
        strace = support.require("strace")
        trace = self.root / "trace"
        if support.run([strace, "-f", "-o", trace, "true"]).returncode != 0:
            self.skipTest("strace may not trace here")
        script = self.write("between.py", BETWEEN)
        done = support.run([strace, "-f", "-y", "-o", trace, "-e", f"trace={OPENING},access,faccessat,faccessat2",
                            self.interpreter.path, "-S", script, self.folder / "descriptors.py"])
        self.assertEqual(done.returncode, 0, done.stderr)
        text = trace.read_text()
        begin, end = text.index("the-program-begins"), text.index("the-program-ends")
        turns, kept = map(int, re.match(r"(\d+) turns, (\d+) forgotten", done.stdout).groups())
        return text[begin:end], turns, kept

    def test_what_the_system_was_asked_for_is_in_the_recording(self):
        text, turns, _ = self.calls_of_the_system()
        # What one turn asks for, as the system saw it; the listener and the report itself were made before the first.
        sockets = len(re.findall(r"(?:socket|accept4?)\(.*= \d", text)) + 2 * len(re.findall(r"socketpair\(.*= 0", text))
        asked = {"report": (len(re.findall(r'openat\(.*report\.txt".*= \d', text)) - 1) / turns, "socket": (sockets - 1) / turns,
                 "pipe": 2 * len(re.findall(r"pipe2?\(.*= 0", text)) / turns}
        recording, done = self.record("descriptors")
        turns = int(re.match(r"(\d+) turns", done.stdout)[1])
        found = collections.Counter()
        for event in recording.events:
            if event["kind"] not in ("fd.open", "fd.brief"):
                continue
            fields, names = event["fields"], self.names(recording, event)
            times = fields.get("count", 1)
            if fields["label"].endswith("report.txt") and "open_by_number" not in names:
                found["report"] += times
            elif fields["what"] == SOCKET:
                found["socket"] += times
            elif fields["what"] == PIPE and "talk_to_itself" in names:
                found["pipe"] += times
        expected = {"report": (asked["report"] - 1) * turns + 1, "socket": asked["socket"] * turns + 1, "pipe": asked["pipe"] * turns}
        self.assertEqual(dict(found), expected, (turns, asked))

    def test_what_is_forgotten_is_what_stays_open(self):
        recording, done = self.record("descriptors")
        kept = int(re.search(r"(\d+) forgotten", done.stdout)[1])
        still = {}
        for event in recording.events:
            if event["kind"] == "fd.open" and not event["fields"]["inherited"]:
                still[event["fields"]["number"]] = self.names(recording, event)
            elif event["kind"] == "fd.close":
                still.pop(event["fields"]["number"], None)
        forgotten = [names for names in still.values() if "read_report" in names or "greet" in names]
        self.assertEqual(len(forgotten), kept)


class Imports(Examples):
    def test_modules_are_those_of_importtime(self):
        told = self.run_bare("imports", "-X", "importtime").stderr
        listed = [line.rsplit("|", 1)[1].strip() for line in told.splitlines()[1:] if line.startswith("import time:")]
        recording, _ = self.record("imports")
        seen = [event["fields"]["module"] for event in self.events(recording, "py.import")]
        late = listed[listed.index("site") + 1:] if "site" in listed else listed
        self.assertGreater(len(late), 20)
        ours = {"microlog", "runpy"}
        missing = [name for name in late if name not in seen and name.partition(".")[0] not in ours]
        # What the recorder itself needed was there before the program asked for it.
        self.assertLess(len(missing), len(late) / 3, missing)
        for name in ("sqlite3", "unittest.mock", "unittest", "asyncio"):
            self.assertIn(name, seen)
        self.assertEqual([name for name in seen if name not in listed], [])


class Waiting(Examples):
    def test_cpu_of_threads_is_that_of_the_system(self):
        recording, _ = self.record("waiting")
        used = collections.Counter()
        for run in recording.runs:
            used[recording.threads[run.thread]["name"]] += run.cpu_ns / 1e9
        self.assertGreater(used["computer"], 10 * (used["clerk"] + used["sleeper"]), used)
        whole = max(event["fields"]["cpu_user"] + event["fields"]["cpu_system"]
                    for event in self.events(recording, "sys.status")) / 1e6
        self.assertLess(sum(used.values()), whole * 1.1 + 0.1, (used, whole))

    def test_the_lock_is_what_the_customer_waits_for(self):
        recording, _ = self.record("waiting")
        ticks = collections.Counter()
        for run in recording.runs:
            if recording.threads[run.thread]["name"] == "customer":
                ticks[run.state & 15] += run.ticks
        self.assertGreater(max(ticks.values()), 0.8 * sum(ticks.values()), ticks)


class Errors(Examples):
    def test_messages_are_those_on_stderr(self):
        recording, done = self.record("errors")
        levels = collections.Counter(line.split()[0] for line in done.stderr.splitlines()
                                     if re.match(r"(INFO|ERROR) shop ", line))
        logged = collections.Counter(event["fields"]["level"] for event in self.events(recording, "py.log"))
        self.assertEqual(sorted(levels.values()), sorted(logged.values()), (levels, logged))
        died = [event["fields"] for event in self.events(recording, "py.exception")]
        self.assertEqual(len(died), done.stderr.count("Exception in thread van"), died)
        warned = len(re.findall(r"DeprecationWarning: old_price is old", done.stderr))
        self.assertEqual(sum(event["kind"] == "py.warning" for event in recording.events), warned)


class Listing(Examples):
    def test_every_example_is_listed_with_what_it_is(self):
        done = support.run([self.interpreter.path, "-m", "microlog", "examples"], env=interpreters.environment(self.interpreter))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for path in sorted((support.ROOT / "recorder/examples").glob("*.py")):
            self.assertRegex(done.stdout, rf"(?m)^  {path.name} +[A-Z].*[.]$")
        command = re.search(r"-m microlog (\S+)", done.stdout)[1]
        self.assertTrue(os.path.exists(command))
        self.assertLessEqual(max(map(len, done.stdout.splitlines()[:-4])), 110)


if __name__ == "__main__":
    unittest.main()
