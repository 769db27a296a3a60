"""The page in another browser than the one it is tested in: it is drawn, it answers, and it complains of nothing."""

import pathlib
import tempfile
import unittest

import firefox
import support
from sdk import fake
from test_html_in_chromium import SECOND, known_model

UNSTEADY = "the browser has only so much time to begin"

# Colours in a canvas that is in view; one is an empty canvas.
COLOURS = """(() => { const canvas = document.querySelector(%r), context = canvas.getContext("2d");
    const data = new Uint32Array(context.getImageData(0, 0, canvas.width, Math.min(canvas.height, 200)).data.buffer);
    return new Set(data).size; })()"""


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(firefox.Browser())
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="microlog-pages-")))

    def open(self, model, **options):
        path = self.root / "page.html"
        path.write_bytes(fake.run(fake.plugin("renderer-html"), model=model))
        self.browser.open(path, **options)
        return self.browser

    def calm(self):
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual([one for one in self.browser.requests if not one.startswith(("file:", "data:"))], [])

    def test_the_numbers_are_those_of_the_model(self):
        page = self.open(known_model())
        sums = page.evaluate("microlog.data.core().then((core) => [core.threads.map((one) => one.name), core.sums.running[core.runs.count],"
                             " core.sums.present[core.runs.count], core.runs.count])")
        self.assertEqual(sums, [["Main", "Other"], 10 * SECOND, 20 * SECOND, 11])
        self.calm()

    def test_it_is_drawn_and_leads_from_the_chart_to_the_details(self):
        page = self.open(known_model())
        self.assertTrue(page.wait_for("document.querySelector('#overview canvas') && document.querySelector('#flame canvas')"))
        for selector in ("#flame canvas", "#overview canvas"):
            self.assertTrue(page.wait_for(f"{COLOURS % selector} > 2"), selector)
        page.evaluate("microlog.select({thread: 0, row: 0})")
        self.assertTrue(page.wait_for("document.querySelector('.details h3').textContent.includes('work')"))
        page.evaluate(f"microlog.setView({2 * SECOND}, {4 * SECOND})")
        self.assertTrue(page.wait_for("location.hash.length > 1"))
        self.calm()

    def test_a_demo_like_run_through_all_analyzers(self):
        recording, _ = support.record(support.ROOT / "recorder/examples/calls.py", output=self.root / "run.mlog")
        page = self.root / "run.html"
        done = support.analyze(recording, "--plugins", "all", "-q", "-o", page)
        self.assertEqual(done.returncode, 0, done.stderr)
        for width in (1280, 390):
            with self.subTest(width=width):
                self.browser.open(page, width=width)
                self.assertGreater(self.browser.evaluate("document.querySelectorAll('button').length"), 10)
                before = self.browser.evaluate("getComputedStyle(document.body).backgroundColor")
                self.browser.click("#theme")
                self.assertNotEqual(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"), before)
                self.assertEqual(self.browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                bar = self.browser.evaluate("(() => { document.querySelectorAll('details').forEach((one) => { one.open = true; });"
                                            " const box = document.querySelector('td.bar rect').getBoundingClientRect();"
                                            " return [box.width, box.height]; })()")
                self.assertEqual(bar[1] > 0, width == 1280)  # there is no room for bars on a phone
                self.calm()


if __name__ == "__main__":
    unittest.main()
