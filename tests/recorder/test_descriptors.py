"""Descriptors in a recording against what the program did: how many, by whom, when, and what is open at the end."""

import collections
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

UNSTEADY = "what is open for a moment is seen or not by the clock"

FILE, SOCKET, ANONYMOUS = 1, 4, 6
# Which function opens how many in a turn, and of what kind.
OPENED = {"read_a_file": (1, FILE), "talk": (2, SOCKET), "make_temporary": (1, FILE), "drop_a_file": (1, FILE),
          "drop_a_socket": (1, SOCKET), "wait_for_events": (1, ANONYMOUS)}


class Descriptors(unittest.TestCase):
    def record(self, interpreter, seconds, method=None):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="microlog-descriptors-"))
        recording, said = truth.record(interpreter, "descriptors", str(seconds), method=method, rate=200, folder=folder,
                                       TMPDIR=str(folder))
        return recording, json.loads(said.splitlines()[-1])

    def openers(self, recording, event):
        return [frame.name for frame in recording.stack(event["node"])]

    def hold(self, interpreter, method=None):
        recording, said = self.record(interpreter, 1.5, method)
        counted, kept = collections.Counter(), []
        still = {}
        for event in recording.events:
            fields, names = event["fields"], self.openers(recording, event)
            mine = [name for name in OPENED if name in names]
            if event["kind"] == "fd.brief" and mine:
                self.assertEqual(fields["what"], OPENED[mine[0]][1])
                self.assertLessEqual(fields["span"], 8000)
                counted[mine[0]] += fields["count"]
            elif event["kind"] == "fd.open":
                counted.update(mine)
                self.assertNotIn(fields["number"], still)
                still[fields["number"]] = event
                if "keep_a_file" in names:
                    kept.append(event)
            elif event["kind"] == "fd.close":
                self.assertIn(fields["number"], still)
                del still[fields["number"]]
        self.assertEqual(dict(counted), {name: count * said["turns"] for name, (count, _) in OPENED.items()})
        self.assertEqual(len(kept), len(said["stays"]))
        left = [e for e in still.values() if not e["fields"]["inherited"]]
        self.assertEqual(sorted(e["fields"]["number"] for e in left), sorted(e["fields"]["number"] for e in kept))
        self.hold_times(recording, kept, said["stays"])

    def hold_times(self, recording, kept, stays):
        """What was held back for a second has the time at which it was opened."""
        for event, when, first in zip(kept, stays, [stays[0]] * len(stays)):
            self.assertAlmostEqual((event["time_ns"] - kept[0]["time_ns"]) / 1e9, when - first, delta=0.02)

    def hold_size(self, interpreter):
        """Events of a turn are counted together: many turns make hardly more of them than few."""
        recording, said = self.record(interpreter, 3)
        events = [e for e in recording.events if e["kind"].startswith("fd.")]
        self.assertGreater(said["turns"], 60)
        inherited = sum(e["kind"] == "fd.open" and e["fields"]["inherited"] for e in events)
        self.assertLess(len(events) - inherited - len(said["stays"]), said["turns"])
        labels = [e["fields"]["label"] for e in events if e["kind"] == "fd.brief"]
        self.assertLess(sum("temporary" in label for label in labels), 12)

    def hold_sorts(self, interpreter):
        """What is open at the end is what the system says is open, each with the function that opened it."""
        recording, said = truth.record(interpreter, "openers", rate=200)
        said = json.loads(said.splitlines()[-1])
        still = {}
        for event in recording.events:
            if event["kind"] == "fd.open":
                still[event["fields"]["number"]] = event
            elif event["kind"] == "fd.close":
                still.pop(event["fields"]["number"], None)
        # Our own are above 200 where the system cannot give us a table of our own.
        self.assertEqual(sorted(number for number in still if number < 200),
                         sorted(int(number) for number in said["listing"] if int(number) < 200))
        for function, numbers in said["opened"].items():
            for number in numbers:
                self.assertIn(function, self.openers(recording, still[number]), number)
        self.hold_labels(still, said)

    def hold_labels(self, still, said):
        labels = {number: event["fields"]["label"] for number, event in still.items()}
        here, there = said["opened"]["by_connecting"]
        self.assertTrue(labels[said["opened"]["by_open"][0]].endswith("openers.py"))
        if "socket:" in said["listing"][str(here)] and labels[here]:
            self.assertEqual(labels[here], f"127.0.0.1:{said['from']} to 127.0.0.1:{said['to']}")
            self.assertEqual(labels[there], f"127.0.0.1:{said['to']} to 127.0.0.1:{said['from']}")
            self.assertIn(f"listening on 127.0.0.1:{said['listening']}", labels.values())
            self.assertEqual(labels[said["opened"]["by_socketpair"][0]], "unix")
        number, = said["opened"]["by_epoll"]
        self.assertEqual((labels[number], still[number]["fields"]["what"]), ("anon_inode:[eventpoll]", ANONYMOUS))


def add_tests():
    for interpreter in interpreters.find():
        truth.add_test(Descriptors, "all_are_counted", interpreter, Descriptors.hold)
        truth.add_test(Descriptors, "every_sort", interpreter, Descriptors.hold_sorts)
    truth.add_test(Descriptors, "all_are_counted_by_gil", interpreters.default(), Descriptors.hold, "gil")
    truth.add_test(Descriptors, "few_events_for_many", interpreters.default(), Descriptors.hold_size)


add_tests()


if __name__ == "__main__":
    unittest.main()
