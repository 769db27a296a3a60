"""hotspots and fdleak over models made by hand: thresholds, guards, and the numbers they say."""

import unittest

from sdk import fake

FINDING, METRIC, TABLE, TEXT = 1, 2, 3, 7
RULE, MESSAGE, FUNCTION = 1, 2, 11
LEVEL, CONFIDENCE, IMPACT_NS, IMPACT_COUNT, LINE = 33, 34, 35, 37, 44
EVIDENCE, NEXT = 2, 3
RUNNING, SLEEP = 1, 5
SECOND = 10**9
NEVER = -1
HEAD = f"""\
run|app.py|python app.py|{10 * SECOND}|10000000|
process|10|{5 * SECOND}|{10 * SECOND}
module|app|/home/me/app.py|2
module|json|/usr/lib/python3.11/json/__init__.py|1
function|main|0|1
function|work|0|10
function|loads|1|300
function|other|0|20
stack|0|0|5
stack|1|1|11
stack|1|1|12
stack|1|2|310
stack|1|3|21
thread|0|MainThread|1|0|{10 * SECOND}|{4 * SECOND}
thread|0|waiter|0|0|{10 * SECOND}|0
"""
WORK_11, WORK_12, LOADS, OTHER = 2, 3, 4, 5


def sample(stack, taken, state=RUNNING, thread=0, start=0):
    wall = taken * 10_000_000
    return f"sample|{thread}|{stack}|{state}|{taken}|{start}|{wall}|{wall if state == RUNNING else 0}\n"


def findings(blocks):
    return [block for block in blocks if block.kind == FINDING]


