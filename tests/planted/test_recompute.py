"""What findings say is counted again from the dump, by another program."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from planted import pairs, recompute  # noqa: E402
from tests import interpreters  # noqa: E402

PROGRAMS = "pipes_left_open", "swallowed_exceptions", "lock_around_waiting", "stall_every_tenth"
MUST = {"fdleak/never-closed", "logs/errors"}  # however busy the machine is


class Recompute(unittest.TestCase):
    def test_numbers_of_findings_are_what_the_dump_says(self):
        chosen = [pair for pair in pairs.load() if pair.program in PROGRAMS]
        interpreter, counted = interpreters.default(), set()
        with tempfile.TemporaryDirectory(prefix="microlog-recompute-") as folder:
            for pair in chosen:
                path = pathlib.Path(folder) / f"{pair.program}.mlog"
                pairs.record(pair, "planted", interpreter, path, [])
                for finding, checks in recompute.recompute(path):
                    counted |= {finding["rule"]} if checks else set()
                    for check in checks or ():
                        with self.subTest(program=pair.program, rule=finding["rule"], what=check.what):
                            self.assertEqual(check.said, check.counted, finding["message"])
        self.assertEqual(len(chosen), len(PROGRAMS))
        self.assertLessEqual(MUST, counted)

    def test_a_wrong_number_is_found(self):
        close = recompute.close
        for text, value, right in (("1.67 s", 1.674e9, True), ("1.67 s", 1.68e9, False), ("300 ms", 3.004e8, True),
                                   ("300 ms", 3.01e8, False), ("52.5 MB", 52.54e6, True), ("52.5 MB", 52.6e6, False)):
            check = close("what", text, value)
            self.assertEqual(check.said == check.counted, right, (text, value))


if __name__ == "__main__":
    unittest.main()
