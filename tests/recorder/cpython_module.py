"""Runs one module of CPython's own test suite in this process, as cpython_suite.py asks.

    python cpython_module.py MODULE RESULTS

RESULTS gets a line of JSON when a test begins and when its outcome is known, so that a crash says
where it happened. Only what the interpreter brings is used here: this process is what is tested.
"""

import faulthandler
import importlib.util
import json
import sys
import unittest

# Seconds; in some versions a test of thread pools really waits for the five minutes that are usual.
LONGEST_WAIT = 60.0


class Results(unittest.TestResult):
    """Writes down what happens; `stream` is a file opened for text."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream

    def note(self, test, outcome, why=""):
        self.stream.write(json.dumps([test.id(), outcome, why]) + "\n")
        self.stream.flush()

    def startTest(self, test):
        super().startTest(test)
        self.note(test, "began")

    def addSuccess(self, test):
        self.note(test, "passed")

    def addExpectedFailure(self, test, error):
        self.note(test, "passed")

    def addSkip(self, test, reason):
        self.note(test, "skipped", str(reason))

    def addUnexpectedSuccess(self, test):
        self.note(test, "failed", "passed unexpectedly")

    def addFailure(self, test, error):
        self.note(test, "failed", self._exc_info_to_string(error, test))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note(test, "failed", f"{subtest}\n{self._exc_info_to_string(error, test)}")


def make_multiprocessing(module):
    """Makes the module test_multiprocessing_X, which some installations lack, of the part that they have."""
    from test import _test_multiprocessing

    made = sys.modules[f"test.{module}"] = type(sys)(f"test.{module}")
    _test_multiprocessing.install_tests_in_module_dict(made.__dict__, module.rpartition("_")[2])
    return unittest.defaultTestLoader.loadTestsFromModule(made)


def load(module):
    """The module's tests; what the test suite takes for long or needs a network for is left out."""
    from test import support

    support.verbose = False
    support.use_resources = ["cpu", "subprocess"]
    support.LONG_TIMEOUT = min(support.LONG_TIMEOUT, LONGEST_WAIT)
    if module.startswith("test_multiprocessing_") and importlib.util.find_spec(f"test.{module}") is None:
        return make_multiprocessing(module)
    try:
        return unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
    except unittest.SkipTest as reason:
        case = unittest.FunctionTestCase(lambda: None, description=module)
        case.id = lambda: f"test.{module}"
        case.__unittest_skip__, case.__unittest_skip_why__ = True, str(reason)
        return unittest.TestSuite([case])


def main():
    module, results = sys.argv[1:]
    del sys.path[0]
    faulthandler.enable()
    with open(results, "w", encoding="utf-8") as stream:
        load(module).run(Results(stream))


if __name__ == "__main__":
    main()
