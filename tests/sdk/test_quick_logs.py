"""logs over models made by hand: patterns, errors, floods and silences on both sides of their limits."""

import unittest

from sdk import fake

FINDING, METRIC, TABLE, TEXT = 1, 2, 3, 7
RULE, MESSAGE, FUNCTION, FILE = 1, 2, 11, 13
LEVEL, CONFIDENCE, COUNT, LINE, START, END = 33, 34, 37, 44, 45, 46
EVIDENCE, NEXT = 2, 3
LOG, PRINT, MARK, EXCEPTION, WARNING = 1, 2, 3, 4, 5
SECOND = 10**9
HEAD = f"""\
run|app.py|python app.py|{60 * SECOND}|10000000|
process|10|{5 * SECOND}|{60 * SECOND}
module|app|/srv/app.py|2
module|logging|/usr/lib/python3.11/logging/__init__.py|1
function|main|0|1
function|work|0|10
function|Logger.info|1|1470
stack|0|0|5
stack|1|1|11
stack|2|2|1480
thread|0|MainThread|1|0|{60 * SECOND}|0
thread|0|worker|0|0|{30 * SECOND}|0
"""
WORK, LOGGING = 2, 3


def say(time, text, kind=LOG, level=20, thread=0, source="app", stack=WORK, file="/srv/app.py", line=12):
    return f"message|{int(time * SECOND)}|{kind}|{level}|{thread}|{stack}|{source}|{text}|{file}|{line}\n"


def blocks_of(messages):
    return fake.blocks(fake.plugin("analyzer-logs"), model=HEAD + messages)


def findings(messages, rule=None):
    return [block for block in blocks_of(messages)
            if block.kind == FINDING and rule in (None, block.texts[RULE][0])]


class Patterns(unittest.TestCase):
    def pattern(self, text):
        table = next(block for block in blocks_of(say(1, text)) if block.kind == TABLE)
        return table.cells[0]

    def test_what_varies_is_replaced(self):
        cases = {
            "round 1 of 2: 59 modules, 8.6 MB": "round <n> of <n>: <n> modules, <n> MB",
            "cannot open '/tmp/a b': No such file": "cannot open <text>: No such file",
            "cannot open /tmp/a/b.py, see ./x; and/or n/a": "cannot open <path>, see <path>; and/or n/a",
            "user don't care about 'quoted' it's": "user don't care about <text> it's",
            "<Foo at 0x7f001234abcd> id deadbeef12 feedface": "<Foo at <hex>> id <hex> feedface",
            "uuid 123e4567-e89b-12d3-a456-426614174000 done": "uuid <uuid> done",
            "worker3 took 12.5ms, -3, 1e-05": "worker<n> took <n>ms, <n>, <n>",
            "fetched https://a.example/c?d=1. at 12:34:56,123": "fetched <url>. at <n>",
            "it <b>broke</b>": "it <b>broke</b>",
            "  lead   and  trail  ": "lead and trail",
            "\\e[31mred\\e[0m 3\\nsecond line": "red <n>...",
            "gr\u00f6\u00dfe 3": "gr\u00f6\u00dfe <n>",
            "": "",
        }
        for text, expected in cases.items():
            with self.subTest(text):
                self.assertEqual(self.pattern(text), expected)

    def test_long_text_is_cut_between_characters(self):
        for text in ("x" * 5000, "\u00e4" * 5000, "\u6f22" * 5000):
            pattern = self.pattern(text)
            self.assertTrue(pattern.endswith("..."))
            self.assertLess(len(pattern.encode()), 240)

    def test_the_table_says_count_times_and_place(self):
        messages = say(1, "item 1") + say(2, "item 2") + say(3, "item 3", level=30) + say(4, "item 4", source="x")
        table = next(block for block in blocks_of(messages) if block.kind == TABLE)
        rows = [table.cells[i:i + 9] for i in range(0, len(table.cells), 9)]
        self.assertEqual(rows[0], ["item <n>", "info", "app", "2", str(SECOND), str(2 * SECOND), "1", "12", "item 1"])
        self.assertEqual([row[1:4] for row in rows[1:]], [["warning", "app", "1"], ["info", "x", "1"]])

    def test_a_place_outside_of_the_stack_has_no_function(self):
        table = next(b for b in blocks_of(say(1, "x", stack=0)) if b.kind == TABLE)
        self.assertEqual(table.cells[6:8], ["", "12"])


