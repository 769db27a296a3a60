"""Some of the planted pairs, on the default interpreter and on the newest: `python3 tests/planted/truth.py` does them all."""

import concurrent.futures
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

import support  # noqa: E402
from planted import pairs, truth  # noqa: E402
from tests import interpreters  # noqa: E402

UNSTEADY = "what a share of time comes to depends on what else runs"

# Those that are farthest from their thresholds: counts of descriptors and messages, 60 % of the CPU where 30 % is asked for, an
# import of a second of CPU where half of one is.
ON_DEFAULT = "pop_front", "pipes_left_open", "swallowed_exceptions"
ON_NEWEST = "slow_import", "sockets_left_open"
RECORDINGS = 3  # of a pair at most: what else the machine does may spoil one


class Table(unittest.TestCase):
    def test_every_program_has_a_line(self):
        programs = {path.stem for path in pairs.PROGRAMS.glob("*.py")} - {"common"}
        self.assertEqual({pair.program for pair in pairs.load()}, programs)
        self.assertGreaterEqual(len(programs), 30)


class Judging(unittest.TestCase):
    pair = pairs.Pair("app", (), ("a/x",), ("a/y",), "app.py", ("work",))

    @staticmethod
    def finding(rule="a/x", level="warning", place=("app.py", "work")):
        return pairs.Finding("F1", rule, level, "", {place} if place else set())

    def test_verdicts(self):
        for planted, verdict in (([self.finding()], "found"), ([], "missed"),
                                 ([self.finding(level="note")], "note only"),
                                 ([self.finding(place=("app.py", "main"))], "wrong place"),
                                 ([self.finding(place=("b.py", "work"))], "wrong place"),
                                 ([self.finding(place=None)], "no place"),
                                 ([self.finding(place=("b.py", "work")), self.finding()], "found")):
            self.assertEqual(pairs.judge(self.pair, planted, [])[0], verdict)

    def test_what_else_is_loud_is_a_false_alarm(self):
        clean = [self.finding(), self.finding(level="note"), self.finding("quality/missed-ticks")]
        planted = [self.finding(), self.finding("a/y"), self.finding("a/z")]
        self.assertEqual(pairs.judge(self.pair, planted, clean)[2], [("planted", planted[2]), ("clean", clean[0])])

    def test_names(self):
        for function, name in (("Ledger.book", "book"), ("total.<locals>.<genexpr>", "total"), ("<module>", "<module>"),
                               ("<listcomp>", "<listcomp>")):
            self.assertEqual(pairs.plain_name(function), name)


class Trying(unittest.TestCase):
    def test_each_try_is_a_recording_of_its_own(self):
        pair, seen = Judging.pair, []

        def look(pair, _, folder):
            seen.append(folder)
            (folder / "recording").touch(exist_ok=False)
            return truth.Result(pair, "found" if len(seen) == 2 else "note only", None, [])

        with tempfile.TemporaryDirectory(prefix="microlog-planted-") as folder, \
                unittest.mock.patch.object(truth, "look", look):
            result = SomePairs.look(pair, None, pathlib.Path(folder))
        self.assertEqual((result.verdict, len(set(seen))), ("found", 2))


class SomePairs(unittest.TestCase):
    @staticmethod
    def look(pair, interpreter, folder):
        for number in range(RECORDINGS):
            recordings = folder / f"{pair.program}-{number}"
            recordings.mkdir()
            result = truth.look(pair, interpreter, recordings)
            if (result.verdict, result.alarms) == ("found", []):
                break
        return result

    def check(self, interpreter, names):
        chosen = [pair for pair in pairs.load() if pair.program in names]
        with tempfile.TemporaryDirectory(prefix="microlog-planted-") as folder, \
                concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda pair: self.look(pair, interpreter, pathlib.Path(folder)), chosen))
        self.assertEqual(sorted((each.pair.program, each.verdict, each.alarms) for each in results),
                         [(name, "found", []) for name in sorted(names)])

    def test_on_the_default_interpreter(self):
        interpreter = interpreters.default()
        interpreters.build(interpreter)
        self.check(interpreter, ON_DEFAULT)

    def test_on_the_newest(self):
        interpreter = [each for each in interpreters.find() if not each.free_threaded][-1]
        interpreters.build(interpreter)
        self.check(interpreter, ON_NEWEST)


if __name__ == "__main__":
    unittest.main()
