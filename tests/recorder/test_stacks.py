"""Every stack of a recording is one that the program can have had, on every interpreter and by every method.

A moderate number of samples of each program in programs/; tests/recorder/storm.py does the same for as many as
wanted. A method that reads a running thread without any hold on it may be fooled; how often is in LIMITS.
"""

import sys
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import interpreters, support  # noqa: E402
from tests.recorder import truth  # noqa: E402

PROGRAMS = ("flutter", "generators", "recursion", "leaves", "coroutines", "tasks")
SECONDS, DEPTHS = 0.7, "0,5,60"

# Share of stacks that are impossible or lack their root; share not read or not named; stacks below which a run proves
# nothing.
LIMITS = {"direct": (0, 0.4, 300), "syscall": (0, 0.6, 40), "gil": (0, 0, 20)}
NAMES_LEAST = 60
ATTEMPTS = 5  # runs are added up until they prove something; one that shows a fault ends it


class Stacks(unittest.TestCase):
    def record(self, interpreter, program, *arguments, method=None):
        recording, _ = truth.record(interpreter, program, str(SECONDS), *arguments, method=method)
        if method and recording.method != method:
            self.skipTest(f"{interpreters.name(interpreter)} is read by {recording.method}: {recording.reason}")
        return recording

    def gather(self, look):
        """Looks at recordings until enough stacks are right and one recording is complete enough, as its look tells."""
        host, right, wanting = support.HostWatch(), 0, []
        for _ in range(ATTEMPTS):
            result, least, words = look()
            right += result.counts["right"]
            wanting.append(words)
            if right > least and "" in wanting:
                return
        if host.excuse():
            self.skipTest(f"{host.excuse()}; {right} stacks are right, {wanting}")
        self.assertGreater(right, least, wanting)
        self.assertIn("", wanting)

    def look(self, interpreter, program, method):
        """Records once. Returns the counts, how many right stacks prove something, and words if too little is whole."""
        recording = self.record(interpreter, program, DEPTHS, method=method)
        result = truth.check(recording, truth.Program(truth.PROGRAMS / f"{program}.py"))
        faults, gaps, least = LIMITS[recording.method]
        seen = (recording.method, dict(result.counts), result.examples)
        self.assertEqual(result.faults("wrong name", "wrong line"), {}, seen)
        self.assertLessEqual(result.counts["impossible"] + result.counts["truncated"], faults * result.stacks, seen)
        whole = (result.counts["incomplete"] <= gaps * result.stacks
                 and result.counts["unnamed"] + result.counts["no line"] <= 0.01 * result.stacks
                 and result.counts["empty"] <= 20 + 0.01 * result.stacks)
        return result, least, "" if whole else f"too little is whole: {seen}"

    def hold(self, interpreter, program, method=None):
        self.gather(lambda: self.look(interpreter, program, method))

    def look_at_names(self, interpreter, kind, method):
        """Records once. Returns the counts, how many right names prove something, and words if too few have names."""
        recording = self.record(interpreter, "generated", kind, method=method)
        result = truth.check_made(recording, kind == "varying")
        seen = (recording.method, dict(result.counts), result.examples)
        self.assertEqual(result.faults("wrong name"), {}, seen)
        return result, NAMES_LEAST, "" if result.counts["unnamed"] < result.stacks / 2 else f"too few have names: {seen}"

    def hold_names(self, interpreter, kind, method=None):
        self.gather(lambda: self.look_at_names(interpreter, kind, method))


def add_tests():
    """A test for each program and interpreter, so that one which fails names both."""
    for interpreter in interpreters.find():
        for program in PROGRAMS:
            truth.add_test(Stacks, program, interpreter, Stacks.hold, program)
        for kind in ("equal", "varying"):
            truth.add_test(Stacks, f"names_with_{kind}_lines", interpreter, Stacks.hold_names, kind)
        truth.add_test(Stacks, "generators_by_syscall", interpreter, Stacks.hold, "generators", "syscall")
        truth.add_test(Stacks, "flutter_by_gil", interpreter, Stacks.hold, "flutter", "gil")


add_tests()


class Checker(unittest.TestCase):
    """The check itself must find what is wrong."""

    CHAIN = ("<module>", "at_depths", "descend", "work", "a1", "a2", "a3")

    def setUp(self):
        self.program = truth.Program(truth.PROGRAMS / "flutter.py")

    def frame(self, name, calls=None):
        """A frame of a function, in its last line or in the one which calls `calls`."""
        file, _ = next(key for key in self.program.functions if key[1] == name)
        first, last = self.program.functions[file, name]
        lines = [line for line in range(first, last + 1) if calls in self.program.calls[file, line]]
        return truth.Frame(file, name, first, lines[-1] if lines else last, False)

    def right(self):
        return tuple(map(self.frame, self.CHAIN, (*self.CHAIN[1:], None)))

    def kind(self, stack):
        return truth.classify(self.program, stack)[0]

    def test_the_right_stack_is_right_and_so_is_each_of_its_root_parts(self):
        for count in range(1, len(self.right()) + 1):
            self.assertEqual(truth.classify(self.program, self.right()[:count]), ("right", ""))

    def test_what_is_wrong_is_found(self):
        right = self.right()
        self.assertEqual(self.kind(right[1:]), "truncated")
        self.assertEqual(self.kind(right[:4] + right[5:]), "impossible")
        self.assertEqual(self.kind(right[:5] + (self.frame("b2"),)), "impossible")
        self.assertEqual(self.kind(right[:6] + (right[6]._replace(line=1),)), "wrong line")
        self.assertEqual(self.kind(right[:6] + (right[6]._replace(line=0),)), "no line")
        self.assertEqual(self.kind(right[:6] + (right[6]._replace(first_line=1),)), "wrong name")
        self.assertEqual(self.kind(right[:6] + (right[6]._replace(name="c3"),)), "wrong name")
        self.assertEqual(self.kind(right[:3] + (self.frame("work", "b1"),) + right[4:]), "impossible")

    def test_what_a_recording_says_of_itself_is_no_fault(self):
        hole = truth.Frame("", "<stack not read>", 0, 0, True)
        self.assertEqual(self.kind((hole,)), "incomplete")
        self.assertEqual(self.kind(self.right()[:4] + (hole,)), "incomplete")
        self.assertEqual(self.kind((hole._replace(name="<unknown code>"),)), "unnamed")
        self.assertEqual(self.kind(()), "empty")

    def made(self, number, driver, *names):
        frames = [truth.Frame(f"<made {number}>", f"{name}_{number}", first, first + 1, False)
                  for name, first in names]
        main = truth.Frame("generated.py", "main", 1, truth.first_turn_line() + driver, False)
        return truth.classify_made((main, *frames), False, truth.first_turn_line())[0]

    def test_wrong_names_of_generated_functions_are_found(self):
        self.assertEqual(self.made(13, 5, ("outer", 4), ("inner", 1)), "right")
        self.assertEqual(self.made(13, 4, ("outer", 4), ("inner", 1)), "wrong name")
        self.assertEqual(self.made(13, 5, ("outer", 4), ("inner", 2)), "wrong name")
        self.assertEqual(self.made(13, 5, ("outer", 4), ("other", 1)), "wrong name")
        self.assertEqual(self.made(13, 5), "driver")


if __name__ == "__main__":
    unittest.main()