class Errors(unittest.TestCase):
    def test_one_finding_for_a_template(self):
        messages = "".join(say(i, f"cannot open {i}", level=40) for i in range(1, 6))
        error, = findings(messages)
        self.assertEqual((error.texts[RULE], error.numbers[LEVEL], error.numbers[COUNT]), (["errors"], 2, 5))
        self.assertEqual(error.texts[MESSAGE],
                         ["Logged as error 5 times from 1.00 s on at app.py:12 in work: cannot open 1"])
        self.assertIn("Seen 5 times, first at 1.00 s, last at 5.00 s.", error.lists[EVIDENCE])
        self.assertEqual((error.texts[FUNCTION], error.numbers[LINE]), (["work"], 12))

    def test_an_uncaught_exception_is_an_error_and_comes_first(self):
        messages = say(1, "bad", level=50) * 3 + say(9, "ValueError: no 3", EXCEPTION, 40, source="ValueError", file="")
        first, second = findings(messages)
        self.assertEqual((first.numbers[LEVEL], second.numbers[LEVEL]), (3, 2))
        self.assertEqual(first.texts[MESSAGE], ["Nobody caught ValueError: no 3 at app.py:11 in work, at 9.00 s"])

    def test_an_exception_that_could_not_be_raised_is_a_warning(self):
        error, = findings(say(1, "KeyError: 'x'", EXCEPTION, 30, source="KeyError"))
        self.assertEqual(error.numbers[LEVEL], 2)
        self.assertIn("Nobody could catch KeyError: 'x'", error.texts[MESSAGE][0])

    def test_warnings_of_python_are_in_the_table_and_no_errors(self):
        blocks = blocks_of(say(1, "old", WARNING, 30, source="DeprecationWarning"))
        self.assertEqual([block for block in blocks if block.kind == FINDING], [])
        table, = (block for block in blocks if block.kind == TABLE)
        self.assertEqual(table.cells[:3], ["old", "warning", "DeprecationWarning"])

    def test_an_interrupt_by_the_keyboard_is_a_note(self):
        error, = findings(say(1, "KeyboardInterrupt", EXCEPTION, 40, source="KeyboardInterrupt"))
        self.assertEqual(error.numbers[LEVEL], 1)

    def test_warnings_and_prints_are_no_errors(self):
        self.assertEqual(findings(say(1, "careful", level=30) + say(2, "error!", PRINT, source="stderr")), [])

    def test_at_most_ten_and_all_are_counted(self):
        messages = "".join(say(i, "bad " + "x" * i, level=40) * (2 if i == 15 else 1) for i in range(1, 16))
        blocks = blocks_of(messages)
        found = [block for block in blocks if block.kind == FINDING]
        self.assertEqual(len(found), 10)
        self.assertEqual(found[0].numbers[COUNT], 2)
        self.assertEqual(next(b for b in blocks if b.key == "errors" and b.kind == METRIC).numbers[64], 16)

    def test_keys_are_different(self):
        keys = [block.key for block in blocks_of(say(1, "a", level=40) + say(2, "b", level=40))]
        self.assertEqual(len(keys), len(set(keys)))

    def test_no_message_no_finding(self):
        blocks = blocks_of("")
        self.assertEqual([block.kind for block in blocks if block.kind in (FINDING, TABLE)], [])
        self.assertIn("No error was logged", next(b for b in blocks if b.kind == TEXT).text[0])


def rate(per_second, seconds, start=10):
    return "".join(say(start + i / per_second, f"item {i}") for i in range(per_second * seconds))


