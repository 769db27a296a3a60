"""quality over models made by hand: each check on both sides of its limit, verdict and findings."""

import unittest

from sdk import fake

FINDING, METRIC, TABLE, TEXT = 1, 2, 3, 7
RULE, MESSAGE = 1, 2
IMPORTANCE, LEVEL = 32, 33
SECOND = 10**9
GOOD_METHOD = "syscall: self-check passed"


def model(samples=500, seconds=None, unread=0, method=GOOD_METHOD, ticks=1000, missed=0, cost=0, damaged=0,
          clean=1, problem="", extra=""):
    """A run whose one thread was sampled every 10 ms, as long as the samples last unless `seconds` says."""
    length = int(seconds * SECOND) if seconds is not None else samples * 10_000_000
    lines = [f"run|app.py|python app.py|{length}|10000000|{problem}", f"process|10|{length}|{length}",
             "module|app|/srv/app.py|2", "module|<recorder>||8", "function|main|0|1",
             "function|<stack not read>|1|0", "stack|0|0|5", "stack|0|1|0", f"thread|0|MainThread|1|0|{length}|0",
             f"quality|{method}|{ticks}|{missed}|{cost}|{damaged}|{clean}"]
    read = samples - unread
    if read:
        lines.append(f"sample|0|1|1|{read}|0|{read * 10_000_000}|0")
    if unread:
        lines.append(f"sample|0|2|1|{unread}|{read * 10_000_000}|{unread * 10_000_000}|0")
    return "\n".join(lines) + "\n" + extra


