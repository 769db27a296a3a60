"""waits and startup over models made by hand."""

import unittest

from sdk.program import (CONFIDENCE, EVIDENCE, FUNCTION, GIL_WAIT, IMPACT_NS, IO, LEVEL, LIBRARY, LOCK, MESSAGE, NEXT, OTHER,
                         PERIOD, PROJECT, RULE, RUNNING, SECOND, SLEEP, STDLIB, TEXT, THREAD, Program, findings, rules, table)


class Waits(unittest.TestCase):
    def library(self, model, *frames):
        """Rows of (file, name, line) of the standard library."""
        return [(model.function(name, LIBRARY + file, STDLIB), line) for file, name, line in frames]

    def model(self, *leaf, state=OTHER, stretches=20, periods=30, cpu_share=0.02, is_main=True):
        """One place waits `stretches` times, with two periods of work between."""
        model = Program(10, ("MainThread", "worker"))
        main, fetch = model.function("main"), model.function("fetch")
        inside = model.stack((main, 5), (fetch, 41), *self.library(model, *leaf))
        outside = model.stack((main, 6))
        thread = 0 if is_main else 1
        if not is_main:
            join = self.library(model, ("threading.py", "Thread.join", 1119))
            model.sample(model.stack((main, 8), *join), 0, 1000, OTHER)
        for number in range(stretches):
            model.sample(inside, number * (periods + 2), periods, state, thread=thread)
            model.sample(outside, number * (periods + 2) + periods, 2, thread=thread)
        points = [(n, int(n * cpu_share * 1_000_000)) for n in range(11)]
        model.counter("cpu_user", points)
        model.counter("cpu_system", [(n, 0) for n in range(11)])
        return model

    def test_the_main_thread_waits_for_io(self):
        blocks = self.model(("ssl.py", "SSLSocket.recv", 1295)).blocks("waits")
        one, = findings(blocks)
        self.assertEqual(one.texts[RULE], ["mostly-waiting"])
        self.assertEqual(one.texts[MESSAGE],
                         ["fetch (app.py:41) waits 6.00 s of 10.0 s (60 %) with the CPU idle"])
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE], one.numbers[IMPACT_NS]), (2, 3, 6 * SECOND))
        evidence = " ".join(one.lists[EVIDENCE])
        self.assertIn("600 samples of thread MainThread, from 0.00 s to 6.38 s, in 20 separate stretches, "
                      "the longest 300 ms", evidence)
        self.assertIn("the process 2.0 % of a core by its counters, the thread 0 % by its samples", evidence)
        self.assertIn("Innermost: SSLSocket.recv at ssl.py:1295.", evidence)
        self.assertIn("It waited for IO.", evidence)
        self.assertIn("app.py:41", one.lists[NEXT][0])
        self.assertEqual(table(blocks, "places").cells[:5], ["1", "41", "IO", "MainThread", str(6 * SECOND)])

    def test_causes(self):
        cases = {
            "not known": ((), OTHER), "IO": ((), IO), "a timer": ((), SLEEP),
            "a child process": ((("subprocess.py", "Popen.wait", 9), ("subprocess.py", "Popen._wait", 3)), OTHER),
            "work to do": ((("queue.py", "Queue.get", 171), ("threading.py", "Condition.wait", 3)), OTHER),
            "an event": ((("threading.py", "Event.wait", 6), ("threading.py", "Condition.wait", 3)), OTHER),
            "another thread": ((("queue.py", "Queue.put", 4), ("threading.py", "Condition.wait", 3)), LOCK),
            "a lock": ((("logging/__init__.py", "Handler.acquire", 6),), OTHER),
            "the interpreter's lock": ((), GIL_WAIT),
        }
        for word, (leaf, state) in cases.items():
            with self.subTest(word):
                blocks = self.model(*leaf, state=state).blocks("waits")
                self.assertEqual(table(blocks, "places").cells[2], word)
                self.assertEqual(rules(blocks), ["mostly-waiting"]
                                 if word in ("not known", "IO", "a timer", "a child process") else [])

    def test_what_a_thread_used_before_it_waited_is_not_held_against_it(self):
        for stretches, periods, cpu, expected in ((300, 1, 0.45, True), (300, 1, 0.65, False), (30, 20, 0.45, False)):
            model = Program(10)
            main, fetch = model.function("main"), model.function("fetch")
            inside = model.stack((main, 5), (fetch, 41), *self.library(model, ("subprocess.py", "Popen.wait", 9)))
            outside = model.stack((main, 6))
            for number in range(stretches):
                at = number * (periods + 1)
                model.sample(inside, at, periods, OTHER, cpu=int(cpu * periods * PERIOD))
                model.sample(outside, at + periods, 1, SLEEP)
            with self.subTest(periods=periods, cpu=cpu):
                found = [one for one in findings(model.blocks("waits")) if "app.py:41" in one.texts[MESSAGE][0]]
                self.assertEqual(bool(found), expected)

    def test_an_unknown_cause_is_less_sure(self):
        one, = findings(self.model().blocks("waits"))
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE]), (2, 1))
        one, = findings(self.model(stretches=3, periods=200).blocks("waits"))
        self.assertEqual(one.numbers[LEVEL], 1)

    def test_one_wait_for_a_child_is_a_note_many_are_a_warning(self):
        wait = ("subprocess.py", "Popen.wait", 9)
        self.assertEqual(findings(self.model(wait, stretches=3, periods=200).blocks("waits"))[0].numbers[LEVEL], 1)
        self.assertEqual(findings(self.model(wait).blocks("waits"))[0].numbers[LEVEL], 2)

    def test_guards(self):
        cases = {
            "the process computes meanwhile": self.model(cpu_share=0.9),
            "too short": self.model(stretches=6),
            "a worker beside a main thread that does not wait for it": None,
            "nothing": Program(),
        }
        beside = Program(10, ("MainThread", "worker"))
        main, serve = beside.function("main"), beside.function("serve")
        beside.sample(beside.stack((main, 5)), 0, 1000)
        beside.sample(beside.stack((serve, 7)), 0, 1000, OTHER, thread=1)
        alive = self.model(cpu_share=0.02)
        alive.sample(alive.stack((alive.function("compute"), 9)), 0, 640, thread=1, cpu=2 * PERIOD)
        cases["another thread would run if it had a core"] = alive
        cases["a worker beside a main thread that does not wait for it"] = beside
        for name, model in cases.items():
            with self.subTest(name):
                blocks = model.blocks("waits")
                self.assertEqual(findings(blocks), [])
                self.assertIn("clean", [block.key for block in blocks])

    def test_a_worker_counts_while_the_main_thread_waits_for_it(self):
        one, = findings(self.model(is_main=False).blocks("waits"))
        self.assertEqual(one.texts[FUNCTION], ["fetch"])
        self.assertEqual(one.texts[THREAD], ["worker"])
        self.assertEqual(one.numbers[IMPACT_NS], 6 * SECOND)

    def test_waits_that_overlap_are_a_note(self):
        for in_turn, level in ((True, 2), (False, 1)):
            model = Program(10, ("MainThread", "one", "two", "three"))
            main, fetch = model.function("main"), model.function("fetch")
            join = self.library(model, ("threading.py", "Thread.join", 1119))
            model.sample(model.stack((main, 8), *join), 0, 1000, OTHER)
            inside, outside = model.stack((fetch, 41)), model.stack((main, 6))
            for thread in (1, 2, 3):
                for number in range(15 if in_turn else 30):
                    at = number * 60 + 20 * (thread - 1) if in_turn else number * 31
                    model.sample(inside, at, 30, IO, thread=thread)
                    model.sample(outside, at + 30, 30 if in_turn else 1, OTHER, thread=thread)
            one = next(each for each in findings(model.blocks("waits")) if each.texts[FUNCTION] == ["fetch"])
            with self.subTest(in_turn=in_turn):
                self.assertEqual(one.numbers[LEVEL], level)

    def loop(self, *frames, state=SLEEP, stretches=4, periods=30, thread=0):
        """An event loop with callbacks that end in `frames`, and its own wait for events between."""
        model = Program(10, ("MainThread", "worker"))
        once = [(model.function("BaseEventLoop._run_once", LIBRARY + "asyncio/base_events.py", STDLIB), 1922)]
        run = [(model.function("Handle._run", LIBRARY + "asyncio/events.py", STDLIB), 80)]
        select = self.library(model, ("selectors.py", "EpollSelector.select", 468))
        main, handle = model.function("main"), model.function("handle")
        frames = [(model.function(name), 7) for name in frames]
        held = model.stack((main, 5), *(once + run if thread == 0 else []), (handle, 21), *frames)
        for number in range(stretches):
            model.sample(held, number * (periods + 9), periods, state, thread=thread)
            model.sample(model.stack((main, 5), *once, *select), number * (periods + 9) + periods, 9, IO, thread=thread)
        return model.blocks("waits")

    def test_a_wait_in_a_callback_holds_up_the_event_loop(self):
        one, = findings(self.loop("read_slowly"))
        self.assertEqual((one.texts[RULE], one.texts[FUNCTION], one.numbers[LEVEL]), (["loop-blocked"], ["read_slowly"], 2))
        self.assertEqual(one.texts[MESSAGE], [
            "read_slowly (app.py:7) waits 1.20 s (12 % of the run) inside of the event loop, up to 300 ms in a row: "
            "nothing else of the loop runs meanwhile"])
        self.assertEqual((one.numbers[CONFIDENCE], one.numbers[IMPACT_NS]), (3, 1_200_000_000))
        self.assertIn("in 4 separate stretches", " ".join(one.lists[EVIDENCE]))

    def test_what_holds_up_no_event_loop(self):
        self.assertEqual(findings(self.loop(stretches=2))[0].numbers[LEVEL], 1)
        for name, blocks in {"waits below 100 ms": self.loop(periods=9, stretches=20),
                             "less than 5 % of the run": self.loop(periods=12, stretches=4),
                             "the interpreter's lock": self.loop(state=GIL_WAIT),
                             "it computes": self.loop(state=RUNNING),
                             "a thread beside the loop": self.loop(thread=1)}.items():
            with self.subTest(name):
                self.assertEqual(findings(blocks), [])

    def lock(self, threads, periods=20, stretches=8, text="with lock:", others=(), beside=()):
        """Threads wait at one line, and go on with something else in between; `others` is what is innermost then, `beside` what
        another thread has innermost all the while."""
        model = Program(10, ["MainThread"] + [f"worker-{n}" for n in range(threads)])
        main, take = model.function("main"), model.function("take")
        if text:
            model.lines.append(f"source|0|7|{text}")
        above = [(take, 8), *self.library(model, *beside)] if beside else [(main, 5)]
        model.sample(model.stack(*above), 0, 1000, OTHER if beside else RUNNING)
        for thread in range(threads):
            for number in range(stretches):
                at = number * (periods + 5)
                model.sample(model.stack((take, 7), *self.library(model, *others)), at, periods, LOCK, thread=thread + 1)
                model.sample(model.stack((model.function("work"), 9)), at + periods, 5, thread=thread + 1)
        return model.blocks("waits")

    def test_threads_that_wait_for_a_lock(self):
        one, = findings(self.lock(3))
        self.assertEqual((one.texts[RULE], one.numbers[LEVEL], one.numbers[CONFIDENCE]), (["lock"], 2, 3))
        self.assertEqual(one.texts[MESSAGE], ["3 threads waited 4.80 s together for a lock at app.py:7 in take"])
        self.assertIn("The line: with lock:", one.lists[EVIDENCE])
        self.assertEqual(findings(self.lock(1)), [])
        self.assertEqual(findings(self.lock(3, periods=3)), [])
        self.assertEqual(findings(self.lock(3, periods=100, stretches=2)), [])

    def test_one_thread_that_waits_for_a_lock_for_most_of_its_life(self):
        one, = findings(self.lock(1, periods=900, stretches=1))
        self.assertEqual((one.texts[RULE], one.numbers[LEVEL]), (["lock"], 2))
        self.assertEqual(one.texts[MESSAGE], ["Thread worker-0 waited 9.00 s of its 10.0 s for a lock at app.py:7 in take"])
        for text in ("lock.acquire()", "with locks.get():", "item = jobs.get()", ""):
            self.assertEqual(findings(self.lock(1, periods=900, stretches=1, text=text)), [], text)
        self.assertEqual(findings(self.lock(1, periods=400, stretches=1)), [])

    def test_the_line_must_take_a_lock(self):
        for text, level, confidence in (("lock.acquire()", 2, 2), ("with self.lock_of(name):", 2, 2), ("", 1, 1)):
            one, = findings(self.lock(3, text=text))
            with self.subTest(text):
                self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE]), (level, confidence))
        self.assertEqual(findings(self.lock(3, text="item = jobs.get()")), [], "idle workers")
        handler = ("logging/__init__.py", "Handler.acquire", 6)
        one, = findings(self.lock(3, text="log.info('x')", others=[handler]))
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE]), (2, 3))

    def test_threads_that_take_turns_in_waiting_for_work(self):
        self.assertEqual(findings(self.lock(3, beside=[("socket.py", "socket.accept", 4)])), [])
        self.assertEqual(rules(self.lock(3, beside=[("ssl.py", "SSLSocket.recv", 4)])), ["mostly-waiting", "lock"])

    def test_a_thread_that_waits_for_the_lock_to_go_on_waiting_does_not_compute(self):
        model = Program(10, ("MainThread", "server"))
        main, write = model.function("main"), model.function("write")
        model.sample(model.stack((main, 5)), 0, 1000, cpu=90 * PERIOD)
        for number in range(100):
            model.sample(model.stack((write, 9)), number * 10, 2, RUNNING, thread=1, cpu=PERIOD // 20)
            model.sample(model.stack((write, 9)), number * 10 + 2, 6, GIL_WAIT, thread=1)
            model.sample(model.stack((write, 9)), number * 10 + 8, 2, SLEEP, thread=1)
        model.counter("cpu_user", [(n, n * 95_000) for n in range(11)])
        model.counter("cpu_system", [(n, 0) for n in range(11)])
        self.assertEqual(findings(model.blocks("waits")), [])

    def gil(self, cores, busy=2, state=OTHER):
        model = Program(10, ["MainThread"] + [f"worker-{n}" for n in range(busy)])
        crunch = model.function("crunch")
        stack = model.stack((crunch, 4))
        for thread in range(busy):
            for number in range(100):
                for turn in range(busy):
                    running = turn == thread
                    model.sample(stack, number * 10 + turn * (10 // busy), 10 // busy,
                                 RUNNING if running else state, thread=thread + 1)
        model.counter("cpu_user", [(n, int(n * cores * 1_000_000)) for n in range(11)])
        model.counter("cpu_system", [(n, 0) for n in range(11)])
        model.counter("switches_voluntary", [(0, 5), (10, 2005)])
        return model.blocks("waits")

    def test_threads_that_share_the_interpreters_lock(self):
        one, = findings(self.gil(1))
        self.assertEqual(one.texts[RULE], ["gil-contention"])
        self.assertEqual(one.texts[MESSAGE], ["2 threads computed at the same time for 10.0 s and were off the CPU "
                                              "for 10.0 s of it together, mostly in crunch"])
        self.assertEqual(one.numbers[CONFIDENCE], 2)
        self.assertIn("2000 times", " ".join(one.lists[EVIDENCE]))
        self.assertEqual(findings(self.gil(1, state=GIL_WAIT))[0].numbers[CONFIDENCE], 3)

    def test_counters_and_samples_must_agree(self):
        self.assertEqual(findings(self.gil(1.9)), [])
        self.assertEqual(findings(self.gil(0.3)), [])
        self.assertEqual(len(findings(self.gil(0.3, state=GIL_WAIT))), 1)
        self.assertEqual(len(findings(self.gil(0.05, state=GIL_WAIT))), 1, "the machine was busy")
        self.assertEqual(findings(self.gil(1.9, state=GIL_WAIT)), [])
        self.assertEqual(findings(self.gil(1, busy=1)), [])


class Threads(unittest.TestCase):
    """A thread for each request: 200 have rows of their own, the others share rows by their names."""

    def model(self, names):
        model = Program(10, ("MainThread", *names))
        stack = model.stack((model.function("serve"), 5))
        for thread in range(len(names) + 1):
            model.sample(stack, thread, 2, IO, thread, cpu=0)
        return model

    def rows(self, plugin, key, columns, names):
        found = table(self.model(names).blocks(plugin), key)
        rows = [found.cells[i:i + columns] for i in range(0, len(found.cells), columns)]
        self.assertEqual(len(found.cells), len(rows) * columns)
        return rows, found.text[0]

    def test_199_have_their_own(self):
        names = [f"Thread-{i} (serve)" for i in range(1, 200)]
        for plugin, key, columns in (("hotspots", "threads", 7), ("waits", "threads", 11), ("waits", "places", 7)):
            rows, text = self.rows(plugin, key, columns, names)
            self.assertEqual(len(rows), 200)
            self.assertNotIn("others", text)

    def test_more_share_a_row(self):
        names = [f"Thread-{i} (serve)" for i in range(1, 320)]
        shared = "others: Thread-# (serve)"
        rows, text = self.rows("hotspots", "threads", 7, names)
        self.assertEqual((len(rows), rows[199][0], rows[200]),
                         (201, "Thread-199 (serve)",
                          [shared, "0", str(240 * PERIOD), str(120 * SECOND), "240", "0", str(10 * SECOND)]))
        self.assertIn("Each of the 200 threads that lived longest is told by itself, the 120 others together", text)
        rows, _ = self.rows("waits", "threads", 11, names)
        self.assertEqual((len(rows), rows[200][0], sum(map(int, rows[200][1:]))), (201, shared, 240 * PERIOD))
        rows, _ = self.rows("waits", "places", 7, names)
        self.assertEqual((len(rows), rows[200][3:]), (201, [shared, str(240 * PERIOD), "120", str(2 * PERIOD)]))

    def test_behind_fifty_names_there_is_one_for_all(self):
        names = [f"Thread-{i}" for i in range(1, 200)] + [chr(97 + i // 26) + chr(97 + i % 26) for i in range(60)]
        rows, _ = self.rows("hotspots", "threads", 7, names)
        self.assertEqual([row[0] for row in rows[200:203]], ["others: aa", "others: ab", "others: ac"])
        self.assertEqual((len(rows), rows[250][0], rows[250][4]), (251, "others", "20"))


LOADER = ("<frozen importlib._bootstrap>", STDLIB)


class Startup(unittest.TestCase):
    def setUp(self):
        self.model = Program(10)
        self.program = (self.model.function("<module>"), 3)
        self.loader = (self.model.function("_find_and_load", *LOADER, "importlib._bootstrap"), 1176)

    def body(self, module, line, flags=PROJECT):
        file = f"/home/me/{module}.py" if flags == PROJECT else f"/lib/site-packages/{module.replace('.', '/')}.py"
        return (self.model.function("<module>", file, flags, module), line)

    def imported(self, at, thread, stack, name, ms):
        self.model.lines.append(f"import|{at * 1_000_000}|{thread}|{stack}|{name}|{ms * 1000}")

    def test_by_samples(self):
        heavy, middle = self.body("heavy", 7), self.body("middle", 2)
        self.model.sample(self.model.stack(self.program, self.loader, middle), 0, 4)
        self.model.sample(self.model.stack(self.program, self.loader, middle, self.loader, heavy), 4, 60)
        self.model.sample(self.model.stack(self.program), 64, 900)
        blocks = self.model.blocks("startup")
        one, = findings(blocks)
        self.assertEqual(one.texts[RULE], ["slow-import"])
        self.assertEqual(one.texts[MESSAGE], ["importing heavy took 600 ms of its own, from 0.04 s on"])
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE], one.numbers[IMPACT_NS]), (1, 2, 600_000_000))
        self.assertIn("Imported by: app.py:3, middle.py:2.", one.lists[EVIDENCE])
        self.assertIn("heavy.py:7", one.lists[NEXT][0])
        self.assertIn("within the function that needs it, if not every run does: it is asked for at middle.py:2",
                      one.lists[NEXT][1])
        self.assertEqual(table(blocks, "imports").cells,
                         ["heavy", "600000000", "600000000", "40000000", "middle.py:2",
                          "middle", "40000000", "640000000", "0", "app.py:3"])

    def test_events_are_exact(self):
        asked = self.model.stack(self.program)
        inner = self.model.stack(self.program, self.loader, self.body("middle", 2))
        self.imported(300, 0, inner, "heavy", 250)
        self.imported(310, 0, inner, "light", 5)
        self.imported(320, 0, asked, "middle", 290)
        self.imported(900, 0, asked, "later", 40)
        blocks = self.model.blocks("startup", "--option", f"min-time={200_000_000}")
        cells = table(blocks, "imports").cells
        rows = {cells[i]: cells[i + 1:i + 3] for i in range(0, len(cells), 5)}
        self.assertEqual(rows, {"heavy": ["250000000", "250000000"], "light": ["5000000", "5000000"],
                                "middle": ["35000000", "290000000"], "later": ["40000000", "40000000"]})

    def test_the_table_holds_the_thousand_that_took_longest(self):
        asked = self.model.stack(self.program)
        for i in range(1001):
            self.imported(2 + i * 2, 0, asked, f"m{i}", 1)
        self.imported(9000, 0, asked, "z", 40)
        found = table(self.model.blocks("startup"), "imports")
        self.assertEqual((len(found.cells), found.cells[-5]), (5 * 1000, "z"))
        self.assertIn("Left out: 2 imports that took 1.00 ms or less with all that they imported.", found.text[0])

    def test_a_slow_import_by_events_is_sure(self):
        self.imported(1000, 0, self.model.stack(self.program), "heavy", 1000)
        one, = findings(self.model.blocks("startup"))
        self.assertEqual((one.numbers[LEVEL], one.numbers[CONFIDENCE]), (2, 3))
        self.assertEqual(one.texts[FUNCTION], ["<module>"])

    def test_modules_of_a_package_are_added_up(self):
        asked = self.model.stack(self.program)
        for number in range(300):
            self.imported(100 + 2 * number, 0, asked, f"big.part{number:03}", 2)
        self.imported(720, 0, asked, "big", 640)
        one, = findings(self.model.blocks("startup"))
        self.assertEqual(one.texts[MESSAGE], ["importing big took 640 ms of its own, from 0.08 s on"])
        self.assertIn("301 modules are added up; the slowest itself is big with 40.0 ms.", one.lists[EVIDENCE])

    def test_a_module_that_lacked_a_core_is_a_note(self):
        for cpu, level in ((60, 2), (20, 1)):
            self.setUp()
            stack = self.model.stack(self.program, self.loader, self.body("heavy", 7))
            self.model.sample(stack, 0, 100, cpu=cpu * PERIOD)
            self.imported(1000, 0, self.model.stack(self.program), "heavy", 1000)
            one, = findings(self.model.blocks("startup"))
            self.assertEqual(one.numbers[LEVEL], level)
            self.assertEqual("For 80 % of that time, the thread was ready to run and lacked a core." in one.lists[EVIDENCE],
                             level == 1)

    def test_a_library_that_is_used_has_its_price(self):
        asked, site = self.model.stack(self.program), 0
        load = self.model.function("load", "/lib/site-packages/big/a.py", site, "big.a")
        for is_used, level in ((False, 2), (True, 1)):
            if is_used:
                self.model.sample(self.model.stack(self.program, (load, 9)), 200, 4)
            self.imported(1000, 0, self.model.stack(self.program, self.loader, self.body("big", 2, site)), "big.a", 1)
            self.imported(1010, 0, asked, "big", 1000)
            one, = findings(self.model.blocks("startup"))
            self.assertEqual(one.numbers[LEVEL], level)
            self.assertEqual("No function of it was seen" in " ".join(one.lists[EVIDENCE]), not is_used)

    def test_what_is_not_slow(self):
        stack = self.model.stack(self.program)
        self.model.sample(stack, 0, 900)
        self.imported(100, 0, stack, "quick", 99)
        self.imported(800, 0, stack, "small", 450)
        self.imported(1900, 0, stack, "other", 490)
        blocks = self.model.blocks("startup")
        self.assertEqual(findings(blocks), [])
        self.assertIn("Checked 3 imports", next(block for block in blocks if block.kind == TEXT).text[0])

    def test_no_imports(self):
        self.model.sample(self.model.stack(self.program), 0, 900)
        self.assertEqual([block.kind for block in self.model.blocks("startup")], [TEXT])


if __name__ == "__main__":
    unittest.main()
