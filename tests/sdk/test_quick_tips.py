"""tips: the catalogue as data, and when a tip fires."""

import re
import unittest

import support
from sdk import fake

FINDING, TABLE, TEXT = 1, 3, 7
FOLDER = support.ROOT / "analyzers" / "tips"
RUNNING, OTHER = 1, 6
SECOND = 10**9
HEAD = f"""\
run|app.py|python app.py|{10 * SECOND}|10000000|
process|10|{5 * SECOND}|{10 * SECOND}
module|app|/srv/app.py|2
module|json.decoder|/usr/lib/python3.11/json/decoder.py|1
module|requests.api|/usr/lib/python3/dist-packages/requests/api.py|4
module|yaml|/usr/lib/python3/dist-packages/yaml/__init__.py|4
module|functools|/usr/lib/python3.11/functools.py|1
module|json.decoder|/srv/json/decoder.py|2
function|main|0|1
function|JSONDecoder.raw_decode|1|343
function|get|2|62
function|load|3|74
function|cached_property.__get__|4|981
function|JSONDecoder.raw_decode|5|3
stack|0|0|5
stack|1|1|353
stack|1|2|73
stack|1|3|81
stack|1|4|990
stack|1|5|4
stack|2|0|6
thread|0|MainThread|1|0|{10 * SECOND}|0
thread|0|worker|0|0|{10 * SECOND}|0
"""
MAIN, DECODE, GET, YAML, CACHED, OWN_DECODE, BELOW_DECODE = range(1, 8)


def sample(stack, taken, state=RUNNING, thread=0):
    return f"sample|{thread}|{stack}|{state}|{taken}|0|{taken * 10_000_000}|0\n"


def rows(name, least):
    lines = (FOLDER / name).read_text().splitlines()
    found = [line.split("\t") for line in lines if line and not line.startswith("#")]
    assert len(found) >= least, f"{name} has only {len(found)} rows"
    return found


class Catalogue(unittest.TestCase):
    def test_every_line_is_a_tip(self):
        tips = rows("catalogue.tsv", 60)
        self.assertLessEqual(len(tips), 128)
        self.assertEqual(len({tip[0] for tip in tips}), len(tips))
        for tip in tips:
            with self.subTest(tip[0]):
                name, where, measure, least, python, title, why, url = tip
                self.assertRegex(name, r"^[a-z0-9-]+$")
                for pattern in where.split(" "):
                    self.assertRegex(pattern, r"^[\w.*]+:[\w.*<>]+$")
                self.assertIn(measure, ("total", "self", "wall"))
                self.assertLess(0, float(least) * (100 - float(least)))
                self.assertRegex(python, r"^(\*|3\.\d+-|-3\.\d+|3\.\d+-3\.\d+)$")
                self.assertFalse(title.endswith("."))
                self.assertTrue(why.endswith("."))
                self.assertRegex(url, r"^https://[a-z0-9.-]+/\S*$")
                self.assertLess(len(title + why + url), 900)

    def test_pages_are_of_two_kinds_and_unique(self):
        pages = rows("pages.tsv", 200)
        self.assertEqual(len({tuple(page[:2]) for page in pages}), len(pages))
        for kind, module, name in pages:
            self.assertIn(kind, ("python", "pypi"))
            self.assertRegex(module + name, r"^[\w.-]+$")

    def test_python_s_own_modules_are_named_as_they_are(self):
        """A pattern for a module that this Python has names a function of it, unless that is of another version."""
        import importlib
        seen = 0
        for module, name in (("json.decoder", "JSONDecoder.raw_decode"), ("copy", "deepcopy"), ("logging", "Logger.findCaller"),
                             ("functools", "cached_property.__get__"), ("csv", "DictReader.__next__"),
                             ("collections", "Counter.most_common"), ("tempfile", "mkstemp")):
            target = importlib.import_module(module)
            for part in name.split("."):
                target = getattr(target, part)
            seen += any(matches(pattern, f"{module}:{name}") for tip in rows("catalogue.tsv", 1) for pattern in tip[1].split())
        self.assertEqual(seen, 7)


def matches(pattern, text):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


