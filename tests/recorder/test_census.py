"""The census of objects by type against the program's own count, and the stacks that make the heap grow."""

import json
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

UNSTEADY = "how many censuses a second holds depends on what else runs"

SECONDS, PER_TURN = 3.5, 20
LEAST = 8192  # bytes of change that are written
COST_SHARE = 1000  # a count takes at most this part of the time until the next one


class Census(unittest.TestCase):
    def record(self, interpreter, seconds, per_turn, *words, method=None):
        recording, said = truth.record(interpreter, "growing", str(seconds), str(per_turn), *words, method=method, rate=100)
        self.types = {}
        for event in self.events(recording, "heap.type"):
            self.types.setdefault(event["fields"]["type"], []).append(event["fields"])
        return recording, json.loads(said.splitlines()[-1])

    def events(self, recording, kind):
        return [event for event in recording.events if event["kind"] == kind]

    def last(self, name):
        return self.types[name][-1]

    def unwritten(self, name):
        """By how many objects a type may change before it is written again."""
        last = self.last(name)
        return max(LEAST * last["count"] / last["bytes"], last["count"] / 128)

    def hold(self, interpreter, method=None):
        recording, said = self.record(interpreter, SECONDS, PER_TURN, method=method)
        totals = [event["fields"] for event in self.events(recording, "heap.census")]
        self.assertGreaterEqual(len(totals), 2)
        times = [event["time_ns"] for event in self.events(recording, "heap.census")][:-1]  # the last is that of the end
        self.assertGreater(min([b - a for a, b in zip(times, times[1:])] or [1e9]), 0.9e9)
        kept = self.last("__main__.Kept")
        self.assertAlmostEqual(kept["count"], said["Kept"], delta=self.unwritten("__main__.Kept"))
        self.assertLessEqual(kept["count"], said["Kept"])
        self.assertEqual(self.last("__main__.Outer.Inner")["count"], 3000)
        self.assertEqual(self.last("__main__.Outer.Inner")["bytes"] % 3000, 0)
        # Known to the collector, but the last of them was written before the last ones came, or is the interpreter's own.
        self.assertAlmostEqual(self.last("list")["count"], said["list"], delta=60 + said["list"] / 10)
        self.assertAlmostEqual(self.last("function")["count"], said["function"], delta=60 + said["function"] / 50)
        # Not known to it: counted in the list that keeps them.
        self.assertAlmostEqual(self.last("bytes")["count"], said["bytes"], delta=said["bytes"] / 4 + 1500)
        self.assertGreater(self.last("bytes")["bytes"], 1000 * said["bytes"])
        self.assertGreater(totals[-1]["heap_objects"], said["objects"])
        self.assertGreater(totals[-1]["heap_bytes"], sum(rows[-1]["bytes"] for rows in self.types.values()) / 2)
        self.hold_cost(times, totals)

    def hold_cost(self, times, totals):
        """Nobody knows what a count will take, so it is paid for afterwards."""
        spent = [0] + [fields["heap_cost"] * 1000 for fields in totals]
        for count, (begin, end) in enumerate(zip(times, times[1:])):
            took = spent[count + 1] - spent[count]
            self.assertGreater(end - begin, 0.98 * COST_SHARE * took, (times, totals))

    def hold_beside(self, interpreter):
        """Objects are counted while the main thread waits for the one that makes them."""
        recording, _ = self.record(interpreter, SECONDS, PER_TURN, "beside")
        times = [event["time_ns"] / 1e9 for event in self.events(recording, "heap.census")]
        self.assertLess(times[0], SECONDS, times)  # it waits so long at least

    def hold_growth(self, interpreter, method=None):
        """Small objects by the thousand: every piece of memory that is mapped for them was wanted by those who make them."""
        recording, said = self.record(interpreter, 2, 600, method=method)
        self.assertNotEqual(recording.method, "gil")
        grown = self.events(recording, "heap.growth")
        own = sum(event["fields"]["bytes"] for event in grown
                  if "keep" in [frame.name for frame in recording.stack(event["node"])])
        everything = sum(event["fields"]["bytes"] for event in grown)
        self.assertGreater(everything, said["Kept"] * 100)
        self.assertGreater(own, 0.8 * everything)
        lines = {frame.line for event in grown for frame in recording.stack(event["node"]) if frame.name == "keep"}
        self.assertEqual(lines - set(range(27, 31)), set())

    def hold_holders(self, interpreter):
        """Who holds what grows is said at the end, up to a module, a class or a function."""
        recording, _ = truth.record(interpreter, "holders", "18", rate=100)
        held = {event["fields"]["type"].rpartition(".")[2]: event["fields"] for event in self.events(recording, "heap.chain")}
        self.assertRegex(held["Line"]["holder"], r"^list in cell in tuple\[0\] in function closure.<locals>.add \(/.*/holders.py:\d+\)$")
        self.assertRegex(held["Item"]["holder"], r"^list in dict\['registry'\] in class __main__.Application$")
        self.assertRegex(held["Session"]["holder"] if "Session" in held else held["list"]["holder"],
                         r"dict in (dict\['sessions'\] in )?__main__.Application in application of module __main__ \(/.*/holders.py:1\)$")
        self.assertGreater(held["Line"]["count"], 2000)

    def hold_forgotten(self, interpreter):
        """Also where the collector of cycles does not know what holds it."""
        recording, _ = truth.record(interpreter, "forgotten", "12", rate=100)
        held = {event["fields"]["type"]: event["fields"] for event in self.events(recording, "heap.chain")}
        self.assertRegex(held["str"]["holder"], r"^dict in (dict\['by'\] in )?notes of module __main__ \(/.*/forgotten.py:1\)$")
        self.assertGreater(held["str"]["count"], 500)
        told = [event["fields"]["bytes"] for event in self.events(recording, "heap.type") if event["fields"]["type"] == "str"]
        self.assertGreater(told[-1] - told[0], 1_000_000)
        self.check_place(recording)

    def hold_owner(self, interpreter):
        """What one holds is not taken for what four hold, until it is known for a holder: it would seem to become less."""
        recording, said = truth.record(interpreter, "owner", "6", rate=100)
        told = [event["fields"]["bytes"] for event in self.events(recording, "heap.type") if event["fields"]["type"] == "str"]
        self.assertLess(max(told), 2 * int(said), told)

    def check_place(self, recording):
        """memleak names the file, and who holds what grows."""
        out = recording.path.with_suffix(".json")
        done = support.analyze(recording.path, "--plugins", "memleak", "--format", "json", "-o", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        document, = json.loads(out.read_text())["documents"]
        found = next(block for block in document["blocks"] if block.get("rule", "").startswith("memleak/"))
        self.assertTrue(found["locations"][0]["file"].endswith("forgotten.py"), found)
        self.assertIn("notes of module __main__", " ".join(found["evidence"]), found)

    def hold_allocations(self, interpreter):
        """On request the lines that allocate what stays are told after each census, ours not among them."""
        recording, said = truth.record(interpreter, "growing", "3", "20", rate=100, MICROLOG_ALLOCATIONS="on")
        said = json.loads(said.splitlines()[-1])
        sites = [event["fields"] for event in self.events(recording, "heap.site")]
        own = [site for site in sites if site["file"].endswith("growing.py") and site["line"] == 30]
        self.assertAlmostEqual(own[-1]["count"], said["bytes"], delta=10)
        self.assertGreater(own[-1]["bytes"], 1000 * said["bytes"])
        self.assertLess(own[0]["bytes"], own[-1]["bytes"])
        self.assertEqual([site for site in sites if "/microlog/" in site["file"]], [])


def add_tests():
    for interpreter in interpreters.spread():
        truth.add_test(Census, "counts", interpreter, Census.hold)
        truth.add_test(Census, "beside", interpreter, Census.hold_beside)
        truth.add_test(Census, "holders", interpreter, Census.hold_holders)
        truth.add_test(Census, "forgotten", interpreter, Census.hold_forgotten)
        truth.add_test(Census, "owner", interpreter, Census.hold_owner)
        if not interpreter.free_threaded:
            truth.add_test(Census, "growth", interpreter, Census.hold_growth)
    truth.add_test(Census, "allocations", interpreters.default(), Census.hold_allocations)
    truth.add_test(Census, "counts_by_gil", interpreters.default(), Census.hold, "gil")
    truth.add_test(Census, "growth_by_syscall", interpreters.default(), Census.hold_growth, "syscall")


add_tests()


if __name__ == "__main__":
    unittest.main()
