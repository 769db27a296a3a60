"""The page in a real browser, from file://: its parts work together, hostile text does nothing, a phone's
width is enough, and what is damaged says so and leaves the rest alone."""

import json
import pathlib
import re
import tempfile
import unittest
import urllib.parse

import chromium
import support
from sdk import fake
from test_quick_renderers import MODEL, NOTHING, SECOND

UNSTEADY = "the browser has only so much time to begin"

ROW = 17  # height of a row of the flame chart


def known_model():
    """Ten seconds of two threads: `work` calls `fast` and `slow` in turn, a second each; `waiter` waits."""
    lines = [f"run|known.py|known.py|{10 * SECOND}|10000000|", f"process|10|{5 * SECOND}|{10 * SECOND}",
             "module|app|/srv/app.py|2", "module|lib|/usr/lib/python3/lib.py|1", "function|work|0|1", "function|fast|0|10",
             "function|slow|1|20", "function|waiter|0|30", "stack|0|0|5", "stack|1|1|11", "stack|1|2|21", "stack|0|3|31",
             f"thread|0|Main|1|0|{10 * SECOND}|{4 * SECOND}", f"thread|0|Other|0|0|{10 * SECOND}|0"]
    lines += [f"sample|0|{2 + second % 2}|1|100|{second * SECOND}|{SECOND}|{SECOND // 2}" for second in range(10)]
    lines += [f"sample|1|4|6|1000|0|{10 * SECOND}|0"]
    lines += [f"message|{second * SECOND + SECOND // 2}|1|{40 if second == 7 else 20}|0|2|app|message {second}|/srv/app.py|12"
              for second in range(10)]
    lines += ["counter|rss|bytes|0", "point|0|1000000", f"point|{5 * SECOND}|2000000"]
    lines += [f"resource|1|0|9|{SECOND // 4}|-1|2|/tmp/x|0|1"]
    return "\n".join(lines) + "\n"


class Report(unittest.TestCase):
    """One browser for all; each test opens what it needs."""

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(chromium.Browser())
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="microlog-pages-")))

    def open(self, model, *arguments, change=None, **options):
        page = fake.run(fake.plugin("renderer-html"), *arguments, model=model)
        path = self.root / "page.html"
        path.write_bytes(change(page) if change else page)
        return self.browser.open(path, **options)

    def calm(self, page):
        self.assertEqual(page.complaints, [])
        self.assertEqual([one for one in page.requests if not one.startswith(("file:", "data:"))], [])

    def view(self, page):
        view = page.evaluate("microlog.view()")
        return view["from"] / SECOND, view["to"] / SECOND


