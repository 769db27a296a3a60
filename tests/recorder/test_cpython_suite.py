"""Some modules of CPython's own test suite under the recorder; cpython_suite.py runs the rest, on every version."""

import pathlib
import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cpython_suite  # noqa: E402
from tests import interpreters, support  # noqa: E402

MODULES = "test_threading test_gc test_sys_settrace test_faulthandler test_exceptions".split()
RATE, RUNS = 500, 3


def made_run(**outcomes):
    return cpython_suite.Run({test: (outcome, "") for test, outcome in outcomes.items()}, 0)


class Suite(unittest.TestCase):
    def check(self, module):
        interpreter = interpreters.default()
        if not interpreter.tests:
            self.skipTest(f"{interpreter.path} comes without CPython's tests: sh install-deps.sh tests")
        verdict = cpython_suite.judge(interpreter, module, RATE, RUNS)
        self.assertEqual(verdict.counted, {})
        self.assertFalse(cpython_suite.is_missing(verdict.bare))
        self.assertGreater(len(verdict.bare.outcomes), 10)


def _test(module):
    return lambda self: self.check(module)


for _module in MODULES:
    setattr(Suite, _module, _test(_module))


class Comparison(support.Tree):
    """What the comparison itself notices."""

    def test_differences(self):
        bare = made_run(good="passed", left="skipped", bad="failed", gone="passed", worse="passed")
        recorded = made_run(good="passed", left="skipped", bad="failed", worse="failed", new="failed")
        self.assertEqual(set(cpython_suite.differences(bare, recorded)), {"gone", "worse", "new"})
        self.assertEqual(cpython_suite.differences(bare, bare), {})

    def test_a_bare_run_that_fails_speaks_for_the_test(self):
        runs = [made_run(shaky="passed"), made_run(shaky="failed")]
        self.assertTrue(cpython_suite.bad_bare(runs, "shaky"))
        self.assertFalse(cpython_suite.bad_bare(runs[:1], "shaky"))

    def test_the_first_bad_word_about_a_test_stands(self):
        lines = ['["a", "began", ""]', '["a", "failed", "why"]', '["a", "passed", ""]', '["b", "began", ""]']
        outcomes = cpython_suite.read_results(self.write("results", "\n".join(lines)))
        self.assertEqual(outcomes, {"a": ("failed", "why"), "b": ("failed", "never ended")})
        self.assertEqual(cpython_suite.read_results(self.root / "none"), {})

    def test_a_process_without_recording_is_a_fault(self):
        self.assertEqual(cpython_suite.recording_fault(self.root / "none"), "there is no recording")
        self.assertIn("no clean end", cpython_suite.recording_fault(self.write("run.mlog", "not one")))


if __name__ == "__main__":
    unittest.main()