class Quality(unittest.TestCase):
    def look(self, text):
        blocks = fake.blocks(fake.plugin("analyzer-quality"), model=text)
        verdict = next(block for block in blocks if block.kind == TEXT)
        self.assertEqual(verdict.numbers[IMPORTANCE], 100)
        found = {block.texts[RULE][0]: block for block in blocks if block.kind == FINDING}
        return verdict.text[0].split("*")[2], found, blocks

    def test_a_good_recording_has_no_finding_and_says_what_was_checked(self):
        word, found, blocks = self.look(model())
        self.assertEqual((word, found), ("Good.", {}))
        table = next(block for block in blocks if block.kind == TABLE)
        self.assertEqual(set(table.cells[1::4]), {"good"})
        self.assertEqual(len(table.cells), 10 * 4)

    def test_each_check_on_both_sides_of_its_limit(self):
        cases = [
            ("few-samples", dict(samples=200), dict(samples=199), "Fair."),
            ("few-samples", dict(seconds=1), dict(seconds=0.99), "Fair."),
            ("missed-ticks", dict(ticks=950, missed=50), dict(ticks=949, missed=51), "Fair."),
            ("missed-ticks", dict(ticks=1), dict(ticks=79, missed=21), "Poor."),
            ("stacks-not-read", dict(unread=25), dict(unread=26), "Fair."),
            ("stacks-not-read", dict(), dict(unread=101), "Poor."),
            ("biased", dict(method="direct"), dict(method="gil: no headers for 3.12.1"), "Fair."),
            ("biased", dict(method="syscall"), dict(method="unknown"), "Fair."),
            ("damaged", dict(), dict(damaged=1, problem="3 damaged parts were left out"), "Fair."),
            ("no-clean-end", dict(), dict(clean=0), "Fair."),
            ("lost", dict(), dict(extra="gap|1000|2000|2|0|0|3|0\n"), "Fair."),
            ("gap", dict(samples=900, seconds=9.99), dict(samples=900, seconds=10), "Fair."),
            ("gap", dict(samples=900), dict(samples=700, seconds=10), "Poor."),
        ]
        for rule, good, bad, expected in cases:
            with self.subTest(rule=rule, bad=bad):
                self.assertNotIn(rule, self.look(model(**good))[1])
                word, found, _ = self.look(model(**bad))
                self.assertEqual((word, list(found)), (expected, [rule]))

    def test_fair_ends_where_poor_begins(self):
        for fair, poor in ((dict(samples=50, seconds=1), dict(samples=49, seconds=1)),
                           (dict(ticks=80, missed=20), dict(ticks=79, missed=21)),
                           (dict(unread=100), dict(unread=101)),
                           (dict(cost=SECOND), dict(cost=SECOND + 1)),
                           (dict(samples=800, seconds=10), dict(samples=799, seconds=10))):
            with self.subTest(poor=poor):
                self.assertEqual((self.look(model(**fair))[0], self.look(model(**poor))[0]), ("Fair.", "Poor."))

    def test_levels(self):
        levels = {"damaged": (dict(damaged=1), 2), "biased": (dict(method="gil"), 2),
                  "missed-ticks": (dict(missed=100), 2), "few-samples": (dict(samples=150), 1),
                  "no-clean-end": (dict(clean=0), 1)}
        for rule, (change, level) in levels.items():
            with self.subTest(rule):
                self.assertEqual(self.look(model(**change))[1][rule].numbers[LEVEL], level)
        self.assertEqual(self.look(model(unread=40))[1]["stacks-not-read"].numbers[LEVEL], 1)
        self.assertEqual(self.look(model(unread=200))[1]["stacks-not-read"].numbers[LEVEL], 2)

    def test_the_numbers_are_those_of_the_recording(self):
        _, found, blocks = self.look(model(ticks=900, missed=100, cost=50_000_000, unread=10))
        self.assertIn("100 of 1,000 ticks (10 %)", found["missed-ticks"].texts[MESSAGE][0])
        values = {block.key: block.numbers[64] for block in blocks if block.kind == METRIC}
        self.assertEqual(values, {"missed": 0.1, "unread": 10 / 500, "recorder-cpu": 0.01})

    def test_the_recorder_s_own_cost_counts_against_it(self):
        word, found, blocks = self.look(model(cost=SECOND // 2))
        self.assertEqual((word, found), ("Fair.", {}))
        self.assertIn("used 500 ms, 10 % of a core", next(b for b in blocks if b.kind == TEXT).text[0])

    def test_where_the_longest_gap_is(self):
        text = model(samples=200, seconds=20, extra="sample|0|1|1|1|12000000000|10000000|0\n")
        self.assertIn("the longest 10.0 s from 2.00 s", self.look(text)[1]["gap"].texts[MESSAGE][0])

    def test_what_was_lost_when_and_why(self):
        lost = "gap|3000000000|5000000000|1|28|200|0|7\ngap|1000000000|1500000000|2|0|0|1200|0\n"
        text = model(samples=950, seconds=10, ticks=700, missed=201, extra=lost)
        word, found, _ = self.look(text)
        self.assertEqual((word, list(found)), ("Poor.", ["lost"]))
        self.assertEqual(found["lost"].numbers[LEVEL], 2)
        self.assertIn("200 ticks, 1,200 more samples, 7 events in 2 stretches of 2.50 s in all, from 1.00 s on (it came "
                      "faster than the recorder had room for)", found["lost"].texts[MESSAGE][0])
        whole = self.look(model(extra="gap|3000000000|3000000000|1|28|1|0|0\n"))[1]
        self.assertIn("1 tick in 1 stretch, from 3.00 s on (No space left on device)",
                      whole["lost"].texts[MESSAGE][0])

    def test_time_that_was_lost_is_no_time_without_samples(self):
        sampled = "sample|0|1|1|500|6000000000|4000000000|0\n"
        self.assertIn("gap", self.look(model(samples=400, seconds=10, extra=sampled))[1])
        lost = "gap|4000000000|6000000000|1|28|200|0|0\n"
        self.assertEqual(list(self.look(model(samples=400, seconds=10, extra=sampled + lost))[1]), ["lost"])

    def test_a_journal_is_the_end_of_what_has_none(self):
        ends = [self.look(model(clean=clean))[1]["no-clean-end"].texts[MESSAGE][0] for clean in (0, 2)]
        self.assertIn("Its last moments are missing", ends[0])
        self.assertIn("read from its journal: at most the last second is missing", ends[1])

    def test_hostile_text_is_no_markdown(self):
        text = model(damaged=1, problem="<b>*x*</b> [a](javascript:b)")
        verdict = next(block for block in self.look(text)[2] if block.kind == TEXT)
        self.assertIn(r"\<b\>\*x\*\</b\> \[a\](javascript:b)", verdict.text[0])

    def test_nothing_at_all(self):
        word, found, _ = self.look("run|empty.py||0|0|\n")
        self.assertEqual(word, "Poor.")
        self.assertEqual(sorted(found), ["biased"])

    def test_a_run_without_time_for_samples_has_no_finding(self):
        for samples, seconds, rules in ((9, 0.9, []), (10, 0.9, ["few-samples"]), (9, 1, ["few-samples"])):
            word, found, _ = self.look(model(samples=samples, seconds=seconds, ticks=9, missed=1 if not rules else 0))
            self.assertEqual((word, sorted(found)), ("Poor.", rules))


if __name__ == "__main__":
    unittest.main()
