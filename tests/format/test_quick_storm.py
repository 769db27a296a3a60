"""A writer that is killed at any moment, and readers that look while it writes."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import storms  # noqa: E402
import support  # noqa: E402


class Storm(support.Tree):
    def test_killed_it_loses_what_came_after_the_last_flush(self):
        most, least, found = storms.kills(self.root, times=25, flush=5, seal=40, size=64, longest=0.1)
        self.assertLessEqual(most, 5)
        self.assertGreaterEqual(least, -1)
        self.assertGreater(found, 100)

    def test_readers_never_see_a_gap(self):
        done = support.run([storms.storm(), "both", self.root / "run.mlog", self.root / "counter", "3", "11", "64",
                            "300"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(int(done.stdout), 20)


if __name__ == "__main__":
    unittest.main()
