"""Writers killed at 300 random moments, within large seals too; 1,000 readers in a storm of seals."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import storms  # noqa: E402
import support  # noqa: E402


class Storm(support.Tree):
    def test_300_kills(self):
        most, least, found = storms.kills(self.root, times=300, flush=5, seal=40, size=64, longest=0.1)
        self.assertLessEqual(most, 5)
        self.assertGreaterEqual(least, -1)
        self.assertGreater(found, 1500)

    def test_kills_within_large_writes(self):
        most, least, found = storms.kills(self.root, times=60, flush=20, seal=100, size=60000, longest=0.3)
        self.assertLessEqual(most, 20)
        self.assertGreaterEqual(least, -1)
        self.assertGreater(found, 1200)

    def test_1000_readers(self):
        for i in range(10):
            folder = self.root / str(i)
            folder.mkdir()
            done = support.run([storms.storm(), "both", folder / "run.mlog", folder / "counter", "3", "11", "64", "100"])
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(int(done.stdout), 10)


if __name__ == "__main__":
    unittest.main()
