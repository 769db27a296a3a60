"""The two runners tell the truth: about cases that fail, hang, crash, or check nothing."""

import os
import pathlib
import shutil
import sys
import time
import unittest

import support

CASES = """
#include "tests/unit/runner.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

ML_TEST(passes) { ML_CHECK(1); ML_CHECK_EQUAL(2, 2u); ML_CHECK_TEXT("a", "a"); puts("quiet"); }
ML_TEST(number) { ML_CHECK_EQUAL(-1, UINT64_MAX); }
ML_TEST(text) { ML_CHECK_TEXT("a", NULL); }
ML_TEST(condition) { ML_CHECK(1 == 2); }
ML_TEST(nothing) { puts("said"); }
ML_TEST(crash) { ML_CHECK(1); abort(); }
ML_TEST(leaves) { ML_CHECK(1); exit(7); }
"""

LINES = [
    "ok 1 - passes",
    "not ok 2 - number: a check failed",
    "number_is -1, not 18446744073709551615",
    "not ok 3 - text: a check failed",
    "not ok 4 - condition: a check failed",
    "does not hold: 1 == 2",
    "not ok 5 - nothing: no assertion",
    "#   said",
    "not ok 6 - crash: killed by signal 6",
    "not ok 7 - leaves: ended with exit code 7",
    "# 1 passed, 6 failed",
]


HANGING = """
#include "tests/unit/runner.h"
#include <sys/prctl.h>
#include <unistd.h>

ML_TEST(hangs)
{
    ML_CHECK(1);
    if (fork() == 0)
        prctl(PR_SET_NAME, "ml-hanging");
    for (;;)
        pause();
}

ML_TEST(goes_on) { ML_CHECK(1); }
"""


def process_states():
    """The stat lines of all processes; those that end meanwhile are left out."""
    for file in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            yield file.read_bytes()
        except OSError:
            pass


def living(name):
    """The states of the processes of that name that have not ended."""
    states = [text[text.rindex(b")") + 2:][:1] for text in process_states() if name in text]
    return [state for state in states if state not in (b"Z", b"X")]


class UnitRunner(support.Tree):

    def program(self, cases):
        return self.compile("test_cases", cases, "-D_GNU_SOURCE", f"-I{support.ROOT}",
                            support.ROOT / "tests/unit/runner.c")

    def test_every_way_to_fail_is_told(self):
        done = support.run([self.program(CASES)])
        self.assertEqual(done.returncode, 1)
        output = done.stdout.replace("-1 is -1", "number_is -1")
        for line in LINES:
            self.assertIn(line, output)
        self.assertNotIn("quiet", output)

    def test_a_pattern_chooses(self):
        program = self.program(CASES)
        self.assertEqual(support.run([program, "pass"]).returncode, 0)
        none = support.run([program, "no such case"])
        self.assertEqual(none.returncode, 1)
        self.assertIn("# 0 passed, 0 failed", none.stdout)

    def test_a_case_that_hangs_is_ended_and_what_it_started(self):
        done = support.run([self.program(HANGING)], env={**os.environ, "ML_TEST_SECONDS": "1"})
        self.assertIn("not ok 1 - hangs: still running after 1 s", done.stdout)
        self.assertIn("ok 2 - goes_on", done.stdout)
        # What was killed ends when the system gets round to it.
        deadline = time.monotonic() + 10
        while living(b"(ml-hanging)") and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(living(b"(ml-hanging)"), [])


