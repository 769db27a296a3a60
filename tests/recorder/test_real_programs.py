"""Real programs of the standard library show the same to the world, recorded or not; real_programs.py does so with packages,
too."""

import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters  # noqa: E402
from tests.recorder import real_programs, truth  # noqa: E402


class RealPrograms(unittest.TestCase):
    def hold(self, interpreter, name):
        differs, seen = real_programs.compare(name, interpreter, interpreter.path, 1000)
        self.assertEqual(differs, set(), seen)
        self.assertNotIn("differs anyway", seen)


for _name in ("dis", "printing", "calendar"):
    truth.add_test(RealPrograms, _name, interpreters.default(), RealPrograms.hold, _name)


class Comparison(unittest.TestCase):
    """The check itself must find a difference."""

    def test_of_what_is_printed(self):
        real_programs.PROGRAMS["notices"] = "{python} -c \"import sys; print('microlog' in sys.modules); sys.exit(3)\""
        self.addCleanup(real_programs.PROGRAMS.pop, "notices")
        interpreter = interpreters.default()
        differs, seen = real_programs.compare("notices", interpreter, interpreter.path, 100)
        self.assertEqual(differs, {"stdout"})
        self.assertEqual(seen.splitlines()[1:], ["    stdout, line 1, bare: b'False'", "    stdout, line 1, recorded: b'True'"])
        self.assertIn("exit 3", seen)


if __name__ == "__main__":
    unittest.main()
