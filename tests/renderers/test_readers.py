"""The exports in the hands of their readers: speedscope shows the times of speedscope, collapsed and pprof files, and `go tool
pprof` those of pprof files, and the Firefox Profiler's command line those of its own, that the model has; a real recording is no trouble to them."""

import pathlib
import tempfile
import unittest

import chromium
import readers
import support
from cli import recordings
from test_quick_exports import SECOND, TWO_THREADS, render

UNSTEADY = "the browser has only so much time to begin"


class Speedscope(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        readers.speedscope()
        cls.browser = cls.enterClassContext(chromium.Browser())
        cls.root = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="microlog-readers-")))

    def open(self, name, data):
        page = readers.open_in_speedscope(self.browser, self.root, name, data)
        self.assertEqual(page.complaints, [])
        return page

    def test_its_own_format(self):
        page = self.open("run.speedscope.json", render("speedscope", TWO_THREADS))
        self.assertIn("MainThread (1/2)", page.evaluate("document.body.innerText"))
        self.assertEqual(readers.sandwich(page), {"main": ("4.00s", "2.00s"), "work;hard": ("2.00s", "2.00s")})

    def test_collapsed(self):
        page = self.open("run.collapsed", render("collapsed", TWO_THREADS))
        self.assertEqual(readers.sandwich(page), {"MainThread": ("200", "0"), "worker": ("400", "0"), "main (app.py:1)": ("600", "400"),
                                                  "work,hard (app.py:9)": ("200", "200")})

    def test_pprof(self):
        page = self.open("run.pb", render("pprof", TWO_THREADS))
        self.assertEqual(readers.sandwich(page)["main"][0], "3.00s")  # the last of the file's types, CPU, is the default

    def test_a_real_recording(self):
        recording = recordings.make(self.root / "run.mlog")
        for name in ("speedscope", "collapsed", "pprof"):
            done = support.run([support.build() / "bin" / "microlog-analyze", recording, "--format", name, "-o", "-"], text=False)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            suffix = {"speedscope": "speedscope.json", "pprof": "pb"}.get(name, name)
            self.assertTrue(readers.sandwich(self.open(f"run.{suffix}", done.stdout)), name)


class Firefox(support.Tree):
    def load(self, data):
        path = self.root / "run.firefox.json"
        path.write_bytes(data)
        reader = readers.FirefoxProfiler(self.root, path)
        self.addCleanup(reader.ask, "stop", "--all")
        return reader

    def test_times_by_function_and_threads(self):
        reader = self.load(render("firefox", TWO_THREADS + f"message|{SECOND}|1|40|1|2|shop|it failed|/srv/app.py|12\n"))
        threads = reader.ask("thread", "list", "--json")["threads"]
        self.assertEqual([(one["name"], one["pid"], one["cpuMs"], one["markerCount"]) for one in threads],
                         [("MainThread", "10", 2000, 0), ("worker", "10", 1000, 1)])
        self.assertEqual(reader.functions("t-0"), {"main": (400, 0), "work;hard": (200, 200), "sleeping": (200, 200)})
        self.assertEqual(reader.functions("t-1"), {"main": (400, 400)})
        self.assertIn("it failed", reader.ask("thread", "markers", "--thread", "t-1", "--list"))

    def test_a_real_recording(self):
        recording = recordings.make(self.root / "run.mlog")
        done = support.run([support.build() / "bin" / "microlog-analyze", recording, "--format", "firefox", "-o", "-"], text=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("load_rates", self.load(done.stdout).functions("t-0"))


class Pprof(support.Tree):
    def test_times_by_function(self):
        path = self.root / "run.pb"
        path.write_bytes(render("pprof", TWO_THREADS))
        for sample, main, work in (("wall", ("6s", "8s"), ("2s", "2s")), ("cpu", ("1s", "3s"), ("2s", "2s")),
                                   ("samples", ("600", "800"), ("200", "200"))):
            self.assertEqual(readers.pprof(path, sample), {"main": main, "work;hard": work})

    def test_a_real_recording(self):
        done = support.analyze(recordings.make(self.root / "run.mlog"), "--format", "pprof", "-q", "-o", self.root / "run.pb")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertTrue(readers.pprof(self.root / "run.pb", "samples"))


if __name__ == "__main__":
    unittest.main()