class Suite(support.Tree):
    """A copy of the suite with test files of its own."""

    def suite(self, files, *options):
        for name in ("run.py", "support.py"):
            shutil.copy(support.ROOT / "tests" / name, self.write(f"tests/{name}", ""))
        for name, text in files.items():
            self.write(f"tests/{name}", text)
        done = support.run([sys.executable, self.root / "tests/run.py", *options])
        return done.returncode, done.stdout.splitlines()

    def unittest_file(self, body):
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        return f"import os, unittest, support\nclass Test(unittest.TestCase):\n{lines}"

    def test_counts(self):
        code, lines = self.suite({
            "a/test_a.py": self.unittest_file("def test_x(self): self.assertTrue(True)"),
            "b/test_b.py": self.unittest_file("def test_x(self): support.require('no-such-program')"),
        })
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))
        self.assertIn("no-such-program is not installed", lines[-2])
        self.assertTrue(lines[-2].startswith("SKIPPED"))

    def test_failures_are_failures(self):
        bodies = {
            "a failed assertion": "def test_x(self): self.assertTrue(False)",
            "an exception": "def test_x(self): raise OSError",
            "a failed subtest": "def test_x(self):\n  for n in 1, 2:\n"
                                "    with self.subTest(n): self.fail()",
            "the process ends": "def test_x(self): os._exit(0)",
            "no test in the file": "pass",
            "does not import": "import nothing_like_that",
        }
        for what, body in bodies.items():
            with self.subTest(what):
                code, lines = self.suite({"test_a.py": self.unittest_file(body)})
                self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"), lines)

    def test_what_the_machine_may_spoil_runs_once_more(self):
        failing = self.unittest_file("def test_never(self): self.fail()\n"
                                     "def test_second(self):\n"
                                     "    ran = os.path.exists('ran')\n"
                                     "    open('ran', 'w').close()\n"
                                     "    self.assertTrue(ran)\n"
                                     "def test_x(self): pass")
        code, lines = self.suite({"test_a.py": failing + "UNSTEADY = 'neighbours'\n"})
        self.assertEqual((code, lines[-1]), (1, "2 passed, 1 failed, 0 skipped"))
        told = [line for line in lines if line.startswith("UNSTEADY")]
        self.assertEqual(told, ["UNSTEADY test_a.Test.test_second: failed, and passed when it ran once more: neighbours"])
        self.assertEqual(lines[-2], "FAILED test_a.Test.test_never: AssertionError: None")
        self.assertFalse([line for line in lines if line.startswith("FAILED test_a.Test.test_second")])
        (self.root / "ran").unlink()
        code, lines = self.suite({"test_a.py": failing})
        self.assertEqual((code, lines[-1]), (1, "1 passed, 2 failed, 0 skipped"))

    def test_what_a_class_needs_is_made_once_more_with_its_tests(self):
        body = ("@classmethod\ndef setUpClass(cls):\n"
                "    ran = os.path.exists('ran')\n"
                "    open('ran', 'w').close()\n"
                "    assert ran\n"
                "def test_x(self): %s")
        for what, last in ("pass", "1 passed, 0 failed, 0 skipped"), ("self.fail()", "0 passed, 1 failed, 0 skipped"):
            code, lines = self.suite({"test_a.py": self.unittest_file(body % what) + "UNSTEADY = 'neighbours'\n"})
            self.assertEqual(lines[-1], last, lines)
            (self.root / "ran").unlink()

    def test_what_fails_while_the_host_takes_its_processors_away_is_skipped(self):
        stolen = "stolen_seconds = time.monotonic"
        body = "def test_x(self): self.assertEqual(1, 2)\ndef test_y(self): pass"
        for unsteady, last in ("", "1 passed, 1 failed, 0 skipped"), ("UNSTEADY = 'a'", "1 passed, 0 failed, 1 skipped"):
            code, lines = self.suite({"test_a.py": f"{self.unittest_file(body)}import time\nsupport.{stolen}\n{unsteady}\n"})
            self.assertEqual((code, lines[-1]), (int(not unsteady), last), lines)
        self.assertEqual(lines[-2], "SKIPPED test_a.Test.test_x: the host took 100% of a processor away meanwhile; "
                         "AssertionError: 1 != 2")

    def test_no_test_is_no_success(self):
        code, lines = self.suite({})
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed, 0 skipped"))

    def test_a_program_that_was_not_built_has_failed(self):
        code, lines = self.suite({"unit/test_a.c": ""}, "--unit", "--build",
                                 self.root / "build")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_program_without_a_true_count_has_failed(self):
        program = self.write("build/tests/test_a",
                             "#!/bin/sh\necho 'ok 1 - a'\necho '# 2 passed, 0 failed'\n")
        program.chmod(0o755)
        code, lines = self.suite({"unit/test_a.c": ""}, "--unit", "--build",
                                 self.root / "build")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_quick_is_the_quick_files(self):
        passing = self.unittest_file("def test_x(self): self.assertTrue(True)")
        files = {"a/test_quick_a.py": passing, "a/test_slow.py": passing}
        self.assertEqual(self.suite(files, "--quick")[1][-1], "1 passed, 0 failed, 0 skipped")
        self.assertEqual(self.suite(files)[1][-1], "2 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
