"""Forty recordings of ten process trees and twenty single runs, in one call."""

import json
import pathlib
import sys
import unittest

import support

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import recordings  # noqa: E402

TREES = 10


class Batch(support.Tree):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sessions = [1 + number % TREES for number in range(2 * TREES)] + \
            list(range(TREES + 1, 3 * TREES + 1))

    def setUp(self):
        super().setUp()
        (self.root / "runs").mkdir()
        for number, session in enumerate(self.sessions):
            recordings.make(self.root / f"runs/{number:02}.mlog", session, number + 1)

    def analyze(self, *arguments, code=0, **options):
        done = support.analyze(*arguments, cwd=self.root, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def reports(self, folder):
        return {path.name: path.read_bytes() for path in sorted((self.root / folder).iterdir())}

    def test_every_run_has_a_report_of_all_its_processes(self):
        done = self.analyze("runs", "-o", "out/", "--format", "json")
        reports = {name: json.loads(text) for name, text in self.reports("out").items()}
        self.assertEqual(len(reports), 3 * TREES)
        processes = [len(report["recording"]["processes"]) for report in reports.values()]
        self.assertEqual(processes, [2] * TREES + [1] * 2 * TREES)
        lines = done.stdout.splitlines()
        self.assertEqual([line.split(":")[0] + ".json" for line in lines[:3 * TREES]],
                         list(reports))
        findings = sum(len(report["findings"]) for report in reports.values())
        self.assertEqual(sum(map(int, lines[-1].split()[3:])), findings)

    def test_one_at_a_time_gives_the_same_bytes(self):
        self.analyze("runs", "-q", "-o", "all/", "--format", "json")
        for tree in range(TREES):
            first, second = f"runs/{tree:02}.mlog", f"runs/{tree + TREES:02}.mlog"
            self.analyze(first, second, "-q", "-o", "single/", "--format", "json")
        for number in range(2 * TREES, len(self.sessions)):
            self.analyze(f"runs/{number:02}.mlog", "-q", "-o", "single/", "--format", "json")
        self.assertEqual(self.reports("all"), self.reports("single"))

    def test_broken_ones_among_them_cost_themselves_alone(self):
        before = len(self.sessions) - 2 * TREES
        for number in (0, 25, 39):
            (self.root / f"runs/{number:02}.mlog").write_bytes(b"broken")
        done = self.analyze("runs", "-q", "-o", "out/", "--format", "json", code=2)
        self.assertEqual(len(done.stderr.splitlines()), 3)
        self.assertEqual(len(self.reports("out")), TREES + before - 2)

    def test_a_long_list(self):
        names = "\0".join(f"runs/{number:02}.mlog" for number in range(len(self.sessions)))
        done = self.analyze("--files-from", "-", "--format", "none", input=names)
        self.assertEqual(done.stdout, self.analyze("runs", "--format", "none").stdout)


if __name__ == "__main__":
    unittest.main()