class Tips(unittest.TestCase):
    def look(self, samples, python=None):
        head = HEAD if python is None else HEAD + f"python|{python}\n"
        blocks = fake.blocks(fake.plugin("analyzer-tips"), model=head + samples)
        self.assertEqual([block for block in blocks if block.kind == FINDING], [])
        self.assertEqual([block.key for block in blocks if block.kind == TEXT], ["tips"])
        tables = {block.key: block.cells for block in blocks if block.kind == TABLE}
        fired = tables.get("fired", [])
        return ([fired[i:i + 6] for i in range(0, len(fired), 6)], tables["pages"],
                next(block for block in blocks if block.kind == TEXT).text[0])

    def ids(self, samples, **options):
        return [row[0] for row in self.look(samples, **options)[0]]

    def test_a_tip_says_what_it_measured_and_where(self):
        fired, _, text = self.look(sample(DECODE, 35) + sample(MAIN, 765))
        self.assertEqual(fired, [[
            "json-decode", "json.decoder", "0.043749999999999997", "350000000",
            "json.decoder was on the stack for 350 ms of 8.00 s of running time (4.4 %, 35 samples), through "
            "JSONDecoder.raw_decode, called at app.py:5 in main",
            "https://docs.python.org/3.11/library/json.html"]])
        self.assertIn("* **Read less JSON, or read it with a faster parser.** Parsing builds", text)
        self.assertIn("<https://docs.python.org/3.11/library/json.html>", text)

    def test_share_and_samples_on_both_sides_of_the_limit(self):
        self.assertEqual(self.ids(sample(DECODE, 3) + sample(DECODE, 3) + sample(MAIN, 194)), ["json-decode"])
        self.assertEqual(self.ids(sample(DECODE, 29) + sample(MAIN, 971)), [])
        self.assertEqual(self.ids(sample(DECODE, 4)), [])
        self.assertEqual(self.ids(sample(DECODE, 5)), ["json-decode"])

    def test_what_is_called_from_there_counts_in_total_and_waiting_does_not(self):
        self.assertEqual(self.ids(sample(BELOW_DECODE, 100)), ["json-decode"])
        self.assertEqual(self.ids(sample(DECODE, 100, OTHER) + sample(MAIN, 10)), [])

    def test_wall_time_is_of_the_longest_thread(self):
        self.assertEqual(self.ids(sample(GET, 20, OTHER)), ["requests-session"])
        self.assertEqual(self.ids(sample(GET, 19, OTHER) + sample(GET, 19, OTHER, 1)), [])

    def test_the_project_s_own_module_of_that_name_is_not_meant(self):
        self.assertEqual(self.ids(sample(OWN_DECODE, 500)), [])

    def test_the_version_of_python_counts(self):
        self.assertEqual(self.ids(sample(CACHED, 50), python="3.11.9 (main)"), ["cached-property"])
        self.assertEqual(self.ids(sample(CACHED, 50), python="3.12.0 (main)"), [])
        self.assertEqual(self.ids(sample(CACHED, 50), python="no version"), [])

    def test_pages_of_the_other_modules(self):
        _, pages, _ = self.look(sample(DECODE, 5) + sample(YAML, 7) + sample(CACHED, 1) + sample(MAIN, 500))
        self.assertEqual(pages, [
            "functools", "stdlib", "10000000", "https://docs.python.org/3.11/library/functools.html",
            "json", "stdlib", "50000000", "https://docs.python.org/3.11/library/json.html",
            "yaml", "third party", "70000000", "https://pypi.org/project/PyYAML/"])
        self.assertEqual(self.look(sample(CACHED, 1) + sample(MAIN, 500), python="3.99.1")[1][3],
                         "https://docs.python.org/3/library/functools.html")

    def test_a_module_with_a_tip_is_not_listed_again(self):
        self.assertEqual(self.look(sample(DECODE, 50))[1], [])

    def test_nothing_ran(self):
        fired, pages, text = self.look("")
        self.assertEqual((fired, pages), ([], []))
        self.assertIn("0 of ", text)


if __name__ == "__main__":
    unittest.main()
