"""Somebody who has never seen a report looks for what is wrong with the demo, by the names that a screen reader says and
three clicks at most: where the time goes, the leak, and the line of the log that failed."""

import json
import pathlib
import re
import tempfile
import unittest

import chromium
import support

UNSTEADY = "the browser has only so much time to begin"

DEMO = support.ROOT / "recorder" / "examples" / "demo.py"
DETAILS = ("complementary", "Details of the selection")


def line_of(text):
    """The number of the line of the demo that has the text."""
    return 1 + [text in line for line in DEMO.read_text().splitlines()].index(True)


class Reader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(chromium.Browser())
        root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="microlog-reader-")))
        recording, _ = support.record(DEMO, output=root / "run.mlog")
        done = support.analyze(recording, "--plugins", "all", "--format", "html,json", "-q", "-o", root / "run")
        assert done.returncode == 0, done.stderr
        cls.report = root / "run.html"
        blocks = [block for document in json.loads((root / "run.json").read_text())["documents"] for block in document["blocks"]]
        cls.findings = [block for block in blocks if block["kind"] == "finding"]

    def setUp(self):
        self.page = self.browser.open(self.report)
        self.clicks = 0

    def tearDown(self):
        self.assertEqual(self.page.complaints, [])
        self.assertLessEqual(self.clicks, 3)

    def press(self, role, name, within=None):
        self.page.press(role, name, within)
        self.clicks += 1

    def finding(self, *rules):
        """Of the first of these rules that has one."""
        found = [one for rule in rules for one in self.findings if one["rule"] == rule]
        self.assertTrue(found, f"no finding {' or '.join(rules)}")
        return found[0]

    def details(self):
        self.assertTrue(self.page.wait_for("document.querySelector('.details .source')"))
        return self.page.evaluate("document.querySelector('.details').innerText")

    def seen(self, selector):
        """The text of what is in the window, not only in the page."""
        return self.page.evaluate(f"""[...document.querySelectorAll({selector!r})].filter((one) => {{ const box = one.getBoundingClientRect();
            return box.height && box.top >= 0 && box.bottom <= innerHeight; }}).map((one) => one.innerText).join('\\n')""")

    def test_where_the_time_goes(self):
        self.press("link", "Hot spots")
        self.press("button", r"parse|_tokenize|\w+\.\w+", within=("table", ".*"))
        text = self.details()
        self.assertRegex(text, r"(?s)LINES.*total.*THIS FUNCTION")
        self.assertTrue(self.page.named("table", "Lines of .+", within=DETAILS))
        heat = self.page.evaluate("[...document.querySelectorAll('.source tr')].map((row) => row.style.getPropertyValue('--heat'))")
        self.assertIn("50%", heat)  # the hottest

    def test_the_leak_of_memory(self):
        """By the memory of the process, or where the machine is fast enough for many censuses by the objects."""
        finding = self.finding("memleak/growth", "memleak/objects-grow")
        by_objects = finding["rule"] == "memleak/objects-grow"
        advice = r"Next (Give .* a bound|Look for .* that|Record with --allocations)"
        says = r"from .* to .* objects, by .* in themselves" if by_objects else rf"(?s)readings behind the warm-up.*{advice}"
        self.assertTrue(self.page.named("heading", rf"(?s){finding['id']}.*{'objects grow by' if by_objects else 'memory grows by'} .*"))
        self.press("link", "Findings")
        self.assertRegex(self.page.evaluate(f"document.getElementById('{finding['id']}').innerText"), says)
        if not by_objects:  # among what is folded, if there is better advice
            self.assertIn("--allocations", self.page.evaluate(f"document.getElementById('{finding['id']}').textContent"))
        self.press("link", "Memory leaks")
        self.assertIn("Resident memory over time", self.seen("#d-memleak h3"))
        self.assertTrue(self.page.wait_for("document.querySelector('#d-memleak .line, #d-memleak .chart')"))

    def test_the_leak_of_descriptors(self):
        line = line_of('file = open(path, "rb")')
        self.press("button", f"demo.py:{line} open_without_closing")
        self.assertIn('file = open(path, "rb")', self.details())
        self.assertEqual(self.page.evaluate("document.querySelector('.source [aria-current] th').textContent"), str(line))

    def inside(self, selector):
        return f"Math.abs(document.querySelector({selector!r}).getBoundingClientRect().top) < innerHeight"

    def test_the_line_of_the_log_that_failed(self):
        finding = self.finding("logs/errors")
        self.press("button", f"Show {finding['id']} in the log")
        self.assertIn("cannot compile broken", self.seen("#log li.error"))
        line = line_of('self.log.error("cannot compile')
        self.press("button", f"demo.py:{line} Compiler.handle", within=("listitem", ".*"))
        self.assertIn('self.log.error("cannot compile', self.details())
        time = self.page.evaluate("document.querySelector('#log li.error .time').textContent")
        self.press("button", f"{time} on the timeline", within=("listitem", ".*"))
        self.assertTrue(self.page.evaluate("microlog.isZoomed()"))
        self.assertTrue(self.page.wait_for("document.querySelector('.details').innerText.includes('SAID FROM')"))
        self.assertTrue(self.page.wait_for("['Thread.run'].every((name) => [...document.querySelectorAll("
                                           "'.details button')].some((one) => one.textContent === name))"))

    def test_findings_are_marks_on_the_timeline(self):
        timed = [one for one in self.findings[:7] if one["locations"] and one["locations"][0].get("end_ns")]
        self.assertTrue(timed)
        left, top, width, height = self.page.box("canvas[aria-label='when the findings are']")
        self.assertGreaterEqual(height, 14)
        self.page.mouse("mouseMoved", left + width / 2, top + 7)
        self.page.settle()
        tip = self.page.evaluate("document.querySelector('.tip').innerText")
        self.assertRegex(tip, r"^F\d+ ")
        self.page.click(left + width / 2, top + 7)
        handle = re.match(r"F\d+", tip)[0]
        self.assertTrue(self.page.wait_for(self.inside("#" + handle)))


if __name__ == "__main__":
    unittest.main()
