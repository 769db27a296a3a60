"""The svg renderer: valid XML, nothing that runs or is loaded, bounded, and what is drawn is what was measured."""

import re
import unittest
import xml.etree.ElementTree

from sdk import fake
from test_quick_renderers import HOSTILE, MODEL, NOTHING

NAME = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g"}
SECOND = 10**9
HEAD = f"""\
run|app.py|python app.py|{10 * SECOND}|10000000|
process|10|{5 * SECOND}|{10 * SECOND}
module|app|/srv/app.py|2
module|json|/usr/lib/python3.11/json/__init__.py|1
function|main|0|1
function|loads|1|300
function|work|0|9
stack|0|0|5
stack|1|1|310
stack|1|2|9
thread|0|worker|0|0|{10 * SECOND}|9
thread|0|MainThread|1|0|{10 * SECOND}|1
"""
RUNS = f"sample|0|2|1|250|0|{5 * SECOND // 2}|0\nsample|0|3|1|750|{5 * SECOND // 2}|{15 * SECOND // 2}|0\n"


def call(function, thread, depth, start, end):
    return f"call|{function}|{thread}|{depth}|1|-1|{int(start)}|{int(end)}\n"


def draw(model=None, *arguments):
    text = fake.run(fake.plugin("renderer-svg"), *arguments, model=model).decode()
    return text, xml.etree.ElementTree.fromstring(text)


def boxes(root):
    """Title, x and width of every box."""
    found = []
    for group in root.iter(NAME + "g"):
        title, rect = group.find(NAME + "title"), group.find(NAME + "rect")
        if title is not None and rect is not None and group.get("class") is None:
            found.append((title.text, float(rect.get("x")), float(rect.get("width")), float(rect.get("y"))))
    return found


class Form(unittest.TestCase):
    def pictures(self):
        for model, *arguments in ((None,), (None, "--empty"), (MODEL,), (NOTHING,), (HEAD + RUNS,)):
            yield draw(model, *arguments)

    def test_only_what_a_picture_needs(self):
        for text, root in self.pictures():
            self.assertEqual({element.tag.removeprefix(NAME) for element in root.iter()} - ELEMENTS, set())
            for element in root.iter():
                self.assertEqual([name for name in element.attrib if name.startswith("on") or "href" in name], [])
            self.assertIsNone(re.search(r"@import|url\((?!#arrow\))|<script|<!ENTITY", text))

    def test_hostile_text_stays_text(self):
        for text, root in self.pictures():
            self.assertNotIn("<img", text)
            self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text))
        model = MODEL + "".join(call(i % 2, 0, i, 0, 10 * SECOND) for i in range(5))
        root = draw(model)[1]
        shown = HOSTILE.replace("\\e", "\\x1b").replace("\u202e", "\\u202e")
        self.assertTrue(any(title.startswith(shown + "function") for title, *_ in boxes(root)))

    def test_the_graph_with_a_layout_is_drawn_and_the_others_are_not(self):
        root = draw()[1]
        self.assertEqual(len(root.findall(NAME + "svg")), 1)
        self.assertEqual(sum(group.get("class") == "node" for group in root.iter(NAME + "g")), 2)
        self.assertEqual(sum(path.get("class") == "edge" for path in root.iter(NAME + "path")), 2)

    def test_nothing_to_draw_is_said(self):
        for model in (NOTHING, None):
            self.assertIn("There is nothing to draw", draw(model, "--empty")[0])

    def test_the_same_bytes_twice(self):
        self.assertEqual(draw(HEAD + RUNS)[0], draw(HEAD + RUNS)[0])


class Pictures(unittest.TestCase):
    def test_the_flame_graph_is_by_running_time(self):
        found = {title.split(" ")[0]: (x, width) for title, x, width, _ in boxes(draw(HEAD + RUNS)[1])}
        self.assertEqual(found, {"main": (16, 1168), "work": (16, 876), "loads": (892, 292)})
        title = next(title for title, *_ in boxes(draw(HEAD + RUNS)[1]) if title.startswith("loads"))
        self.assertEqual(title, "loads (__init__.py:300), 2.50 s, 25 % of the running time, 250 samples")

    def test_the_flame_chart_is_over_time_and_the_main_thread_comes_first(self):
        root = draw(HEAD + call(0, 0, 1, 0, 10 * SECOND) + call(1, 0, 2, 5 * SECOND, 6 * SECOND) +
                    call(0, 1, 1, 0, SECOND))[1]
        found = boxes(root)
        self.assertEqual([(x, width) for _, x, width, _ in found], [(16, 116.8), (16, 1168), (600, 116.8)])
        self.assertEqual(found[2][0], "loads (__init__.py:300), 1.00 s from 5.00 s, 100 samples")
        self.assertEqual(found[2][3] - found[1][3], 15)
        texts = [element.text for element in root.iter(NAME + "text")]
        self.assertLess(texts.index("MainThread \u00b7 1 ns of CPU"), texts.index("worker \u00b7 9 ns of CPU"))

    def test_short_stretches_become_one_box_and_their_insides_are_left_out(self):
        short = "".join(call(1, 0, 2, i * 10**6, i * 10**6 + 900_000) + call(2, 0, 3, i * 10**6, i * 10**6 + 900_000)
                        for i in range(1000))
        found = boxes(draw(HEAD + call(0, 0, 1, 0, 10 * SECOND) + short)[1])
        self.assertEqual([title.split(",")[0] for title, *_ in found], ["main (app.py:1)", "1000 short stretches"])
        self.assertAlmostEqual(found[1][2], 116.8, places=1)

    def test_deep_stacks_are_cut_and_said_so(self):
        deep = "".join(call(0, 0, depth, 0, 10 * SECOND) for depth in range(1, 200))
        text, root = draw(HEAD + deep)
        self.assertEqual(len(boxes(root)), 24)
        self.assertIn("Deeper rows are left out.", text)

    def test_a_thread_of_a_moment_gets_no_lane(self):
        moment = f"thread|0|moment|0|{SECOND}|{SECOND + 10**7}|0\n"
        text, root = draw(HEAD + moment + call(0, 0, 1, 0, SECOND) + call(0, 2, 1, SECOND, SECOND + 10**7))
        self.assertEqual(len(boxes(root)), 1)
        self.assertIn("1 of 3 threads.", text)

    def test_the_file_is_bounded(self):
        step = 10 * SECOND // 30_000
        many = "".join(call(i % 3, 0, 1, i * step * 2, i * step * 2 + 3 * step) for i in range(15_000))
        hostile = HEAD.replace("function|main", f"function|{HOSTILE * 20}")
        text, _ = draw(hostile.replace(f"|{10 * SECOND}|10000000|", f"|{10 * SECOND}|10000000|", 1) + many)
        self.assertLess(len(text.encode()), 2_000_000)
        deep = "".join(call(i % 3, 0, d, i * SECOND // 100, (i + 1) * SECOND // 100)
                       for i in range(1000) for d in range(1, 24))
        text, _ = draw(hostile + deep)
        self.assertLess(len(text.encode()), 2_000_000)
        self.assertIn("did not fit into the file", text)

    def test_what_fits_is_written_and_the_rest_cut(self):
        name = "a_function_with_a_long_name" * 3
        model = HEAD.replace("function|loads", f"function|{name}")
        labels = [text.text for text in draw(model + RUNS)[1].iter(NAME + "text")]
        label = next(label for label in labels if label.startswith("a_function"))
        self.assertTrue(label.endswith("\u2026"))
        self.assertLess(len(label) * 6.05, 292)
        self.assertGreater(len(label) * 6.05, 270)


if __name__ == "__main__":
    unittest.main()
