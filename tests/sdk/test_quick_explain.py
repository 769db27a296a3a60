"""explain over models made by hand: the numbers it says, its phases, and text of the program that does nothing."""

import unittest

from sdk import fake

SECOND = 10**9
STDLIB, PROJECT = 1, 2
RUNNING, LOCK, SLEEP = 1, 3, 5
HEAD = f"""\
run|app.py|python app.py --now|{10 * SECOND}|10000000|
process|10|{5 * SECOND}|{10 * SECOND}
module|app|/srv/app.py|{PROJECT}
module|json.encoder|/usr/lib/python3.11/json/encoder.py|{STDLIB}
module|importlib._bootstrap|<frozen importlib._bootstrap>|{STDLIB}
function|<module>|0|1
function|main|0|3
function|load|0|10
function|compute|0|20
function|encode|1|100
function|_find_and_load|2|1
stack|0|0|1
stack|1|5|1
stack|1|1|4
stack|3|2|11
stack|3|3|21
stack|5|4|101
thread|0|MainThread|1|0|{10 * SECOND}|{5 * SECOND}
"""
IMPORT, MAIN, LOAD, COMPUTE, ENCODE = 2, 3, 4, 5, 6


class Story:
    """A model in the making, one sample run after another in the main thread."""

    def __init__(self):
        self.at = 0
        self.lines = []

    def add(self, stack, seconds, state=RUNNING):
        wall = round(seconds * SECOND)
        cpu = wall if state == RUNNING else 0
        self.lines.append(f"sample|0|{stack}|{state}|{wall // 10_000_000}|{self.at}|{wall}|{cpu}")
        self.at += wall
        return self

    def extra(self, line):
        self.lines.append(line)
        return self

    def blocks(self, *options):
        found = fake.blocks(fake.plugin("explainer-explain"), "--empty", *options,
                            model=HEAD + "".join(f"{line}\n" for line in self.lines))
        return {block.key: block.text[0] for block in found}


def whole():
    """Imports, then load, then a wait, then compute with a library."""
    return Story().add(IMPORT, 1).add(LOAD, 3).add(LOAD, 2, SLEEP).add(COMPUTE, 1).add(ENCODE, 3)


def part(text, heading):
    """The paragraph of the explanation that begins with that heading."""
    return text.split(f"**{heading}**")[1].split("\n**")[0].strip()


class Explanation(unittest.TestCase):
    def setUp(self):
        self.blocks = whole().blocks()
        self.text = self.blocks["explanation"]

    def test_what_ran(self):
        self.assertEqual(part(self.text, "What ran."),
                         "`python app.py --now` ran for 10.0 s under Python 3.11.2. It used 5.00 s of CPU, 50 % of "
                         "one core. Its exit code was 0.")

    def test_phases_are_found_and_named(self):
        self.assertEqual(part(self.text, "Over time.").splitlines()[2:], [
            "1. 0.00 s to 1.00 s: imports 100 %.", "2. 1.00 s to 4.00 s: `load` 100 %.",
            "3. 4.00 s to 6.00 s: waiting 100 %.", "4. 6.00 s to 10.00 s: `compute` 100 %."])

    def test_where_the_time_went(self):
        self.assertEqual(
            part(self.text, "Where the time went."),
            "All threads together were running for 8.00 s. Imports took 1.00 s (13 %) of it, the lines of the "
            "program's own code 4.00 s (50 %). The largest parts were in `compute` (`app.py:20`): 4.00 s (50 %) and "
            "`load` (`app.py:10`): 3.00 s (38 %), each with the library code that it calls. Libraries were running "
            "for 3.00 s (38 %): `json` 38 %.")

    def test_waits(self):
        self.assertEqual(part(self.text, "What it waited for."),
                         "All threads together were waiting for 2.00 s: in a sleep 2.00 s (100 %). The longest waits "
                         "were in `load` (`app.py:10`): 2.00 s.")

    def test_messages(self):
        self.assertEqual(part(self.text, "What it said."), "Nothing.")
        story = whole().extra(f"message|{2 * SECOND}|1|20|0|0|app|fine|app.py|1")
        for time in (3, 4):
            story.extra(f"message|{time * SECOND}|1|40|0|0|app|it `broke`\\nhere|app.py|{time}")
        self.assertEqual(part(story.blocks()["explanation"], "What it said."),
                         "2 error log records, 1 lower log record. The first error came at 3.00 s: "
                         "`it 'broke' here`.")

    def test_facts_have_handles(self):
        facts = self.blocks["facts"]
        for line in ("- [t1] `MainThread`, main: running 8.00 s, waiting 2.00 s, mostly in `main` (`app.py:3`)",
                     "- [p2] 1.00 s to 4.00 s: `load` 100 %",
                     "- [f1] `compute` (`app.py:20`): running 4.00 s (50 %) with the library code that it calls, "
                     "1.00 s in its own lines, 4.00 s with everything below it, waiting 0 ns",
                     "- `json` (stdlib): 3.00 s (38 %)"):
            self.assertIn(line + "\n", facts)

    def test_the_same_recording_gives_the_same_text(self):
        self.assertEqual(whole().blocks(), self.blocks)


class Phases(unittest.TestCase):
    def phases(self, story):
        return [line.split("] ")[1] for line in story.blocks()["facts"].splitlines() if line.startswith("- [p")]

    def test_alternation_is_one_phase(self):
        story = Story()
        for _ in range(100):
            story.add(LOAD, 0.05).add(COMPUTE, 0.05)
        self.assertEqual(self.phases(story), ["0.00 s to 10.00 s: `load` 50 %, `compute` 50 %"])

    def test_a_change_of_the_mixture_is_seen(self):
        story = Story()
        for i in range(100):
            share = 0.08 if i < 40 else 0.02
            story.add(LOAD, share).add(COMPUTE, 0.1 - share)
        first, second = self.phases(story)
        self.assertTrue(first.startswith("0.00 s to 4.00 s: `load` 80 %"), first)
        self.assertTrue(second.startswith("4.00 s to 10.00 s: `compute` 80 %"), second)

    def test_at_most_eight(self):
        story = Story()
        for i in range(20):
            story.add((LOAD, COMPUTE)[i % 2], 0.5)
        self.assertLessEqual(len(self.phases(story)), 8)

    def test_a_function_that_leads_to_all_others_names_nothing(self):
        self.assertEqual(self.phases(Story().add(MAIN, 0.5).add(LOAD, 9.5))[-1], "0.50 s to 10.00 s: `load` 100 %")


class Rest(unittest.TestCase):
    def test_nothing_seen(self):
        text = Story().blocks()["explanation"]
        self.assertIn("No thread was seen running.", text)
        self.assertIn("No finding.", text)

    def test_threads_that_differ_in_numbers_are_one_line(self):
        story = Story().extra(f"thread|0|Thread-1 (serve)|0|0|{SECOND}|0").extra(f"thread|0|Thread-23 (serve)|0|0|{SECOND}|0")
        self.assertIn("- `Thread-# (serve)` (2 threads) was running for 0 ns", story.blocks()["explanation"])

    def test_text_of_the_program_has_no_effect(self):
        """The findings of the kitchen sink are full of Markdown and HTML."""
        output = fake.blocks(fake.plugin("explainer-explain"), model=HEAD + "\n".join(whole().lines) + "\n")
        text = output[0].text[0]
        outside = "".join(text.split("`")[::2])
        self.assertIn("F1, a", outside)
        self.assertNotRegex(outside, r"(?<!\\)[<\[\]&]")
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f\x7f]")


if __name__ == "__main__":
    unittest.main()
