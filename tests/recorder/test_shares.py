"""Shares of time, and what threads wait for, held against what the program measured of itself in the same run.

The public interface sees a program only where it lets go of the GIL, so nothing is held against that method but that
the recording says so.
"""

import collections
import json
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters  # noqa: E402
from tests.recorder import truth  # noqa: E402

UNSTEADY = "shares of wall time are those of a machine that others use, too"

POINTS = {"direct": 0.03, "syscall": 0.06}
ATTEMPTS = 3
RUNNING, GIL_WAIT, LOCK, IO, SLEEP = 1, 2, 3, 4, 5
STATE, HOLDS_GIL, COLLECTING = 15, 16, 32
WAITING = {"lock": LOCK, "io": IO, "sleep": SLEEP}


def shares(amounts):
    whole = sum(amounts.values())
    return {name: amount / whole for name, amount in amounts.items()}


class Shares(unittest.TestCase):
    def record(self, interpreter, program, *arguments, rate=1000):
        recording, output = truth.record(interpreter, program, *arguments, rate=rate)
        if recording.method == "gil":
            self.skipTest(f"{interpreters.name(interpreter)} is read by gil, which is biased: {recording.reason}")
        return recording, output

    def part_of(self, recording, run, parts):
        """The first function from the root that is one of the parts."""
        names = [frame.name for frame in recording.stack(run.node)]
        return next((name for name in names if name in parts), None)

    def measure(self, interpreter, program, *arguments):
        """The largest distance between what was seen and what is true, how far it may be, and words."""
        recording, output = self.record(interpreter, program, *arguments)
        true = json.loads(output)
        seen = [collections.Counter(), collections.Counter()]
        for run in recording.runs:
            part = self.part_of(recording, run, true)
            seen[0][part] += run.ticks * recording.period_ns
            seen[1][part] += run.cpu_ns
        words, most = [recording.method], 0
        for index, what in enumerate(("wall", "CPU")):
            truly = shares({name: amounts[index] for name, amounts in true.items()})
            lost = seen[index].pop(None, 0) / sum(seen[index].values())
            had = shares(seen[index])
            words += [f"{what} {name}: {truly[name]:.3f} is seen as {had.get(name, 0):.3f}" for name in true]
            words.append(f"{what} of none of them: {lost:.3f}")
            # What a thread used before it went to sleep within a period is booked to the sleep.
            slack = POINTS[recording.method] if what == "CPU" else 0
            most = max(most, *(abs(had.get(name, 0) - truly[name]) - slack for name in true))
        return most, POINTS[recording.method], "; ".join(words)

    def hold(self, interpreter, program, *arguments):
        """A machine that is busy with something else makes ticks late; a bias is there every time."""
        for _ in range(ATTEMPTS):
            distance, limit, words = self.measure(interpreter, program, *arguments)
            if distance <= limit:
                break
        self.assertLessEqual(distance, limit, words)

    def hold_states(self, interpreter):
        for left in reversed(range(ATTEMPTS)):
            try:
                self.check_states(interpreter)
                break
            except AssertionError:
                if left == 0:
                    raise

    def check_states(self, interpreter):
        recording, _ = self.record(interpreter, "states", "1.2")
        states, holding = collections.defaultdict(collections.Counter), collections.Counter()
        for run in recording.runs:
            name = recording.threads[run.thread]["name"]
            states[name][run.state & STATE] += run.ticks
            holding[name] += run.ticks * bool(run.state & HOLDS_GIL)
        for name, seen in states.items():
            expected = WAITING.get(name.partition("-")[0])
            if expected:
                least = 0.5 if name.endswith("-short") else 0.75  # after each sleep it waits for the GIL
                self.assertGreater(seen[expected], least * sum(seen.values()), (name, states))
        whole = sum(states["spin-1"].values())
        for name in "spin-1", "spin-2":
            seen = states[name]
            self.assertGreater(seen[RUNNING] + seen[GIL_WAIT], 0.95 * sum(seen.values()), (name, states))
            self.assertGreater(seen[GIL_WAIT], 0.1 * sum(seen.values()), (name, states))
            self.assertGreater(holding[name], 0.1 * sum(seen.values()), (name, holding))
        self.assertLess(holding["spin-1"] + holding["spin-2"], 1.05 * whole, holding)
        self.assertGreater(states["hash"][RUNNING], 0.25 * whole, states)
        self.assertLess(holding["hash"], 0.25 * whole, holding)
        for name in states:
            if name.partition("-")[0] in WAITING:
                self.assertLess(holding[name], 0.05 * whole, (name, holding))

    def hold_kept_off(self, interpreter):
        """A thread that has a turn, and then no processor, does not wait for what it waited for before that turn."""
        recording, _ = self.record(interpreter, "kept_off", "5")
        states = collections.defaultdict(collections.Counter)
        for run in recording.runs:
            for name in {frame.name for frame in recording.stack(run.node)} & {"nap", "compute"}:
                states[name][run.state & STATE] += run.ticks
        self.assertGreater(states["nap"][SLEEP], 0)
        self.assertGreater(sum(states["compute"].values()), 50 * 5)  # it was kept off: 10 ms a round, else
        self.assertGreater(states["compute"][RUNNING], 0.95 * sum(states["compute"].values()), states)

    def hold_collecting(self, interpreter):
        recording, output = self.record(interpreter, "collecting", "1.2")
        truly = shares({name: wall for name, (wall, _) in json.loads(output).items()})
        ticks = collections.Counter()
        for run in recording.runs:
            part = self.part_of(recording, run, truly)
            ticks[part, bool(run.state & COLLECTING)] += run.ticks
        whole = sum(count for (part, _), count in ticks.items() if part)
        self.assertAlmostEqual(ticks["collecting", True] / whole, truly["collecting"], delta=0.06, msg=(ticks, truly))
        self.assertLess(ticks["working", True], 0.03 * whole, (ticks, truly))


def add_tests():
    found = interpreters.find()
    for interpreter in found:
        truth.add_test(Shares, "parts", interpreter, Shares.hold, "shares", "4", "7")
        truth.add_test(Shares, "states", interpreter, Shares.hold_states)
        truth.add_test(Shares, "kept_off", interpreter, Shares.hold_kept_off)
        truth.add_test(Shares, "garbage_collection", interpreter, Shares.hold_collecting)
    for interpreter in {interpreters.default(), found[-1]}:
        truth.add_test(Shares, "bursts", interpreter, Shares.hold, "bursty", "6")


add_tests()

if __name__ == "__main__":
    unittest.main()