class Hotspots(unittest.TestCase):
    def blocks(self, samples, *options):
        return fake.blocks(fake.plugin("analyzer-hotspots"), *options, model=HEAD + samples)

    def test_a_large_share_is_a_warning_with_interval_line_and_next_step(self):
        samples = sample(WORK_11, 300) + sample(WORK_12, 100) + sample(OTHER, 780)
        first, second = findings(self.blocks(samples))
        self.assertEqual(first.texts[FUNCTION], ["other"])
        self.assertEqual(second.texts[RULE], ["hot-function"])
        self.assertEqual(second.numbers[LEVEL], 2)
        self.assertEqual(second.numbers[CONFIDENCE], 3)
        self.assertEqual(second.numbers[IMPACT_NS], 4 * SECOND)
        self.assertEqual(second.texts[MESSAGE], [
            "work (app.py, project) ran for 4.00 s of the 11.8 s in which threads were running (34 %)"])
        self.assertIn("Seen in 400 of 1,180 samples of running threads (34 %, 31–37 %).",
                      second.lists[EVIDENCE])
        self.assertIn("75 % of its own time is at app.py:11.", second.lists[EVIDENCE])
        self.assertEqual(second.lists[NEXT],
                         ["Look at app.py:11 in work first: most of its own time is there."])

    def test_a_hot_library_function_names_the_caller(self):
        first = findings(self.blocks(sample(LOADS, 800) + sample(OTHER, 200)))[0]
        self.assertIn("100 % of it comes from main at app.py:5.", first.lists[EVIDENCE])
        self.assertIn("app.py:5 in main", first.lists[NEXT][0])

    LIBRARY = "".join(f"function|step{i}|1|{400 + i}\nstack|1|{4 + i}|{400 + i}\n" for i in range(4))

    def test_what_many_functions_of_a_library_take_for_a_line_is_summed_up(self):
        steps = "".join(sample(6 + i, 100) for i in range(4))
        found = findings(self.blocks(self.LIBRARY + steps + sample(OTHER, 600)))
        line = next(block for block in found if block.texts[RULE] == ["hot-line"])
        self.assertEqual((line.numbers[LEVEL], line.texts[FUNCTION][0], line.numbers[LINE]), (2, "main", 5))
        self.assertRegex(line.texts[MESSAGE][0], r"^app.py:5 in main had libraries run for 4.00 s of the 10.0 s .*\(40 %\)")
        self.assertIn("Seen in 400 of 1,000 samples of running threads (40 %, 37–43 %).", line.lists[EVIDENCE])

    def test_a_line_is_named_once(self):
        found = findings(self.blocks(self.LIBRARY + sample(6, 400) + sample(7, 30) + sample(OTHER, 600)))
        self.assertEqual([block.texts[RULE][0] for block in found], ["hot-function", "hot-function"])

    def test_a_line_is_named_again_if_it_is_a_warning_and_its_functions_are_not(self):
        found = findings(self.blocks(self.LIBRARY + sample(6, 250) + sample(7, 200) + sample(OTHER, 550)))
        self.assertEqual(sorted((block.texts[RULE][0], block.numbers[LEVEL]) for block in found),
                         [("hot-function", 1), ("hot-function", 1), ("hot-function", 2), ("hot-line", 2)])

    def test_the_line_of_a_function_that_computes_itself_is_not_a_library_s(self):
        self.assertEqual({block.texts[RULE][0] for block in findings(self.blocks(sample(OTHER, 600)))}, {"hot-function"})

    def test_what_ran_without_a_core_is_a_note(self):
        for cpu, level in ((0.29, 1), (0.31, 2)):
            work = f"sample|0|{WORK_11}|{RUNNING}|500|0|{5 * SECOND}|{int(cpu * SECOND)}\n"
            other = f"sample|0|{OTHER}|{RUNNING}|500|{5 * SECOND}|{5 * SECOND}|{int((1 - cpu) * SECOND)}\n"
            found = next(block for block in findings(self.blocks(work + other)) if block.texts[FUNCTION] == ["work"])
            self.assertEqual(found.numbers[LEVEL], level)

    def test_the_import_machinery_is_never_hot(self):
        loader = "module|importlib._bootstrap|<frozen importlib._bootstrap>|1\nfunction|_load|2|1\n" \
                 "stack|1|4|9\nstack|6|2|310\n"
        found = findings(self.blocks(loader + sample(6, 500) + sample(7, 300) + sample(OTHER, 200)))
        self.assertEqual([block.texts[FUNCTION][0] for block in found], ["loads", "other"])

    def test_waiting_is_never_hot(self):
        samples = sample(OTHER, 100) + sample(WORK_11, 100000, SLEEP, thread=1)
        blocks = self.blocks(samples)
        self.assertEqual([block.texts[FUNCTION][0] for block in findings(blocks)], ["other"])
        table = next(block for block in blocks if block.key == "functions")
        row = table.cells.index("1")  # work, the row of functions
        self.assertEqual(table.cells[row + 2:row + 4], ["0", str(1000 * SECOND)])

    def test_shares_at_the_threshold_must_be_sure(self):
        rest = "".join(sample(OTHER, 1, start=i) for i in range(880))
        names = [block.texts[FUNCTION][0] for block in findings(self.blocks(sample(WORK_11, 120) + rest))]
        self.assertEqual(names, ["other", "work"])
        rest += "".join(sample(OTHER, 1, start=i) for i in range(120))
        names = [block.texts[FUNCTION][0] for block in findings(self.blocks(sample(WORK_11, 110) + rest))]
        self.assertEqual(names, ["other"])
        names = [block.texts[FUNCTION][0]
                 for block in findings(self.blocks(sample(WORK_11, 110) + rest, "--option", "min-share=0.05"))]
        self.assertEqual(names, ["other", "work"])

    def test_few_samples_are_said_so_and_judged_with_low_confidence(self):
        blocks = self.blocks(sample(WORK_11, 49))
        self.assertEqual(findings(blocks), [])
        self.assertIn("too-few", [block.key for block in blocks])
        first, = findings(self.blocks(sample(WORK_11, 199)))
        self.assertEqual((first.numbers[CONFIDENCE], first.numbers[LEVEL]), (1, 1))

    def test_an_empty_run_gives_empty_tables_and_no_finding(self):
        blocks = self.blocks("")
        self.assertEqual(findings(blocks), [])
        self.assertEqual([block.key for block in blocks if block.kind == TABLE],
                         ["functions", "lines", "packages", "threads"])

    def test_keys_are_different(self):
        keys = [block.key for block in self.blocks(sample(WORK_11, 300) + sample(OTHER, 300))]
        self.assertEqual(len(keys), len(set(keys)))

    def test_packages_add_up(self):
        table = next(block for block in self.blocks(sample(WORK_11, 30) + sample(LOADS, 20) + sample(OTHER, 5))
                     if block.key == "packages")
        self.assertEqual(table.cells[:2] + table.cells[5:8] + table.cells[11:12],
                         ["app", "project", "35", "json", "stdlib", "20"])


