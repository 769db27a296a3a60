"""From a program to its report: recorded, analysed, and its own names found in what comes out."""

import json
import unittest

import support

PROGRAM = '''
import logging, sys, time

forgotten = []

def open_without_closing():
    forgotten.append(open(__file__))

def work_hard(seconds):
    end = time.process_time() + seconds
    total = 0
    while time.process_time() < end:
        total += sum(range(1000))
    return total

logging.basicConfig(level=logging.INFO)
for number in range(30):
    open_without_closing()
    logging.getLogger("demo").warning("round %d is done", number)
    work_hard(0.05)
print("the end")
sys.exit(3)
'''


def blocks(value):
    """Every object with a kind, however deep."""
    if isinstance(value, dict):
        if "kind" in value:
            yield value
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from blocks(child)


class WholePath(support.Tree):

    @classmethod
    def setUpClass(cls):
        if not (support.build() / "bin/microlog-analyze").exists():
            raise AssertionError(f"nothing is built in {support.build()}: run `make`")

    def setUp(self):
        super().setUp()
        self.recording = support.record(self.write("program.py", PROGRAM), rate=200,
                                        output=self.root / "run.mlog")

    def test_the_program_behaves_as_it_does_alone(self):
        process = self.recording.process
        self.assertEqual((process.returncode, process.stdout), (3, "the end\n"))
        self.assertIn("WARNING:demo:round 29 is done", process.stderr)

    def test_the_page_and_the_verdict_name_what_ran(self):
        for sanitized in (False, True):
            with self.subTest(sanitized=sanitized):
                done = support.analyze(self.recording.path, "--plugins", "all", cwd=self.root,
                                       sanitized=sanitized)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("work_hard", done.stdout)
                page = (self.root / "run.html").read_text(encoding="utf-8")
                for word in ("work_hard", "open_without_closing", "round 29 is done"):
                    self.assertIn(word, page)

    def test_the_json_holds_the_leak(self):
        done = support.analyze(self.recording.path, "--plugins", "all", "--format", "json",
                               "-o", self.root / "run.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads((self.root / "run.json").read_text(encoding="utf-8"))
        leaks = {block["id"]: block["message"] for block in blocks(report)
                 if block["kind"] == "finding" and block["rule"].startswith("fdleak/")}
        self.assertEqual(len(leaks), 1)
        self.assertRegex(leaks.popitem()[1], r"^30 files .* open_without_closing")

    def test_lines_of_unchanged_source_files_are_in_the_report(self):
        def report(*options):
            done = support.analyze(self.recording.path, "--plugins", "hotspots", "--format", "ndjson", "-q", *options,
                                   "-o", self.root / "run.ndjson")
            self.assertEqual(done.returncode, 0, done.stderr)
            return (self.root / "run.ndjson").read_text(encoding="utf-8")

        line = "total += sum(range(1000))"
        self.assertIn(line, report())
        self.assertIn(line, report("--source", "full"))
        self.assertNotIn(line, report("--source=none"))
        self.write("program.py", PROGRAM.replace("1000", "1001"))
        self.assertNotIn("total += sum", report())
        self.assertEqual(support.analyze(self.recording.path, "--source", "some").returncode, 2)

    def test_what_was_lost_is_said(self):
        done = support.analyze(support.ROOT / "tests/format/golden/crashed.mlog", "--plugins", "quality", "--format",
                               "none")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(" ".join(done.stdout.split()), "Not recorded: 50 ticks in 1 stretch of 530 ms in all, from 1.46 s"
                         ".*read from its journal")


class Empty(support.Tree):
    def test_a_program_that_does_nothing_has_no_finding(self):
        recording = support.record(self.write("empty.py", "pass\n"), output=self.root / "run.mlog")
        done = support.analyze(recording.path, "--plugins", "all", "--format", "json", "-o", self.root / "run.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads((self.root / "run.json").read_text(encoding="utf-8"))
        self.assertEqual(report["findings"], [])
        self.assertEqual([block["rule"] for block in blocks(report) if block["kind"] == "finding"], [])


if __name__ == "__main__":
    unittest.main()