class Hostile(Report):
    def test_hostile_text_does_nothing_and_a_phone_is_wide_enough(self):
        for width in (390, 1280):
            with self.subTest(width=width):
                page = self.open(MODEL, width=width)
                self.calm(page)
                self.assertEqual(page.evaluate("typeof pwned"), "undefined")
                self.assertEqual(page.evaluate("document.images.length"), 1)
                page.evaluate("microlog.select({thread: 0, row: 0})")
                page.settle()
                self.assertIn("onerror=pwned()", page.evaluate("document.querySelector('.details h3').textContent"))
                page.evaluate("microlog.set({query: '/(/'}); microlog.toast('<img src=x onerror=pwned()>')")
                page.settle()
                self.assertEqual(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                self.assertEqual(page.evaluate("document.querySelectorAll('.live img, .details img, .toast img').length"), 0)
                self.assertFalse(page.evaluate(r"/[\u202a-\u202e\u2066-\u2069\x1b]/.test(document.body.textContent)"))
                self.calm(page)

    PROGRAM = r"""import logging, os, sys, threading, time
BAD = '</script><img src=x onerror=pwned()>"\'`-->]]>\x1b[31m\u202e${pwned()}'
logging.basicConfig(level=logging.INFO, stream=open(os.devnull, 'w'))
space = {}
exec(compile('def work(until):\n    while time.monotonic() < until: sum(range(5000))  # ' + BAD, '/tmp/' + BAD.replace('/', '_') + '.py', 'exec'),
     {'time': time}, space)
work = space['work']
work.__code__ = work.__code__.replace(co_name=BAD, **({'co_qualname': BAD} if hasattr(work.__code__, 'co_qualname') else {}))
for text in (BAD, '# ' + BAD + ' [x](javascript:pwned())', '\0\x9b\ufeff\u2066' + BAD, 'x' * (1 << 20), '\ud800', '\n' * 1000):
    logging.getLogger(BAD).error('%s', text)
    print(text.encode('utf-8', 'replace').decode())
for i in range(5000):
    logging.info('%s %d', BAD, i)
kept = [open(path, 'w') for path in ['/tmp/' + BAD.replace('/', '_')] * 40]
thread = threading.Thread(target=work, args=(time.monotonic() + 1,), name=BAD)
thread.start()
work(time.monotonic() + 1)
thread.join()
os.unlink(kept[0].name)
raise RuntimeError(BAD)
"""

    def test_a_hostile_program_does_nothing_through_all_analyzers(self):
        script = self.root / "hostile.py"
        script.write_text(self.PROGRAM)
        recording, _ = support.record(script, "<img src=x onerror=pwned()>", output=self.root / "run.mlog", rate=500,
                                      options=["--label", "</title><script>pwned = 1</script>"])
        done = support.analyze(recording, "--plugins", "all", "--source", "full", "-q", "-o", self.root / "hostile.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        for width in (390, 1280):
            with self.subTest(width=width):
                page = self.browser.open(self.root / "hostile.html", width=width)
                page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                pressed = page.evaluate("""(async () => { let count = 0;
                    for (const one of [...document.querySelectorAll('button')].slice(0, 300)) { one.click(); count++;
                        if (count % 20 === 0) await new Promise((done) => setTimeout(done, 50)); }
                    return count; })()""")
                self.assertGreater(pressed, 50)
                page.evaluate("microlog.setView(0, microlog.runLength); microlog.selectFunction(microlog.state.fn); microlog.data.core().then((core) => {"
                              " for (let i = 0; i < core.functions.count; i++) if (core.name(i).includes('onerror')) microlog.selectFunction(i, 2); })")
                self.assertTrue(page.wait_for("document.querySelector('.details h3').textContent.includes('onerror=pwned()')"))
                page.evaluate("document.querySelectorAll('canvas').forEach((one) => one.dispatchEvent(new PointerEvent('pointermove', { clientX: 200, clientY: 200 })))")
                page.settle()
                self.assertEqual(page.evaluate("typeof pwned"), "undefined")
                self.assertEqual(page.evaluate("document.images.length + document.querySelectorAll('iframe, object, embed, a[href^=javascript]').length"), 0)
                self.assertFalse(page.evaluate(r"/[\u202a-\u202e\u2066-\u2069\x1b\x9b\0]/.test(document.body.textContent)"))
                self.assertEqual(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                self.calm(page)

    def test_pages_with_nothing_in_them(self):
        for model, arguments in ((NOTHING, ()), (NOTHING, ("--empty",)), (None, ()), (None, ("--empty",))):
            with self.subTest(model=model, arguments=arguments):
                page = self.open(model, *arguments)
                self.calm(page)
                self.assertFalse(page.evaluate("document.getElementById('theme').hidden"))

    def test_no_sample_is_said_and_counters_are_there(self):
        model = "".join(line + "\n" for line in known_model().splitlines() if not line.startswith("sample"))
        page = self.open(model)
        self.calm(page)
        self.assertIn("No sample was taken", page.evaluate("document.querySelector('#overview .live').textContent"))
        self.assertIn("peak 2.00 MB", page.evaluate("document.querySelector('#overview .live').textContent"))

    def test_a_damaged_block_is_named_and_the_rest_works(self):
        def damage(name):
            return lambda page: re.sub(rb'(id="data-' + name + rb'">.{20}).', rb"\1!", page)
        for name, section, alive in ((b"core", "overview", ".lane"), (b"log", "log", "#flame canvas"),
                                     (b"counters", "overview", "#flame canvas")):
            with self.subTest(name):
                page = self.open(known_model(), change=damage(name))
                self.calm(page)
                self.assertIn(f"“{name.decode()}” of this page is damaged",
                              page.evaluate(f"document.querySelector('#{section} > .problem').textContent"))
                self.assertGreater(page.box(alive)[2], 100)
        page = self.open(known_model(), change=damage(b"core"))
        page.evaluate("filter.value = 'message 3'; filter.dispatchEvent(new Event('input'))")
        page.settle()
        self.assertEqual(page.evaluate("document.querySelectorAll('#log li').length"), 1)


class Timeline(Report):
    def flames(self, page):
        return page.box(".flaming canvas")

    def test_the_stretches_are_those_of_the_run(self):
        page = self.open(known_model())
        boxes = page.evaluate("""microlog.data.core().then((core) => { const boxes = microlog.boxesOf(core, 0);
            return [...boxes.path].map((path, i) => [core.name(core.paths.function[path]), boxes.start[i] / 1e9, boxes.stop[i] / 1e9]); })""")
        self.assertEqual(boxes[0], ["work", 0, 10])
        self.assertEqual(boxes[1:], [["slow" if second % 2 else "fast", second, second + 1] for second in range(10)])

    def test_a_real_recording_has_the_stretches_of_the_model(self):
        script = self.root / "busy.py"
        script.write_text("import json, threading\n"
                          "def work():\n    for i in range(60): json.loads(json.dumps([str(n) for n in range(20000)]))\n"
                          "threads = [threading.Thread(target=work, name=f'worker {i}') for i in range(2)]\n"
                          "[thread.start() for thread in threads]; work(); [thread.join() for thread in threads]\n")
        recording, _ = support.record(script, rate=1000, output=self.root / "run.mlog")
        done = support.analyze(recording, "--plugins", "none", "-q", "-o", self.root / "real.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.browser.open(self.root / "real.html")
        calls, boxes, samples = page.evaluate("""microlog.data.core().then((core) => [core.calls,
            core.threads.reduce((sum, thread, i) => sum + microlog.boxesOf(core, i).total, 0), core.sums.taken[core.runs.count]])""")
        self.assertGreater(samples, 200)
        self.assertGreater(calls, 20)
        self.assertEqual(boxes, calls)
        self.calm(page)

    def test_collections_and_imports_are_on_the_timeline(self):
        script = self.root / "collects.py"
        script.write_text("import gc, time\nfor _ in range(20): gc.collect(); time.sleep(.01)\nimport decimal\n")
        recording, _ = support.record(script, output=self.root / "run.mlog")
        done = support.analyze(recording, "--plugins", "none", "-q", "-o", self.root / "real.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = [json.loads(line) for line in support.analyze("dump", "--format", "ndjson", recording).stdout.splitlines()]
        page = self.browser.open(self.root / "real.html")
        shown = {kind["name"]: kind["rows"] for kind in page.evaluate("microlog.data.events()")}
        for name, label in (("py.gc", "Collections"), ("py.import", "Imports")):
            count = sum(one.get("kind") == name for one in told)
            self.assertGreater(count, 0)
            self.assertEqual(len(shown[name]), count)
            self.assertIn(str(count), page.evaluate(f"document.querySelector('canvas[aria-label^={label}]').nextSibling.textContent"))
        self.assertIn("decimal", [row["text"] for row in shown["py.import"]])
        self.assertGreaterEqual(sum(row["number"] == 2 for row in shown["py.gc"]), 20)
        self.calm(page)

    def test_what_took_a_time_is_told_and_zoomed_to(self):
        page = self.open(known_model() + f"import|{4 * SECOND}|0|0|heavy|2000000\nimport|{3 * SECOND}|0|0|light|1000\n")
        left, top, width, height = page.box("canvas[aria-label^=Imports]")
        page.mouse("mouseMoved", left + width * 0.31, top + height / 2)
        page.settle()
        tip = page.evaluate("document.querySelector('.tip').innerText")
        self.assertRegex(tip, r"(?s)^Imports: 1 here\nheavy, 2.00 s from 2.00 s$")
        page.click(left + width * 0.31, top + height / 2)
        start, end = self.view(page)
        self.assertAlmostEqual((start + end) / 2, 3, places=3)
        self.assertAlmostEqual(end - start, 2.6, places=3)
        self.calm(page)

    def test_something_is_drawn_everywhere(self):
        page = self.open(known_model())
        blank = page.evaluate("""[...document.querySelectorAll('.live canvas')].filter((canvas) => canvas.clientWidth).map((canvas) =>
            () => new Promise((done) => { canvas.scrollIntoView(); requestAnimationFrame(() => requestAnimationFrame(() => {
            const data = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
            done(data.some((word) => word) ? [] : canvas.getAttribute('aria-label')); })); }))
            .reduce((before, look) => before.then(async (found) => found.concat(await look())), Promise.resolve([]))""")
        self.assertEqual(blank, [])
        self.assertGreater(page.evaluate("document.querySelectorAll('.live canvas').length"), 6)

    # Each column of a depth with thousands of boxes, against all of them: wide ones where they are, and of those that share a column
    # the longest of the stretches that lie within it.
    LEVELS = """(() => { let seed = %d; const chance = () => (seed = (seed * 16807) %% 2147483647) / 2147483647;
        const count = 30000, start = new Float64Array(count), stop = new Float64Array(count), look = new Int32Array(count).map((_, i) => i), wrong = [];
        for (let i = 0, at = 5; i < count; i++) {
            start[i] = at += chance() < 0.5 ? 0 : Math.floor(Math.exp(chance() * 12));
            stop[i] = at += 1 + Math.floor(Math.exp(chance() * (chance() < 0.01 ? 18 : 10)));
        }
        const boxes = { offset: [0, 0, count], start, stop, look, levels: [], depths: 1 }, width = 700, whole = stop[count - 1];
        for (const [from, to] of [[0, whole], [whole / 3, whole / 2], [whole * 0.4, whole * 0.41], [whole * 0.7, whole * 0.7001], [0, whole]]) {
            const pixels = new Uint32Array(width), labels = [], pixel = (to - from) / width, length = 2 ** Math.floor(Math.log2(pixel / 2));
            microlog.paintDepth(boxes, 1, { from, to }, width, pixels, 0, (one) => one + 1, labels, 5);
            const told = labels.map(({ row }) => row), column = (time) => Math.floor((time - from) / pixel);
            for (let row = 0; row < count; row++) {
                if (stop[row] <= from || start[row] >= to) continue;
                const first = Math.max(0, column(start[row])), wall = stop[row] - start[row], fine = Math.floor(start[row] / length) * length;
                if (wall >= pixel) {
                    const last = Math.min(width, Math.max(first + 1, column(stop[row])));
                    for (let x = first; x < last - 1; x++) if (pixels[x] !== row + 1) wrong.push(["wide", row, x]);
                    if (last - first >= 5 !== told.includes(row)) wrong.push(["label", row]);
                } else if (start[row] >= from && column(fine) === first && column(fine + length) === first) {
                    const painted = pixels[first] - 1;
                    if (painted < 0 || (column(start[painted]) === first && stop[painted] - start[painted] < wall)) wrong.push(["narrow", row, first, painted]);
                }
            }
            for (let x = 0; x < width; x++) {
                const row = pixels[x] - 1;
                if (row >= 0 && row < count && !(column(start[row]) <= x && column(stop[row]) >= x)) wrong.push(["nowhere", row, x]);
            }
            for (const [depth, levels] of Object.entries(boxes.levels)) for (const level of levels.values()) if (level.count > count) wrong.push(["many", depth]);
        }
        return wrong.slice(0, 5); })()"""

    def test_levels_of_detail_show_what_all_boxes_would(self):
        page = self.open(known_model())
        page.evaluate("microlog.darker = (fill) => fill")
        for seed in (1, 2, 3):
            self.assertEqual(page.evaluate(self.LEVELS % seed), [])

    def test_idle_threads_get_their_tracks_when_asked_for(self):
        count = "document.querySelectorAll('.track button.name').length"
        model = known_model() + "".join(f"thread|0|idle {i}|0|0|{SECOND}|0\n" for i in range(30)) + "".join(
            f"sample|{i + 2}|4|6|100|{i * SECOND // 10}|{SECOND}|0\n" for i in range(30))
        page = self.open(model)
        self.assertEqual(page.evaluate(count), 20)
        self.assertIn("12 more", page.evaluate("document.querySelector('.tracks > .only:last-child').textContent"))
        page.evaluate("microlog.select({ thread: 31, row: 0 }); new Promise((done) => setTimeout(done, 300))")
        self.assertEqual(page.evaluate(count), 32)
        self.assertEqual(page.evaluate("[...document.querySelectorAll('.track button.name[aria-expanded=true]')].map((one) => one.title)"),
                         ["Main", "idle 29"])
        self.calm(page)

    def test_zoom_and_pan_change_the_range(self):
        page = self.open(known_model())
        left, top, width, _ = self.flames(page)
        page.mouse("mouseWheel", left + width / 2, top + 5, deltaX=0, deltaY=-100, modifiers=2)
        page.settle()
        start, end = self.view(page)
        self.assertAlmostEqual((start + end) / 2, 5, places=1)
        self.assertLess(end - start, 9)
        page.drag(left + width / 2, top + 5, left + width / 2 + 100, top + 5)
        self.assertAlmostEqual(start - self.view(page)[0], 100 / width * (end - start), places=2)
        for key, compare in (("w", self.assertLess), ("s", self.assertGreater)):
            before = self.view(page)
            page.key(key)
            now = self.view(page)
            compare(now[1] - now[0], before[1] - before[0])
        page.key("0")
        self.assertEqual(self.view(page), (0, 10))

    def test_a_plain_wheel_scrolls_the_page(self):
        page = self.open(known_model(), height=500)
        left, top, width, _ = self.flames(page)
        before = page.evaluate("scrollY")
        page.mouse("mouseWheel", left + width / 2, top + 5, deltaX=0, deltaY=200)
        self.assertTrue(page.wait_for(f"scrollY > {before}"))
        self.assertEqual(self.view(page), (0, 10))

    def test_a_click_opens_the_details_of_that_stretch(self):
        page = self.open(known_model())
        left, top, width, _ = self.flames(page)
        page.mouse("mouseMoved", left + width * 0.35, top + ROW * 1.5)
        page.settle()
        self.assertIn("slow", page.evaluate("document.querySelector('.tip').textContent"))
        page.click(left + width * 0.35, top + ROW * 1.5)
        self.assertTrue(page.wait_for("document.querySelector('.details').innerText.includes('message 3')"))
        panel = page.evaluate("document.querySelector('.details').innerText")
        for expected in ("slow", "lib.py:21", "3.000 s for 1.00 s", "thread\nMain", "100", "5 stretches, median 1.00 s", "work"):
            self.assertIn(expected, panel)
        self.assertNotIn("message 4", panel)
        self.assertIn("slow", page.evaluate("document.querySelector('[role=status]').textContent"))
        page.key("Escape")
        self.assertTrue(page.evaluate("document.querySelector('.details').hidden"))
        self.calm(page)

    def test_what_was_pressed_stays_under_the_pointer(self):
        page = self.open(MODEL, width=1000)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        link = "[...document.querySelectorAll('#log button.link:not(.time)')].pop()"
        page.evaluate(f"{link}.scrollIntoView({{ block: 'center' }}); {link}.focus({{ preventScroll: true }})")
        before = page.evaluate(f"{link}.getBoundingClientRect().top")
        page.evaluate(f"{link}.click()")
        self.assertTrue(page.wait_for("document.body.classList.contains('beside') && document.querySelector('.details .source')"))
        self.assertTrue(page.wait_for(f"Math.abs({link}.getBoundingClientRect().top - {before}) < 40"))

    def test_arrow_keys_go_from_stretch_to_stretch(self):
        page = self.open(known_model())
        page.evaluate("microlog.select({thread: 0, row: 0}); document.querySelector('.flaming canvas').focus()")
        page.settle()
        for key, name in (("ArrowDown", "fast"), ("ArrowRight", "slow"), ("ArrowUp", "work")):
            page.key(key)
            self.assertEqual(page.evaluate("document.querySelector('.details h3').textContent"), name)

    def test_a_range_dragged_on_the_strip_rules_everything(self):
        page = self.open(known_model())
        left, top, width, height = page.box(".track.strip canvas")
        page.drag(left + width * 0.2, top + height / 2, left + width * 0.3, top + height / 2)
        start, end = self.view(page)
        self.assertAlmostEqual(start, 2, places=1)
        self.assertAlmostEqual(end, 3, places=1)
        weights = {box["name"]: box["weight"] / SECOND for box in page.evaluate("microlog.flameBoxes()")}
        self.assertAlmostEqual(weights["work"], end - start, places=6)
        self.assertAlmostEqual(weights["fast"], min(end, 3) - max(start, 2), places=6)
        self.assertNotIn("waiter", weights)
        page.evaluate("new Promise((done) => setTimeout(done, 300))")
        self.assertRegex(page.evaluate("document.querySelector('#log').textContent"), r"1 of 10 messages in the range")
        page.evaluate("microlog.set({measure: 'wall'})")
        page.settle()
        self.assertIn("waiter", [box["name"] for box in page.evaluate("microlog.flameBoxes()")])
        self.calm(page)

    def test_the_address_brings_the_state_back(self):
        page = self.open(known_model(), fragment="#t=2-4&f=f1&q=slow&lv=3&m=wall")
        self.assertEqual(self.view(page), (2, 4))
        page.settle()
        self.assertEqual(page.evaluate("document.querySelector('.details h3').textContent"), "fast")
        self.assertEqual(page.evaluate("document.querySelector('#flame input').value"), "slow")
        self.assertEqual(page.evaluate("document.querySelectorAll('#log li').length"), 0)
        page.evaluate("microlog.setView(5e9, 6e9, true)")
        page.settle()
        self.assertIn("t=5-6", page.evaluate("location.hash"))
        page.evaluate("history.back()")
        page.evaluate("new Promise((done) => setTimeout(done, 200))")
        self.assertEqual(self.view(page), (2, 4))
        odd = self.open(known_model(), fragment="#t=9-2&f=f99&b=t7.1&m=x&lv=9&z=99&nothing=1")
        self.calm(odd)
        self.assertEqual(self.view(odd), (0, 10))
        self.assertIn("not within this run", odd.evaluate("document.querySelector('.toast').textContent"))


class Truth(Report):
    """What the page sums up is what C sums up: ranges.c, an analyzer, does it from the samples themselves."""

    PROGRAM = """import json, threading, time
def deep(n):
    return deep(n - 1) + sum(range(2000)) if n else 0
def work():
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        deep(30)
        json.loads(json.dumps([str(n) for n in range(5000)]))
        time.sleep(.005)
threads = [threading.Thread(target=work) for _ in range(2)]
[thread.start() for thread in threads]; work(); [thread.join() for thread in threads]
"""
    MEASURES = ("wall", "running", "cpu", "samples")

    def setUp(self):
        script = self.root / "truth.py"
        script.write_text(self.PROGRAM)
        recording, _ = support.record(script, rate=500, output=self.root / "run.mlog")
        plugin = self.root / "microlog-analyzer-test.ranges.so"
        fake.compile_c(["-std=c11", "-shared", "-fPIC", "-fvisibility=hidden", "-I", fake.INCLUDE, "-o", plugin,
                        pathlib.Path(__file__).with_name("ranges.c")])
        done = support.analyze(recording, "--plugins", plugin, "--format", "html,json", "-q", "-o", self.root / "truth")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.page = self.browser.open(self.root / "truth.html")
        table = json.loads((self.root / "truth.json").read_text())["documents"][0]["blocks"][0]
        self.rows = list(zip(*(column["values"] for column in table["columns"])))

    def test_twenty_ranges(self):
        ranges = sorted({row[:2] for row in self.rows})
        self.assertGreaterEqual(len(ranges), 18)
        figures = self.page.evaluate("""microlog.data.core().then((core) => %s.map(([from, to]) => %s.map((measure) => {
            const weights = microlog.aggregate(core, { from, to }, measure);
            return Array.from({ length: core.functions.count }, (_, i) => {
                const { self, total } = microlog.functionFigures(core, weights, i); return [self, total]; }); })))"""
                                     % (json.dumps(ranges), json.dumps(self.MEASURES)))
        expected = {row[:3]: row[3:] for row in self.rows}
        for found, (start, end) in zip(figures, ranges):
            for index in range(len(found[0])):
                numbers = expected.get((start, end, index), (0,) * 8)
                for measure, name in enumerate(self.MEASURES):
                    for side in (0, 1):
                        wanted = numbers[2 * measure + side]
                        self.assertAlmostEqual(found[measure][index][side], wanted, delta=max(1, wanted) * 1e-6,
                                               msg=f"{name} of function {index} from {start} to {end}")

    def test_the_lines_of_a_function_sum_up_to_it(self):
        checked = self.page.evaluate("""microlog.data.core().then((core) => { const range = { from: 0, to: core.duration }, weights = microlog.aggregate(core, range, "wall");
            return Array.from({ length: core.functions.count }, (_, i) => [microlog.functionFigures(core, weights, i),
                [...microlog.lineFigures(core, range, i).values()]]).map(([whole, lines]) => [whole.self, lines.reduce((sum, one) => sum + one.self, 0),
                whole.total, Math.max(0, ...lines.map((one) => one.total)), lines.reduce((sum, one) => sum + one.total, 0)]); })""")
        self.assertTrue(any(self_time > 0 for self_time, *_ in checked))
        for own, lines, total, hottest, all_lines in checked:
            self.assertAlmostEqual(own, lines, delta=1)
            self.assertLessEqual(hottest, total + 1)
            self.assertGreaterEqual(all_lines, total - 1)


class Places(Report):
    """Every place of code opens the reader's editor, whatever its path holds; a report to share says none."""

    NASTY = "/srv/a b/%41#?&\"'<>`:\u00e9/javascript:pwned().py"
    LINKS = "[...document.querySelectorAll('a.editor')].map((link) => [link.href, link.getAttribute('aria-label')])"

    def open_at(self, path, *arguments):
        return self.open(known_model().replace("/srv/app.py", path), *arguments)

    def test_findings_log_and_details_open_the_editor(self):
        page = self.open_at("/srv/app.py")
        page.evaluate("microlog.selectFunction(1, 11); microlog.data.log().then(({ rows }) => rows.length)")
        self.assertTrue(page.wait_for("document.querySelector('.details .source a')"))
        self.assertEqual(len(page.named("link", r"Open app\.py:12 in VS Code", within=("listitem", ".*"))), 10)
        for line in (10, 11):  # where it begins, and where it was
            self.assertTrue(page.named("link", rf"Open app\.py:{line} in VS Code", within=("complementary", "Details of the selection")))
        self.assertEqual({href for href, label in page.evaluate(self.LINKS) if label == "Open app.py:11 in VS Code"}, {"vscode://file/srv/app.py:11"})
        self.calm(page)

    def test_a_hostile_path_stays_a_path(self):
        encoded = "".join(urllib.parse.quote(part, safe="!()*") for part in re.split("(/)", self.NASTY) if part != "/")
        page = self.open_at(self.NASTY, "--option", "editor=pycharm")
        links = page.evaluate(self.LINKS)
        self.assertGreaterEqual(len(links), 10)
        for href, label in links:
            self.assertRegex(href, r"^pycharm://open\?file=/[^\"<>`#&? ]+&line=[0-9]+$")
            self.assertIn("in PyCharm", label)
        paths = [href[len("pycharm://open?file="):].split("&line=")[0].replace("/", "") for href, _ in links]
        self.assertEqual(paths.count(encoded), 11)  # the messages and the descriptor; a finding has another hostile path
        self.assertEqual(page.evaluate("typeof pwned"), "undefined")
        self.calm(page)

    def test_an_editor_of_ones_own_and_none(self):
        page = self.open_at("/srv/app.py", "--option", "editor=my+ed://go?l=%l&f=%f")
        self.assertIn(["my+ed://go?l=12&f=/srv/app.py", "Open app.py:12 in the editor"], page.evaluate(self.LINKS))
        for arguments, path in ((("--option", "editor=none"), "/srv/app.py"), ((), "<string>"), ((), "app.py")):
            page = self.open_at(path, *arguments)
            page.evaluate("microlog.selectFunction(1, 11)")
            self.assertTrue(page.wait_for("document.querySelector('.details .source')"))
            self.assertEqual([label for _, label in page.evaluate(self.LINKS) if not arguments and re.match("Open (app.py|<string>)", label)
                              or arguments], [])
            self.calm(page)

    def test_the_whole_file_is_shown_where_the_report_holds_it(self):
        script = self.root / "whole.py"
        script.write_text("import time\ndef one(until):\n    while time.monotonic() < until: sum(range(999))\n\n\n\n\n\n\n\n\nUNUSED = 'nobody runs this'\n"
                          "\n\n\n\n\n\n\ndef two(until):\n    while time.monotonic() < until: sum(range(999))\none(time.monotonic() + .5)\ntwo(time.monotonic() + .5)\n")
        recording, _ = support.record(script, output=self.root / "whole.mlog")
        done = support.analyze(recording, "--plugins", "none", "--source", "full", "-q", "-o", self.root / "whole.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.browser.open(self.root / "whole.html")
        page.evaluate("microlog.data.core().then((core) => { for (let i = 0; i < core.functions.count; i++) if (core.name(i) === 'one') microlog.selectFunction(i); })")
        self.assertTrue(page.wait_for("document.querySelector('.details .source')"))
        text = "document.querySelector('.details .source').innerText"
        self.assertNotIn("nobody runs this", page.evaluate(text))
        page.press("button", r"All 23 lines of whole\.py that are here")
        self.assertTrue(page.wait_for(text + ".includes('nobody runs this')"))
        self.assertTrue(page.named("table", r"Lines of whole\.py"))
        heat = page.evaluate("Object.fromEntries([...document.querySelectorAll('.source tbody tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent]))")
        self.assertTrue(heat["3"] and heat["21"], heat)
        page.press("button", "Only the lines of this function")
        self.assertTrue(page.wait_for("!" + text + ".includes('nobody runs this')"))
        self.calm(page)


class Sections(Report):
    def test_the_flame_graph_turned_over_holds_the_same_time(self):
        page = self.open(known_model())
        page.evaluate("microlog.set({ measure: 'wall' })")
        page.evaluate("document.querySelector('#flame').scrollIntoView()")
        page.settle()
        page.evaluate("(() => { const select = document.querySelector('select[aria-label=\"Callers above or below\"]');"
                      " select.value = '1'; select.dispatchEvent(new Event('change')); })()")
        page.settle()
        self.assertIn("i=1", page.evaluate("(microlog.set({ query: 'slow' }, true), location.hash)"))
        page.evaluate("microlog.set({ query: '' })")
        boxes = [(box["depth"], box["name"], box["weight"] / SECOND) for box in page.evaluate("microlog.flameBoxes()")]
        self.assertEqual(sorted(boxes), [(1, "fast", 5), (1, "slow", 5), (1, "waiter", 10), (2, "work", 5), (2, "work", 5)])
        page.evaluate("microlog.set({ zoom: 0, from: 0, to: 3e9 })")
        page.settle()
        boxes = [(box["depth"], box["name"], box["weight"] / SECOND) for box in page.evaluate("microlog.flameBoxes()")]
        self.assertEqual(sorted(boxes), [(1, "fast", 2), (1, "slow", 1), (1, "waiter", 3), (2, "work", 1), (2, "work", 2)])
        self.calm(page)

    def test_a_zoom_of_the_inverted_graph_follows_the_range(self):
        page = self.open(known_model(), fragment="#m=wall&i=1")
        page.evaluate("document.querySelector('#flame').scrollIntoView()")
        page.settle()
        order = "microlog.flameBoxes().sort((a, b) => a.depth - b.depth || a.left - b.left).map((box) => box.name + ' ' + box.weight / 1e9)"
        self.assertEqual(page.evaluate(order)[0], "waiter 10")
        slow = page.evaluate("microlog.flameBoxes().findIndex((box) => box.name === 'slow')")
        left, width = (page.evaluate(f"microlog.flameBoxes()[{slow}].{side}") for side in ("left", "width"))
        at, top, *_ = page.box("#flame .flames canvas")
        page.click(at + left + width / 2, top + 9)
        self.assertEqual(page.evaluate(order), ["slow 5", "work 5"])
        page.evaluate("microlog.set({ from: 0, to: 2e9 })")
        page.settle()
        self.assertTrue(page.wait_for(f"String({order}) === 'slow 1,work 1'"))
        self.calm(page)

    def test_what_is_unusual_among_its_like_is_marked(self):
        lines = [line for line in known_model().splitlines() if not line.startswith("sample|0")]
        lengths, at = [1] * 10 + [9], 0
        for length in lengths:
            lines += [f"sample|0|2|1|{length * 10}|{at * SECOND // 10}|{length * SECOND // 10}|0", f"sample|0|1|1|1|{(at + length) * SECOND // 10}|{SECOND // 100}|0"]
            at += length + 1
        page = self.open("\n".join(lines) + "\n")
        page.evaluate("microlog.selectFunction(1)")
        self.assertTrue(page.wait_for("document.querySelector('.details .bars')"))
        self.assertIn("11 stretches", text := page.evaluate("document.querySelector('.details').innerText"))
        self.assertRegex(text, r"1 above [0-9.]+ ms is unusual")
        self.assertEqual(len(page.named("button", r"900 ms at .*, unusual")), 1)
        self.assertEqual(page.evaluate("document.querySelectorAll('.bars .unusual').length"), 1)

    def test_the_counters_tell_their_values_of_a_moment(self):
        page = self.open(known_model())
        value = "document.querySelector('canvas[aria-label^=Memory]').nextSibling.textContent"
        left, top, width, height = page.box("canvas[aria-label^=Memory]")
        self.assertEqual(page.evaluate(value), "peak 2.00 MB")
        for share, expected in ((0.25, "1.00 MB"), (0.75, "2.00 MB")):
            flames = page.box(".flaming canvas")
            page.mouse("mouseMoved", flames[0] + flames[2] * share, flames[1] + 4)
            page.settle()
            self.assertEqual(page.evaluate(value), expected)
        page.mouse("mouseMoved", 2, 2)
        page.settle()
        self.assertEqual(page.evaluate(value), "peak 2.00 MB")

    def test_messages_lead_to_their_neighbours_and_to_what_was_then(self):
        page = self.open(known_model())
        page.evaluate("microlog.data.log().then(({ rows }) => microlog.showMessages([rows[4]]))")
        self.assertTrue(page.wait_for("document.querySelector('.details').innerText.includes('number 5 of 10')"))
        self.assertRegex(page.evaluate("document.querySelector('.details').innerText"), r"AT THAT TIME(?s:.*)Memory\s+1\.00 MB")
        page.press("button", "Next message")
        self.assertTrue(page.wait_for("document.querySelector('.details').innerText.includes('message 5')"))
        page.press("button", "Message before")
        self.assertTrue(page.wait_for("document.querySelector('.details').innerText.includes('message 4')"))

    def test_the_flame_graph_zooms_and_searches(self):
        page = self.open(known_model())
        left, top, width, _ = page.box("#flame .flames canvas")
        page.click(left + width * 0.25, top + 18 * 1.5)
        self.assertFalse(page.evaluate("document.querySelector('.details').hidden"))
        width = page.box("#flame .flames canvas")[2]  # the panel took some
        boxes = page.evaluate("microlog.flameBoxes()")
        self.assertEqual([box["name"] for box in boxes if box["width"] > width - 2], ["fast", "work"])
        page.evaluate("microlog.set({zoom: 0, query: '/^slow$/'})")
        page.settle()
        self.assertAlmostEqual(page.evaluate("microlog.flameMatched()"), 0.5)
        page.key("Escape")
        page.key("/")
        self.assertEqual(page.evaluate("document.activeElement.type"), "search")

    def test_the_log_is_filtered_and_leads_to_the_timeline(self):
        page = self.open(known_model())
        count = "document.querySelectorAll('#log li').length"
        self.assertEqual(page.evaluate(count), 10)
        page.evaluate("microlog.set({level: '3'})")
        page.settle()
        self.assertEqual(page.evaluate("document.querySelector('#log li .text').textContent"), "message 7")
        page.evaluate("microlog.set({level: '', text: 'MESSAGE 4'})")
        page.settle()
        self.assertEqual(page.evaluate(count), 1)
        page.evaluate("microlog.set({ text: '/message [34]$/' })")
        page.settle()
        self.assertEqual(page.evaluate(count), 2)
        page.evaluate("microlog.set({ text: 'MESSAGE 4' })")
        page.settle()
        page.evaluate("document.querySelector('#log li button.time').click()")
        page.settle()
        start, end = self.view(page)
        self.assertAlmostEqual((start + end) / 2, 4.5)

    def test_tables_sort_and_unfold(self):
        page = self.open(MODEL)
        rows = "[...document.querySelector('#{0} table').tBodies[0].rows].map((row) => row.cells[{1}].textContent)"
        page.evaluate("document.querySelector('#threads button.sort').click()")
        names = page.evaluate(rows.format("threads", 0))
        self.assertEqual(names, sorted(names))
        self.assertEqual(page.evaluate("document.querySelector('#threads th').getAttribute('aria-sort')"), "ascending")

    def test_a_diagram_shows_neighbours_and_zooms(self):
        page = self.open(MODEL)
        left, top, width, height = page.box("svg.graph [data-node]")
        page.click(left + width / 2, top + height / 2)
        self.assertEqual(page.evaluate("document.querySelectorAll('svg.graph .near[data-from]').length"), 2)
        before = page.evaluate("document.querySelector('svg.graph').viewBox.baseVal.width")
        page.evaluate("[...document.querySelectorAll('.block .tools button')].find((button) => button.title === 'Zoom in').click()")
        self.assertLess(page.evaluate("document.querySelector('svg.graph').viewBox.baseVal.width"), before)
        self.calm(page)

    def test_colours_of_a_terminal(self):
        page = self.open(known_model().replace("message 4", "\x1b[1;31mbad\x1b[0m and \x1b[38;5;9mplain\x1b[m <b>"))
        self.assertEqual(page.evaluate("[...document.querySelectorAll('#log .text')].find((one) => one.textContent.includes('bad')).innerHTML"),
                         '<span class="c1 bold">bad</span> and plain &lt;b&gt;')
        page.evaluate("microlog.data.log().then(({ rows }) => microlog.showMessages([rows[4]]))")
        self.assertTrue(page.wait_for("document.querySelector('.details .c1.bold')"))

    def test_a_finger_hits_what_can_be_pressed(self):
        page = self.open(MODEL, width=390)
        low = page.evaluate("""[...document.querySelectorAll('button:not(.link, .sort, .name), select, input, main summary')]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 40).map((one) => one.outerHTML.slice(0, 90))""")
        self.assertEqual(low, [])
        self.assertFalse(page.evaluate("[...document.querySelectorAll('#log .source')].some((one) => getComputedStyle(one).borderTopWidth !== '0px')"))

    def test_themes(self):
        ground = "getComputedStyle(document.body).backgroundColor"
        for scheme, color, other in (("light", "rgb(255, 255, 255)", "rgb(20, 23, 28)"), ("dark", "rgb(20, 23, 28)", "rgb(255, 255, 255)")):
            page = self.open(known_model(), scheme=scheme)
            page.evaluate("try { localStorage.clear(); delete document.documentElement.dataset.theme; } catch (e) {}")
            self.assertEqual(page.evaluate(ground), color)
            page.key("t")
            self.assertEqual(page.evaluate(ground), other)
            page.evaluate("localStorage.clear()")
            self.calm(page)

    def test_every_key_of_the_help_is_told(self):
        page = self.open(known_model())
        page.key("?")
        self.assertGreaterEqual(page.evaluate("document.querySelectorAll('.help kbd').length"), 14)
        page.key("Escape")
        self.assertTrue(page.evaluate("document.querySelector('.help').hidden"))

    def test_paper_gets_the_still_pictures(self):
        page = self.open(known_model())
        page.call("Emulation.setEmulatedMedia", media="print")
        shown = "getComputedStyle(document.querySelector('{0}')).display"
        self.assertEqual(page.evaluate(shown.format("#overview .live")), "none")
        self.assertNotEqual(page.evaluate(shown.format("#overview .lanes")), "none")
        self.assertNotEqual(page.evaluate(shown.format("#flame svg.flame")), "none")


if __name__ == "__main__":
    unittest.main()
