"""What the recorder leaves out so as not to cost the program too much: told, and not taken for ticks that were missed."""

import json
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

RATE = 5000
SECONDS = 4  # readings are looked at after two


class Budget(unittest.TestCase):
    def record(self, budget):
        """The recording of a program whose stack is nearly always another one; its cost; what the recorder said."""
        interpreter = interpreters.default()
        folder = tempfile.TemporaryDirectory(prefix="microlog-budget-")
        self.addCleanup(folder.cleanup)
        recording, _ = truth.record(interpreter, "recursion", str(SECONDS), "0", rate=RATE, folder=folder.name,
                                    MICROLOG_BUDGET=budget)
        if recording.method != "direct":
            self.skipTest(f"stacks are not read in place: {recording.reason}")
        costs = [event["fields"] for event in recording.events if event["kind"] == "rec.cost"]
        said = [event["fields"]["text"] for event in recording.events if event["kind"] == "mark"]
        return recording, costs[-1], [text for text in said if "of the time that it may" in text]

    def analyzed(self, recording):
        done = subprocess.run([support.build() / "bin" / "microlog-analyze", recording.path, "--plugins", "none",
                               "--format", "json", "-o", "-", "-q"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["recording"]

    def test_reading_too_dear_makes_looks_rarer(self):
        recording, cost, said = self.record("on")
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], r"it looks at every (2|4|8|16|32|64)\. tick from here on$")
        self.assertGreater(cost["left"], 100)

        run = self.analyzed(recording)
        slots = run["duration_ns"] // recording.period_ns
        behind_the_end = 64  # those up to the next look
        self.assertLessEqual(run["ticks"] + run["ticks_missed"], slots - cost["left"] + behind_the_end, (run, cost))

    def test_without_a_budget_nothing_is_left_out(self):
        _, cost, said = self.record("off")
        self.assertEqual((cost["left"], said), (0, []))


if __name__ == "__main__":
    unittest.main()