class Floods(unittest.TestCase):
    def test_limits_of_rate_and_length(self):
        self.assertEqual(findings(rate(99, 3), "flood"), [])
        self.assertEqual(findings(rate(100, 1), "flood"), [])
        self.assertEqual(findings(rate(100, 1) + rate(100, 1, 12), "flood"), [])
        flood, = findings(rate(100, 2), "flood")
        self.assertEqual((flood.numbers[LEVEL], flood.numbers[COUNT]), (1, 200))
        self.assertEqual((flood.numbers[START], flood.numbers[END]), (10 * SECOND, 12 * SECOND))
        self.assertEqual(flood.texts[MESSAGE], [
            "item <n> at app.py:12 in work was said 200 times in 2 s, from 10.00 s on (100 a second)"])

    def test_the_cost_is_what_samples_show(self):
        def cost(logging_samples):
            samples = f"sample|0|3|1|{logging_samples}|{10 * SECOND}|{logging_samples * 10**7}|{cpu}\n" \
                      f"sample|0|2|1|200|{11 * SECOND}|{2 * SECOND}|0\n"
            return findings(rate(100, 2) + samples, "flood")[0]
        cpu = 20 * 10**7
        self.assertEqual(cost(19).numbers[LEVEL], 1)
        self.assertEqual(cost(20).numbers[LEVEL], 2)
        self.assertIn("on the stack in 20 of 220 samples of running threads (9.1 %).", cost(20).lists[EVIDENCE][1])
        cpu -= 1
        self.assertEqual(cost(20).numbers[LEVEL], 1)


def beats(count, gap=1.0, start=0.0, thread=0):
    return "".join(say(start + i * gap, f"beat {i}", thread=thread) for i in range(count))


class Silences(unittest.TestCase):
    def silences(self, messages):
        return findings(messages, "silence")

    def test_a_regular_message_that_stops_and_comes_back(self):
        found, = self.silences(beats(20) + beats(20, start=39) +
                               f"sample|0|2|6|1000|{20 * SECOND}|{10 * SECOND}|0\n")
        self.assertEqual(found.texts[MESSAGE],
                         ["beat <n> at app.py:12 in work came every 1.00 s, and not for 20.0 s from 19.00 s on"])
        self.assertEqual((found.numbers[LEVEL], found.numbers[CONFIDENCE]), (2, 2))
        self.assertIn("In that time thread MainThread ran for 0 ns and waited for 10.0 s.", found.lists[EVIDENCE])
        self.assertIn("It was mostly at app.py:11 in work.", found.lists[EVIDENCE])

    def test_only_what_comes_like_a_clock_is_a_warning(self):
        cases = {
            "work": ("".join(say(i * 0.5 + (0.1 if i % 2 else 0), f"step {i}") for i in range(40)) +
                     "".join(say(i * 0.5 + 30, f"step {i}") for i in range(40)), [1]),
            "too few": (beats(10) + beats(9, start=30), [1]),
            "a clock, for two seconds": (beats(20, 0.1) + beats(560, 0.1, 3.9), [2]),
            "a clock, for less": (beats(20, 0.1) + beats(560, 0.1, 3.89), []),
        }
        for name, (messages, levels) in cases.items():
            with self.subTest(name):
                self.assertEqual([found.numbers[LEVEL] for found in self.silences(messages)], levels)

    def test_one_that_never_comes_back_is_less_sure(self):
        found, = self.silences(beats(20))
        self.assertEqual(found.numbers[CONFIDENCE], 1)
        self.assertIn("not once after 19.00 s, for the 41.0 s until its thread ended", found.texts[MESSAGE][0])

    def test_what_is_no_silence(self):
        cases = {
            "nine messages": beats(9),
            "the thread ends": beats(29, thread=1),
            "less than ten times the gap": beats(20) + beats(32, start=28.9),
            "less than five seconds": "".join(say(i * 0.5 + (0.2 if i % 2 else 0), f"beat {i}") for i in range(40)) +
                                      beats(72, 0.5, 24.4),
            "irregular": "".join(say(t, "x") for t in (0, 1, 1.1, 5, 5.1, 9, 9.05, 14, 14.1, 17, 17.1, 20)),
            "a burst": beats(1000, 0.01),
        }
        for name, messages in cases.items():
            with self.subTest(name):
                self.assertEqual(self.silences(messages), [])


if __name__ == "__main__":
    unittest.main()
