"""Reading and writing recordings take as many instructions as was agreed."""

import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import format_counts  # noqa: E402
import support  # noqa: E402

TOLERANCE = 0.04


def agreed():
    lines = (HERE / "format_counts.txt").read_text().splitlines()
    compiler = re.search(r"Compiler: (\w+ \d+)", lines[0])[1]
    return compiler, {line.split()[0]: [float(word) for word in line.split()[1:]] for line in lines[2:]}


class Counts(unittest.TestCase):
    def test_instructions_are_as_agreed(self):
        support.require("valgrind")
        compiler, numbers = agreed()
        version = support.run(["cc", "-dumpfullversion"]).stdout.split(".")[0]
        if f"gcc {version}" != compiler:
            self.skipTest(f"the numbers are of {compiler}")
        counted = {name: values for name, *values in format_counts.count(support.build())}
        self.assertEqual(set(counted), set(numbers))
        for name, values in counted.items():
            for value, expected in zip(values, numbers[name]):
                with self.subTest(workload=name, expected=expected):
                    self.assertLess(abs(value - expected), TOLERANCE * expected)


if __name__ == "__main__":
    unittest.main()