NUMBERLESS = -1  # 2^64 - 1


def resource(open_ns, close_ns=NEVER, what=1, number=9, stack=WORK_11, label="/tmp/a", inherited=0, times=1):
    return f"resource|{what}|0|{number}|{open_ns}|{close_ns}|{stack}|{label}|{inherited}|{times}\n"


def rising(count, **fields):
    return "".join(resource(i * 10 * SECOND // count, label=f"/tmp/{i}", **fields) for i in range(count))


class Fdleak(unittest.TestCase):
    def blocks(self, resources, *options):
        return fake.blocks(fake.plugin("analyzer-fdleak"), *options, model=HEAD + resources)

    def test_a_leak_is_told_with_place_count_trend_and_examples(self):
        counter = f"counter|descriptors||0\npoint|0|4\npoint|{9 * SECOND}|34\n"
        leak, = findings(self.blocks(rising(30) + counter))
        self.assertEqual(leak.texts[RULE], ["never-closed"])
        self.assertEqual(leak.texts[MESSAGE], ["30 files opened at app.py:11 in work were never closed"])
        self.assertEqual((leak.numbers[LEVEL], leak.numbers[CONFIDENCE], leak.numbers[IMPACT_COUNT]), (2, 3, 30))
        self.assertEqual(leak.numbers[LINE], 11)
        self.assertIn("The whole process held 4 descriptors at 0.00 s and 34 at 9.00 s.", leak.lists[EVIDENCE])
        self.assertIn("For example /tmp/0, /tmp/1, /tmp/2.", leak.lists[EVIDENCE])
        self.assertIn("work (app.py:11)", leak.lists[NEXT][0])

    def test_a_library_call_is_blamed_on_the_project(self):
        leak, = findings(self.blocks(rising(5, stack=LOADS)))
        self.assertEqual(leak.texts[FUNCTION], ["main"])

    def test_what_is_no_leak(self):
        cases = {
            "fewer than five": rising(4),
            "all at the start": "".join(resource(i) for i in range(50)),
            "closed": "".join(resource(i * SECOND // 5, i * SECOND // 5 + 1) for i in range(50)),
            "open before": rising(50, inherited=1),
            "standard streams": rising(50, number=2),
            "nothing": "",
        }
        for name, resources in cases.items():
            with self.subTest(name):
                blocks = self.blocks(resources)
                self.assertEqual(findings(blocks), [])
                self.assertIn("clean", [block.key for block in blocks if block.kind == TEXT])

    def test_thresholds(self):
        self.assertEqual(len(findings(self.blocks(rising(5)))), 1)
        self.assertEqual(len(findings(self.blocks(rising(5), "--option", "min-count=6"))), 0)
        self.assertEqual(findings(self.blocks(rising(99)))[0].numbers[LEVEL], 2)
        self.assertEqual(findings(self.blocks(rising(100)))[0].numbers[LEVEL], 3)
        mostly_closed = "".join(resource(i, i + 1) for i in range(20))
        self.assertEqual(findings(self.blocks(rising(10) + mostly_closed))[0].numbers[CONFIDENCE], 1)

    def test_kinds_and_lines_are_apart(self):
        leaks = findings(self.blocks(rising(5) + rising(6, what=4) + rising(7, stack=WORK_12)))
        self.assertEqual(sorted(leak.texts[MESSAGE][0] for leak in leaks), [
            "5 files opened at app.py:11 in work were never closed",
            "6 sockets opened at app.py:11 in work were never closed",
            "7 files opened at app.py:12 in work were never closed"])
        self.assertEqual(len({leak.key for leak in leaks}), 3)

    def test_an_unknown_opener_is_a_note_of_low_confidence(self):
        leak, = findings(self.blocks(rising(30, stack=0)))
        self.assertEqual(leak.texts[RULE], ["unknown-opener"])
        self.assertEqual((leak.numbers[LEVEL], leak.numbers[CONFIDENCE]), (1, 1))
        self.assertNotIn(FUNCTION, leak.texts)

    def test_what_python_has_no_name_for_is_of_an_unknown_opener(self):
        leak, = findings(self.blocks(rising(30, what=6, stack=0)))
        self.assertEqual((leak.texts[RULE], leak.numbers[LEVEL]), (["unknown-opener"], 1))

    def test_what_is_closed_only_when_the_process_ends(self):
        end = 10 * SECOND - 50_000_000
        kept = rising(30, close_ns=end)
        leak, = findings(self.blocks(kept))
        self.assertEqual((leak.texts[RULE], leak.numbers[LEVEL], leak.numbers[IMPACT_COUNT]), (["kept-to-the-end"], 2, 30))
        self.assertEqual(leak.texts[MESSAGE], ["30 files opened at app.py:11 in work were closed only when the process ended"])
        self.assertIn("30 of the 30 files that were opened there were open until the process was about to end, "
                      "the oldest for 10.0 s.", leak.lists[EVIDENCE])
        early = "".join(resource(i, SECOND) for i in range(4))
        counted = resource(9 * SECOND, end, number=NUMBERLESS, times=40)
        for name, resources, count in (
                ("closed before", rising(30, close_ns=9 * SECOND + 890_000_000), 0), ("too few", rising(19, close_ns=end), 0),
                ("all at the start", "".join(resource(i, end) for i in range(50)), 0),
                ("some were closed", kept + early, 0), ("less were closed", kept + early[:early.index("\n") + 1], 1),
                ("counted ones may have been kept", kept + counted, 1), ("an unknown opener", rising(30, close_ns=end, stack=0), 0)):
            with self.subTest(name):
                self.assertEqual(len(findings(self.blocks(resources))), count)

    def test_the_table_counts_every_place(self):
        resources = rising(5) + resource(1, 2, stack=OTHER)
        table = next(block for block in self.blocks(resources) if block.kind == TABLE)
        self.assertEqual(table.cells, ["1", "11", "file", "5", "0", "5", str(10 * SECOND),
                                       "3", "21", "file", "1", "1", "0", ""])

    def test_short_lived_ones_that_were_only_counted(self):
        brief = resource(SECOND, 6 * SECOND, number=NUMBERLESS, times=40)
        leak, = findings(self.blocks(rising(10) + brief))
        self.assertIn("10 of the 50 files that were opened there were open at the end, the oldest for 10.0 s.",
                      leak.lists[EVIDENCE])
        self.assertEqual(leak.numbers[CONFIDENCE], 1)
        blocks = self.blocks(brief)
        self.assertEqual(findings(blocks), [])
        self.assertIn("Checked 40 descriptors from 1 places", next(block for block in blocks if block.kind == TEXT).text[0])
        table = next(block for block in blocks if block.kind == TABLE)
        self.assertEqual(table.cells, ["1", "11", "file", "40", "40", "0", ""])


if __name__ == "__main__":
    unittest.main()
