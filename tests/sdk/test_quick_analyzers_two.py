"""anomaly and memleak over models made by hand, and their statistics over published values."""

import itertools
import pathlib
import random
import unittest

import support
from sdk import fake
from sdk.program import (CHART, CONFIDENCE, EVIDENCE, FINDING, FUNCTION, GIL_WAIT, IMPACT_BYTES, IMPACT_NS, IO, LEVEL, LIBRARY,
                         LINE, LOCK, MESSAGE, NEXT, OTHER, PERIOD, PROJECT, RULE, RUNNING, SECOND, SLEEP, START, STDLIB, TABLE,
                         TEXT, THREAD, Program, findings, rules, table)


class Statistics(unittest.TestCase):
    """Published values, not our own."""

    PROGRAM = r"""
#include "common/statistics.h"
#include <stdio.h>
int main(void)
{
    static double pairs[TREND_PAIRS_MAX];
    double mad[] = {1, 1, 2, 2, 4, 6, 9}, even[] = {4, 1, 3, 2};
    double x[] = {1, 2, 3, 4, 10, 12, 18}, y[] = {9, 15, 19, 20, 45, 55, 78};
    double tuna[] = {41.9, 44.1, 44.4, 44.7, 45.2, 45.9, 50.7, 53.3, 60.1};
    double panel[] = {2.5, 4.0, 2.6, 3.6, 2.8, 3.1, 5.2, 5.0, 3.8};
    double many[1000], same[1000];
    double median = median_of(mad, 7);
    trend line = trend_of(x, y, 7, pairs);
    printf("%g %g %g\n", median, deviation_of(mad, 7, median), median_of(even, 4));
    printf("%.4f\n", robust_score(8, 2, 1));
    printf("%.7f %.7f %.7f\n", sign_test(7, 7), sign_test(9, 10), sign_test(0, 5));
    printf("%.3f %.3f\n", line.slope, trend_of(tuna, panel, 9, pairs).score);
    for (int i = 0; i < 1000; i++) {
        many[i] = i;
        same[i] = 3;
    }
    printf("%d ", (int)trend_thin(many, same, 1000));
    line = trend_of(many, same, 250, pairs);
    printf("%g %g %g %g\n", many[0], line.slope, line.likely.low, line.score);
    for (int pattern = 0; pattern < 5; pattern++) {
        for (int i = 0; i < 1000; i++)
            many[i] = pattern == 0   ? i
                      : pattern == 1 ? 999 - i
                      : pattern == 2 ? i % 500
                      : pattern == 3 ? i * 7919 % 1000
                                     : i < 500 ? 2 * i : 1999 - 2 * i;
        printf("%g %g ", value_at_place(many, 1000, 10), median_of(many, 1000));
    }
    return 0;
}
"""

    SIGNED_RANKS = r"""
#include "common/statistics.h"
#include <stdio.h>
int main(int argc, char **argv)
{
    double values[SIGNED_RANK_MAX];
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != ',') {
            values[count++] = strtod(argv[i], NULL);
            continue;
        }
        printf("%.17g\n", signed_rank_test(values, count));
        count = 0;
    }
    return 0;
}
"""

    def compiled(self, source):
        folder = pathlib.Path(fake.scratch().name)
        (folder / "statistics.c").write_text(source)
        fake.compile_c(["-std=c11", "-Wall", "-Wextra", "-I", support.ROOT / "analyzers", "-o",
                        folder / "statistics", folder / "statistics.c", "-lm"])
        return folder / "statistics"

    def signed_ranks(self, samples):
        """What signed_rank_test says of each list of numbers."""
        words = [word for values in samples for word in [*map(str, values), ","]]
        return [float(line) for line in support.run([self.compiled(self.SIGNED_RANKS), *words]).stdout.split()]

    def test_signed_ranks_by_published_values(self):
        """The critical values of the one-sided test at 1 %, and the next, which are above it: Wilcoxon, Katti and Wilcox."""
        cases = {(8, 1): "0.0078", (8, 2): "0.0117", (10, 5): "0.0098", (10, 6): "0.0137", (20, 43): "0.0096",
                 (20, 44): "0.0107", (50, 397): "0.0098", (50, 398): "0.0101", (7, 0): "0.0078", (50, 1275): "1.0000"}
        samples = []
        for count, negative in cases:
            values = []
            for rank in range(count, 0, -1):  # the largest ranks that the sum has room for are negative
                values.append(-rank if rank <= negative else rank)
                negative -= rank if rank <= negative else 0
            samples.append(values)
        self.assertEqual([f"{chance:.4f}" for chance in self.signed_ranks(samples)], list(cases.values()))

    def test_signed_ranks_by_trying_all_signs(self):
        """Also with equal sizes, which share the mean of their ranks."""
        random_ = random.Random(5)
        samples = [[random_.choice((-1, 1)) * random_.randint(1, most) for _ in range(count)]
                   for count in range(1, 11) for most in (1, 3, 6, 1000)]
        for values, chance in zip(samples, self.signed_ranks(samples), strict=True):
            sizes = sorted(map(abs, values))
            ranks = [2 * sizes.index(abs(value)) + sizes.count(abs(value)) + 1 for value in values]  # doubled
            negative = sum(rank for rank, value in zip(ranks, values) if value < 0)
            hits = sum(sum(itertools.compress(ranks, signs)) <= negative
                       for signs in itertools.product((0, 1), repeat=len(ranks)))
            self.assertEqual(chance, hits / 2 ** len(ranks), values)

    def test_published_values(self):
        lines = support.run([self.compiled(self.PROGRAM)]).stdout.splitlines()
        # The usual example of the median absolute deviation.
        self.assertEqual(lines[0], "2 1 2.5")
        # Iglewicz and Hoaglin: 0.6745 (x - median) / MAD.
        self.assertEqual(lines[1], "4.0469")
        # Binomial tables: 1/128, 11/1024.
        self.assertEqual(lines[2], "0.0078125 0.0107422 1.0000000")
        # Sen 1968, example: slope 4. Hollander and Wolfe, tuna: S = 16 of n = 9, so 15 / sqrt(92).
        self.assertEqual(lines[3], "4.000 1.564")
        self.assertEqual(lines[4], "250 1.5 0 0 0")
        # 0 to 999 in several orders, and twice 0 to 499.
        self.assertEqual(lines[5].split(), "10 499.5 10 499.5 5 249.5 10 499.5 10 499.5".split())


class Anomaly(unittest.TestCase):
    def model(self, durations, gap=3, seconds=10, name="handle", file="/home/me/app.py", flags=PROJECT, module=None, every=1):
        """Calls that last so many periods, of which the recorder saw one in `every`."""
        model = Program(seconds)
        main, handle = model.function("main"), model.function(name, file, flags, module)
        top = model.stack((main, 5))
        inside = model.stack((main, 5), (handle, 11))
        whole = sum(durations) + gap * len(durations)
        model.call(main, 1, top, -1, 0, whole)
        at = 0
        for periods in durations:
            model.call(handle, 2, inside, 0, at, periods, samples=periods // every)
            model.sample(inside, at, periods)
            model.sample(top, at + periods, gap)
            at += periods + gap
        return model

    def test_one_long_call_among_its_like(self):
        blocks = self.model([5, 5, 6, 5, 4, 5, 80, 5, 5, 6]).blocks("anomaly")
        one, = findings(blocks)
        self.assertEqual(one.texts[RULE], ["outlier"])
        self.assertEqual(one.texts[MESSAGE],
                         ["handle took 800 ms at 0.48 s, while the median of its 10 like calls is 50.0 ms"])
        self.assertEqual((one.numbers[LEVEL], one.numbers[IMPACT_NS]), (2, 750_000_000))
        self.assertEqual((one.numbers[START], one.numbers[LINE]), (480_000_000, 11))
        self.assertEqual(one.texts[THREAD], ["MainThread"])
        self.assertIn("the thread ran for 800 ms (800 ms of CPU) and waited for 0 ns", " ".join(one.lists[EVIDENCE]))
        self.assertIn("handle (app.py:1)", one.lists[NEXT][0])
        self.assertEqual(table(blocks, "outliers").cells,
                         ["1", "480000000", "800000000", "50000000", "16", "MainThread", "running"])

    def test_the_first_call_alone_is_a_note(self):
        for durations, level in (([80] + [5] * 12, 1), ([5, 80] + [5] * 11, 2), ([80, 5, 5, 80] + [5] * 9, 2)):
            one, = findings(self.model(durations).blocks("anomaly"))
            self.assertEqual(one.numbers[LEVEL], level)

    def test_what_is_no_outlier(self):
        cases = {
            "all alike": [5] * 30,
            "seven calls": [5, 5, 5, 5, 5, 80, 5],
            "less than five periods more": [2, 2, 2, 2, 2, 2, 2, 6, 2, 2],
            "less than twice": [50] * 9 + [90] + [50] * 3,
            "a wide spread": [3, 9, 30, 5, 60, 12, 4, 40, 80, 7],
            "two sorts": [5, 5, 5, 5, 5, 5, 80, 80, 5, 80, 5, 80],
            "nothing": [],
        }
        for name, durations in cases.items():
            with self.subTest(name):
                blocks = self.model(durations).blocks("anomaly")
                self.assertEqual(findings(blocks), [])
                self.assertIn("clean", [block.key for block in blocks if block.kind == TEXT])

    def test_the_score_is_an_option(self):
        model = self.model([5, 5, 6, 5, 4, 5, 80, 5, 5, 6])
        self.assertEqual(findings(model.blocks("anomaly", "--option", "min-score=50")), [])

    def test_a_longer_wait_in_the_standard_library_is_no_outlier(self):
        for name, file in (("Queue.get", "queue.py"), ("Queue.put", "queue.py"), ("select", "selectors.py")):
            for state in OTHER, RUNNING:
                model = Program()
                worker, function = model.function("worker"), model.function(name, LIBRARY + file, STDLIB)
                wait = model.function("Condition.wait", LIBRARY + "threading.py", STDLIB)
                inside = model.stack((worker, 5), (function, 171), (wait, 327))
                model.call(worker, 1, model.stack((worker, 5)), -1, 0, 1000)
                for number in range(10):
                    periods = 80 if number == 6 else 5
                    model.call(function, 2, model.stack((worker, 5), (function, 171)), 0, number * 90, periods)
                    model.sample(inside, number * 90, periods, state)
                with self.subTest(name=name, state=state):
                    self.assertEqual(len(findings(model.blocks("anomaly"))), int(state == RUNNING))

    def test_a_call_that_got_no_core_is_no_outlier(self):
        for cpu, expected in ((4, 0), (60, 1)):
            model = Program()
            main, handle = model.function("main"), model.function("handle")
            inside = model.stack((main, 5), (handle, 11))
            model.call(main, 1, model.stack((main, 5)), -1, 0, 1000)
            for number in range(10):
                periods = 80 if number == 6 else 5
                model.call(handle, 2, inside, 0, number * 90, periods)
                model.sample(inside, number * 90, periods, cpu=min(cpu, periods) * PERIOD)
            self.assertEqual(len(findings(model.blocks("anomaly"))), expected)

    def test_cpu_tells_on_a_busy_machine(self):
        """Calls that stretch and shrink with the machine, of which one has ten times the work."""
        model = Program(60)
        main, handle = model.function("main"), model.function("handle")
        inside = model.stack((main, 5), (handle, 11))
        model.call(main, 1, model.stack((main, 5)), -1, 0, 6000)
        for number in range(20):
            wall, cpu = (60, 12) if number == 13 else (70, 1.2) if number == 6 else (8, 1.2)
            model.call(handle, 2, inside, 0, number * 90, wall)
            model.sample(inside, number * 90, wall, cpu=int(cpu * PERIOD))
        one, = findings(model.blocks("anomaly"))
        self.assertEqual(one.numbers[START], 13 * 90 * PERIOD)
        self.assertIn("handle took 600 ms", one.texts[MESSAGE][0])

    def test_where_calls_may_look_like_one_more_is_asked_for(self):
        durations = [5, 6, 5, 5, 4, 5] * 4
        self.assertEqual(rules(self.model([*durations, 50, 5], gap=3).blocks("anomaly")), ["outlier"])
        self.assertEqual(rules(self.model([*durations, 50, 5], gap=1).blocks("anomaly")), [])
        one, = findings(self.model([*durations, 60, 5], gap=1).blocks("anomaly"))
        self.assertIn("There is 10.0 ms of work from the longest to the next like call: as such may look like one, it took "
                      "11.3 times the median to stand out.", one.lists[EVIDENCE])

    def test_where_calls_may_look_like_one_only_what_was_seen_counts(self):
        durations = [5, 6, 5, 5, 4, 5] * 4
        self.assertEqual(rules(self.model([*durations, 60, 5], gap=1, every=2).blocks("anomaly")), [])
        self.assertEqual(rules(self.model([*durations, 60, 5], gap=3, every=2).blocks("anomaly")), ["outlier"])

    def test_where_calls_may_look_like_one_in_uneven_numbers_more_is_asked_for(self):
        uneven = [4, 4, 5, 5, 6, 15, 15] * 4  # the median is 5, the mean 7.6
        for periods, expected in ((60, []), (64, ["outlier"])):
            self.assertEqual(rules(self.model([*uneven, periods, 5], seconds=20, gap=1).blocks("anomaly")), expected)

    def test_the_importer_loads_another_module_each_time(self):
        durations = [5, 5, 6, 5, 4, 5, 80, 5, 5, 6]
        for module, expected in (("importlib._bootstrap", []), ("json.decoder", ["outlier"])):
            model = self.model(durations, name="exec", file=LIBRARY + "x.py", flags=STDLIB, module=module)
            self.assertEqual(rules(model.blocks("anomaly")), expected)

    def test_where_calls_may_look_like_one_the_same_parts_again_make_it_a_note(self):
        durations = [5] * 25 + [70] + [5] * 4
        for part, level in ((5, 1), (60, 2)):
            model = Program()
            main, handle, step = model.function("main"), model.function("handle"), model.function("step")
            inside = model.stack((main, 5), (handle, 11), (step, 21))
            model.call(main, 1, model.stack((main, 5)), -1, 0, 1000)
            at = 0
            for periods in durations:
                row = sum(line.startswith("call|") for line in model.lines)
                model.call(handle, 2, model.stack((main, 5), (handle, 11)), 0, at, periods)
                for start in range(0, periods, part):
                    model.call(step, 3, inside, row, at + start, min(part, periods - start))
                model.sample(inside, at, periods)
                at += periods + 1
            one = next(each for each in findings(model.blocks("anomaly")) if each.texts[FUNCTION] == ["handle"])
            with self.subTest(part=part):
                self.assertEqual((one.texts[RULE], one.numbers[LEVEL]), (["outlier"], level))

    def test_a_wait_for_a_lock_between_calls_does_not_keep_them_apart(self):
        durations = [5] * 25 + [30] + [5] * 4
        for state, expected in ((LOCK, []), (SLEEP, ["outlier"])):
            model = Program()
            main, handle = model.function("main"), model.function("handle")
            inside, lock = model.stack((main, 5), (handle, 11)), model.stack((main, 4))
            model.call(main, 1, model.stack((main, 5)), -1, 0, 1000)
            at = 0
            for periods in durations:
                model.call(handle, 2, inside, 0, at, periods)
                model.sample(inside, at, periods, SLEEP)
                model.sample(lock, at + periods, 10, state)
                at += periods + 10
            with self.subTest(state=state):
                self.assertEqual(rules(model.blocks("anomaly")), expected)

    def test_a_wait_for_others_is_a_note_and_for_the_interpreter_s_lock_no_work(self):
        for state, expected in ((GIL_WAIT, []), (LOCK, [1]), (IO, [2])):
            model = Program()
            main, handle = model.function("main"), model.function("handle")
            inside = model.stack((main, 5), (handle, 11))
            model.call(main, 1, model.stack((main, 5)), -1, 0, 1000)
            for number in range(10):
                model.call(handle, 2, inside, 0, number * 90, 85 if number == 6 else 5)
                model.sample(inside, number * 90, 5)
                model.sample(inside, number * 90 + 5, 80 if number == 6 else 0, state)
            with self.subTest(state=state):
                self.assertEqual([one.numbers[LEVEL] for one in findings(model.blocks("anomaly"))], expected)

    def test_outliers_that_come_regularly(self):
        one, = findings(self.model(([5] * 9 + [80]) * 5).blocks("anomaly"))
        self.assertIn("They come regularly: every 10 calls.", one.lists[EVIDENCE])
        one, = findings(self.model([5] * 9 + [80] + [5] * 3 + [80] + [5] * 20 + [80] + [5] * 5 + [80]).blocks("anomaly"))
        self.assertNotIn("regularly", " ".join(one.lists[EVIDENCE]))

    def test_the_bottom_of_threads_is_no_call(self):
        model = Program(10, [f"thread-{n}" for n in range(12)])
        bootstrap = model.function("Thread._bootstrap", LIBRARY + "threading.py", STDLIB)
        stack = model.stack((bootstrap, 5))
        for thread in range(12):
            model.call(bootstrap, 1, stack, -1, 0, 900 if thread == 3 else 10, thread)
            model.sample(stack, 0, 900 if thread == 3 else 10, thread=thread)
        self.assertEqual(findings(model.blocks("anomaly")), [])

    def test_of_recursion_only_the_outermost_counts(self):
        model = Program()
        walk = model.function("walk")
        frames = [(walk, 5)] * 10
        for depth in range(1, 11):
            model.call(walk, depth, model.stack(*frames[:depth]), depth - 2, 0, 1000 - depth * 99)
        blocks = model.blocks("anomaly")
        self.assertEqual(findings(blocks), [])
        self.assertIn("Compared 0 calls", next(block for block in blocks if block.kind == TEXT).text[0])

    def test_a_call_within_an_outlier_is_only_in_the_table(self):
        model = Program()
        main, handle, burn = model.function("main"), model.function("handle"), model.function("burn")
        model.call(main, 1, model.stack((main, 5)), -1, 0, 200)
        for number in range(10):
            periods = 80 if number == 6 else 5
            at = number * 8 + (75 if number > 6 else 0)
            model.call(handle, 2, model.stack((main, 5), (handle, 11)), 0, at, periods)
            model.call(burn, 3, model.stack((main, 5), (handle, 11), (burn, 21)), 1 + 2 * number, at, periods)
            model.sample(model.stack((main, 5), (handle, 11), (burn, 21)), at, periods)
        blocks = model.blocks("anomaly")
        one, = findings(blocks)
        self.assertEqual(one.texts[FUNCTION], ["handle"])
        self.assertIn("burn (app.py:21)", " ".join(one.lists[EVIDENCE]))
        self.assertEqual(len(table(blocks, "outliers").cells), 2 * 7)

    def test_calls_that_get_slower_each_time(self):
        one, = findings(self.model([4 * n for n in range(1, 13)]).blocks("anomaly"))
        self.assertEqual(one.texts[RULE], ["slower-each-time"])
        self.assertIn("handle got slower over its 12 calls", one.texts[MESSAGE][0])
        self.assertIn("from 100 ms to 420 ms", one.texts[MESSAGE][0])
        self.assertIn("to the power of 1.0 (Sen's slope), so the sum of n calls as n to the power of 2.0",
                      " ".join(one.lists[EVIDENCE]))

    def test_calls_that_may_look_like_one_get_slower_as_a_note(self):
        for gap, level in ((1, 1), (2, 2)):
            one, = findings(self.model([4 * n for n in range(1, 13)], gap=gap, seconds=4).blocks("anomaly"))
            self.assertEqual((one.texts[RULE], one.numbers[LEVEL]), (["slower-each-time"], level))

    def test_a_machine_that_gets_busier_does_not_make_calls_slower(self):
        for cpu, expected in ((1, []), (None, ["slower-each-time"])):
            model = Program()
            main, handle = model.function("main"), model.function("handle")
            inside = model.stack((main, 5), (handle, 11))
            model.call(main, 1, model.stack((main, 5)), -1, 0, 1000)
            for number in range(12):
                model.call(handle, 2, inside, 0, number * 80, 5 * number + 5)
                model.sample(inside, number * 80, 5 * number + 5, cpu=cpu and cpu * PERIOD)
            self.assertEqual(rules(model.blocks("anomaly")), expected)

    def test_what_does_not_get_slower(self):
        for name, durations in {"faster": [4 * n for n in range(12, 0, -1)],
                                "little": [50 + n for n in range(12)],
                                "seven": [4 * n for n in range(1, 8)],
                                "up and down": [10, 60, 12, 58, 9, 61, 11, 60, 10, 59, 60, 61]}.items():
            with self.subTest(name):
                self.assertNotIn("slower-each-time", rules(self.model(durations).blocks("anomaly")))

    def burst(self, close, apart, **options):
        model = Program(60)
        main, handle = model.function("main"), model.function("handle", **options)
        inside = model.stack((main, 5), (handle, 11))
        model.call(main, 1, model.stack((main, 5)), -1, 0, 6000)
        starts = [n * 5500 // apart for n in range(apart)] + [3003 + n * 4 for n in range(close)]
        for at in sorted(starts):
            model.call(handle, 2, inside, 0, at, 1)
        return model.blocks("anomaly")

    def test_a_burst_is_a_note(self):
        one, = findings(self.burst(20, 12))
        self.assertEqual((one.texts[RULE], one.numbers[LEVEL]), (["burst"], 1))
        self.assertEqual(one.texts[MESSAGE], ["16 of 32 calls of handle began within 610 ms, at 30.03 s"])

    def test_what_is_no_burst(self):
        self.assertEqual(findings(self.burst(7, 8)), [])
        self.assertEqual(findings(self.burst(9, 30)), [])
        self.assertEqual(findings(self.burst(20, 2)), [])
        self.assertEqual(findings(self.burst(20, 12, file="/usr/lib/python3.11/json/__init__.py",
                                             flags=STDLIB)), [])


class Memleak(unittest.TestCase):
    def blocks(self, megabytes, every=1, imports=()):
        model = Program(int(len(megabytes) * every) or 1)
        model.lines += [f"import|{int(end * SECOND)}|0|0|module|{ms * 1000}" for end, ms in imports]
        main, keep, idle = model.function("main"), model.function("keep"), model.function("idle")
        for second in range(len(megabytes)):
            model.sample(model.stack((main, 5), (keep, 9)), second * 100, 20)
            model.sample(model.stack((main, 6), (idle, 12)), second * 100 + 20, 80, SLEEP)
        model.counter("rss", [(n * every, int(value * 1e6)) for n, value in enumerate(megabytes)])
        for name, last in (("gc_collections", 7), ("gc_collected", 40), ("gc_uncollectable", 0)):
            model.counter(name, [(0, 0), (len(megabytes), last)])
        return model.blocks("memleak")

    def test_steady_growth(self):
        blocks = self.blocks([20] * 2 + [20 + 2 * n for n in range(18)])
        one, = findings(blocks)
        self.assertEqual(one.texts[RULE], ["growth"])
        self.assertRegex(one.texts[MESSAGE][0], r"^memory grows by 120 MB a minute after the warm-up "
                                                r"\(99 %: 120 to 120\): by 34.0 MB in 17.0 s$")
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE]), (2, 2))
        self.assertEqual(one.numbers[IMPACT_BYTES], 34_000_000)
        evidence = " ".join(one.lists[EVIDENCE])
        self.assertIn("17 are higher than the one before and 0 lower", evidence)
        self.assertIn("(100 % of the growth) came in seconds in which keep (app.py:9) was seen, which has 100 % of the running time",
                      evidence)
        self.assertIn("ran 7 times, freed 40 objects and left 0 that it could not free: what grows is", evidence)
        self.assertEqual((one.texts[FUNCTION], one.numbers[LINE]), (["keep"], 9))
        self.assertEqual([block.kind for block in blocks], [FINDING, TABLE, CHART])

    def test_a_line_that_is_there_no_more_than_otherwise_is_no_place(self):
        """Two lines run in turn, whatever memory does; then one of them only where it grows fast."""
        for fast, place in ((None, []), (3, ["keep"])):
            model = Program(40)
            main, keep, idle = model.function("main"), model.function("keep"), model.function("idle")
            megabytes = [20.0]
            for second in range(40):
                is_fast = fast and second % fast == 0
                megabytes.append(megabytes[-1] + (3 if is_fast else 1))
                part = 90 if is_fast else 20 if fast else 50
                model.sample(model.stack((main, 5), (keep, 9)), second * 100, part)
                model.sample(model.stack((main, 6), (idle, 12)), second * 100 + part, 100 - part)
            model.counter("rss", [(n, int(value * 1e6)) for n, value in enumerate(megabytes)])
            one, = findings(model.blocks("memleak"))
            with self.subTest(fast=fast):
                self.assertEqual(one.texts[FUNCTION], place)
                self.assertEqual("Where it grows is not known" in " ".join(one.lists[EVIDENCE]), not place)

    def test_what_imports_and_what_ends_the_process_do_is_left_out(self):
        steady = [20 + 2 * n for n in range(20)]
        for imports, first, readings in (((), 2, 18), ([(6, 40)], 6, 14), ([(6, 10)], 2, 18), ([(12, 40)], 2, 18)):
            one, = findings(self.blocks(steady, imports=imports))
            self.assertIn(f"{20 + 2 * first}.0 MB at {first}.00 s, 58.0 MB at 19.00 s: {readings} readings",
                          " ".join(one.lists[EVIDENCE]))
        given_up = Program(20)
        given_up.counter("rss", [(n, int(value * 1e6)) for n, value in enumerate(steady)] + [(19.95, 10_000_000)])
        one, = findings(given_up.blocks("memleak"))
        self.assertIn("58.0 MB at 19.00 s: 18 readings", " ".join(one.lists[EVIDENCE]))

    def test_noise_does_not_hide_it(self):
        noisy = [30 + 1.0 * n + (0.4 if n % 3 else -0.4) for n in range(40)]
        one, = findings(self.blocks(noisy))
        self.assertEqual(one.numbers[CONFIDENCE], 3)
        self.assertRegex(one.texts[MESSAGE][0], r"^memory grows by (59|60)")

    def test_a_small_step_down_among_few_does_not_hide_it(self):
        """As large a step down does; among more steps, how many there are counts."""
        steady = [20, 20, 24, 27, 31, 37, 42, 48, 55, 63, 72, 82]
        small, large = steady[:8] + [47, *steady[8:-1]], steady[:8] + [33, *steady[8:-1]]
        one, = findings(self.blocks(small))
        self.assertIn("10 readings behind the warm-up, of which 8 are higher than the one before and 1 lower (signed-rank test: "
                      "chance 0.0039)", " ".join(one.lists[EVIDENCE]))
        blocks = self.blocks(large)
        self.assertEqual(findings(blocks), [])
        self.assertIn("its steps up may be chance", next(block for block in blocks if block.kind == TEXT).text[0])
        sawtooth = [20 + n - 6 * (n // 10) for n in range(60)]
        one, = findings(self.blocks(sawtooth))
        self.assertRegex(" ".join(one.lists[EVIDENCE]), r"48 are higher than the one before and 5 lower \(sign test: chance")

    def test_what_is_no_leak(self):
        cases = {
            "flat": ([50] * 20, "slope may be zero"),
            "a jump": ([20] * 10 + [80] * 10, "stopped growing|slope may be zero"),
            "a level": ([20 + 6 * n for n in range(14)] + [98] * 8, "stopped growing"),
            "falls": ([90 - n for n in range(20)], "slope may be zero"),
            "a saw": ([50 + n % 5 for n in range(40)], "slope may be zero|chance"),
            "too little": ([100 + 0.04 * n for n in range(20)], "less than 1 % and 1 MB"),
            "at the start only": ([10 * n for n in range(4)] + [40] * 36, "slope may be zero"),
        }
        for name, (megabytes, reason) in cases.items():
            with self.subTest(name):
                blocks = self.blocks(megabytes)
                self.assertEqual(findings(blocks), [])
                text = next(block for block in blocks if block.kind == TEXT).text[0]
                self.assertRegex(text, reason)
                self.assertIn("census", text)

    def test_too_few_readings_are_said_so(self):
        blocks = self.blocks([20 + 5 * n for n in range(8)])
        self.assertEqual(findings(blocks), [])
        self.assertIn("there are 7 readings of memory behind the warm-up, and 8 are needed",
                      next(block for block in blocks if block.kind == TEXT).text[0])
        self.assertEqual(len(findings(self.blocks([20 + 5 * n for n in range(9)]))), 1)

    def test_no_readings_at_all(self):
        blocks = Program().blocks("memleak")
        self.assertEqual([block.kind for block in blocks], [TEXT])


if __name__ == "__main__":
    unittest.main()
