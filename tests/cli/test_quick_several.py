"""Several recordings: which are one run, what each run is called, and what is said of all."""

import json
import shutil
import unittest

import recordings
import support

PREFIX = "microlog-analyze: "


class Several(support.Tree):

    def analyze(self, *arguments, **options):
        options.setdefault("cwd", self.root)
        return support.analyze(*arguments, **options)

    def make(self, path, session=1, number=None):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        return recordings.make(self.root / path, session, number)

    def files(self, folder="."):
        return sorted(path.name for path in (self.root / folder).iterdir()
                      if path.suffix != ".mlog" and path.is_file())

    def check(self, done, code, *words):
        """Exit code, and on stderr lines of ours with these words; without words nothing."""
        self.assertEqual(done.returncode, code, done.stderr)
        if not words:
            self.assertEqual(done.stderr, "")
        for word in words:
            self.assertIn(word, done.stderr)
        for line in done.stderr.splitlines():
            self.assertTrue(line.startswith(PREFIX), line)

    def reports(self, *arguments, code=0):
        """Runs into the folder reports/; name of each report → the report."""
        done = self.analyze("-q", "--format", "json", "-o", "reports/", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return {path.stem: json.loads(path.read_text())
                for path in sorted((self.root / "reports").iterdir())}


class Runs(Several):

    def test_different_sessions_give_a_report_each(self):
        self.make("a.mlog", 1)
        self.make("b.mlog", 2)
        self.check(self.analyze("a.mlog", "b.mlog", "-q"), 0)
        self.assertEqual(self.files(), ["a.html", "b.html"])

    def test_one_session_is_one_run_in_whatever_files(self):
        self.make("parent.mlog", 1)
        self.make("other.mlog", 2)
        self.make("child.mlog", 1)
        self.make("child.mlog", 1)
        reports = self.reports("parent.mlog", "other.mlog", "child.mlog")
        self.assertEqual({name: len(report["recording"]["processes"])
                          for name, report in reports.items()}, {"parent": 3, "other": 1})

    def test_one_file_may_hold_several_runs(self):
        for session in (1, 2, 1):
            self.make("run.mlog", session)
        reports = self.reports("run.mlog")
        self.assertEqual({name: len(report["recording"]["processes"])
                          for name, report in reports.items()}, {"run": 2, "run-2": 1})

    def test_the_order_of_the_files_does_not_change_a_run(self):
        for number in range(1, 5):
            self.make(f"{number}.mlog", 1, number)
        orders = [("1.mlog", "2.mlog", "3.mlog", "4.mlog"), ("4.mlog", "2.mlog", "1.mlog", "3.mlog")]
        outputs = [self.analyze("-q", "--format", "json", "-o", "-", *order).stdout
                   for order in orders]
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(len(json.loads(outputs[0])["recording"]["processes"]), 4)

    def test_a_recording_given_twice_counts_once(self):
        self.make("a.mlog", 1)
        shutil.copy(self.root / "a.mlog", self.root / "copy.mlog")
        reports = self.reports("a.mlog", "copy.mlog", "./a.mlog", ".")
        self.assertEqual(list(reports), ["a"])
        self.assertEqual(len(reports["a"]["recording"]["processes"]), 1)

    def test_of_two_copies_the_longer_one_is_taken(self):
        whole = self.make("whole.mlog", 1).read_bytes()
        (self.root / "torn.mlog").write_bytes(whole[:-40])
        for order in (("torn.mlog", "whole.mlog"), ("whole.mlog", "torn.mlog")):
            done = self.analyze("-q", "--format", "json", "-o", "-", *order)
            process, = json.loads(done.stdout)["recording"]["processes"]
            self.assertTrue(process["clean_end"], order)

    def test_recordings_without_a_session_are_runs_of_their_own(self):
        self.make("a.mlog", 0)
        self.make("b.mlog", 0)
        self.assertEqual(list(self.reports("a.mlog", "b.mlog")), ["a", "b"])


class Inputs(Several):

    def test_a_folder_stands_for_the_recordings_directly_in_it(self):
        self.make("runs/b.mlog", 1)
        self.make("runs/a.mlog", 2)
        self.make("runs/deeper/c.mlog", 3)
        self.make("runs/folder.mlog/d.mlog", 4)
        self.write("runs/notes.txt", "no recording")
        self.write("runs/x.mlog-journal", "no recording")
        self.assertEqual(list(self.reports("runs")), ["a", "b"])
        self.assertEqual(list(self.reports("runs/", "runs/deeper")), ["a", "b", "c"])

    def test_an_empty_folder_is_an_error_of_its_own(self):
        self.make("a.mlog", 1)
        (self.root / "empty").mkdir()
        done = self.analyze("empty", "a.mlog", "-q")
        self.check(done, 2, "no recording in the folder empty", "*.mlog")
        self.assertEqual(self.files(), ["a.html"])

    def test_a_file_that_cannot_be_read_does_not_cost_the_others(self):
        self.make("a.mlog", 1)
        self.make("z.mlog", 2)
        self.write("broken.mlog", "this is no recording\n")
        done = self.analyze("a.mlog", "missing.mlog", "broken.mlog", "z.mlog", "-q")
        self.check(done, 2, "missing.mlog", "broken.mlog")
        self.assertEqual(self.files(), ["a.html", "z.html"])
        self.check(self.analyze("broken.mlog"), 2, "broken.mlog")

    def test_a_list_of_files(self):
        self.make("a b.mlog", 1)
        self.make("runs/c.mlog", 2)
        self.write("lines", "a b.mlog\n\nruns\n")
        self.write("nuls", "a b.mlog\0runs/c.mlog\0")
        self.write("nothing", "\n")
        for name in ("lines", "nuls"):
            with self.subTest(name=name):
                self.assertEqual(list(self.reports("--files-from", name)), ["a b", "c"])
        self.check(self.analyze("-q", "--files-from=-", "--format", "none", input="a b.mlog\nruns"), 0)
        self.check(self.analyze("--files-from", "nothing"), 2, "list of --files-from is empty")
        self.check(self.analyze("--files-from", "gone"), 2, "--files-from", "gone")
        self.check(self.analyze("-", "--files-from", "-", input="x"), 2, "stdin cannot be both")
        self.check(self.analyze("-", "-", input="x"), 2, "stdin was named twice")

    def test_stdin_beside_files(self):
        self.make("a.mlog", 1)
        other = self.make("hidden/b", 2)
        with open(other, "rb") as stdin:
            done = self.analyze("-q", "a.mlog", "-", stdin=stdin)
        self.check(done, 0)
        self.assertEqual(self.files(), ["a.html", "run.html"])


class Output(Several):

    def setUp(self):
        super().setUp()
        for session, path in enumerate(("run.mlog", "x/run.mlog", "y/run.mlog", "run-2.mlog")):
            self.make(path, session + 1)
        self.all = ("run.mlog", "x/run.mlog", "y", "run-2.mlog")

    def test_equal_names_get_numbers_that_nobody_has(self):
        names = {name: report["recording"]["session"][:2]
                 for name, report in self.reports(*self.all).items()}
        self.assertEqual(names, {"run": "01", "run-2": "04", "run-3": "02", "run-4": "03"})

    def test_a_folder_that_is_there_takes_the_reports(self):
        (self.root / "out").mkdir()
        self.check(self.analyze("run.mlog", "-q", "-o", "out", "--format", "html,json"), 0)
        self.assertEqual(self.files("out"), ["run.html", "run.json"])
        self.check(self.analyze("run.mlog", "-q", "-o", "gone/deeper/"), 2, "gone/deeper")

    def test_one_name_is_not_for_several_runs(self):
        for name in ("report", "-"):
            done = self.analyze(*self.all, "-o", name)
            self.check(done, 2, "names the report of one run", "4 runs", "reports/")
            self.assertEqual(self.files(), [])

    def test_few_runs_are_told_in_full(self):
        done = self.analyze("run.mlog", "x/run.mlog", "--format", "none")
        self.check(done, 0)
        self.assertNotIn("duration", done.stdout)
        single = self.analyze("run.mlog", "--format", "none").stdout
        self.assertIn(single + "\n", done.stdout)
        self.assertFalse(done.stdout.endswith("\n\n"))

    def test_many_runs_are_a_line_each_and_a_table(self):
        done = self.analyze(*self.all, "--format", "none")
        self.check(done, 0)
        lines = done.stdout.splitlines()
        self.assertEqual([line.split(":")[0] for line in lines[:4]],
                         ["run", "run-3", "run-4", "run-2"])
        self.assertIn("finding", lines[0])
        self.assertEqual((lines[4], lines[5].split()), ("", ["run", "duration", "errors",
                                                             "warnings", "notes"]))
        rows = [line.split() for line in lines[6:]]
        self.assertEqual([row[:3] for row in rows],
                         [[name, "1.00", "s"] for name in ("run", "run-3", "run-4", "run-2")] +
                         [["all", "4.00", "s"]])
        report = json.loads(self.analyze("run.mlog", "-q", "--format", "json", "-o", "-").stdout)
        levels = [finding["level"] for finding in report["findings"]]
        self.assertEqual([int(number) for number in rows[0][3:]],
                         [levels.count(level) for level in ("error", "warning", "note")])
        self.assertEqual([int(number) for number in rows[4][3:]],
                         [4 * levels.count(level) for level in ("error", "warning", "note")])
        self.assertEqual(self.analyze(*self.all, "-q", "--format", "none").stdout, "")

    def test_names_cannot_drive_the_terminal(self):
        self.make("\x1b[31mred.mlog", 9)
        done = self.analyze(*self.all, "\x1b[31mred.mlog", "--format", "none")
        self.assertIn("red: ", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_the_worst_decides_the_exit_code(self):
        gate = ("-q", "--format", "none", "--fail-on", "warning")
        self.assertEqual(self.analyze(*self.all, *gate).returncode, 1)
        self.write("broken.mlog", "no")
        self.assertEqual(self.analyze(*self.all, "broken.mlog", *gate).returncode, 2)
        self.write("shelf/microlog-analyzer-broken.so", "no")
        shelf = ("--plugin-path", self.root / "shelf")
        self.assertEqual(self.analyze(*self.all, *gate, *shelf).returncode, 3)
        self.assertEqual(self.analyze(*self.all, "broken.mlog", *gate, *shelf).returncode, 2)

    def test_everything_holds_under_the_sanitizers(self):
        self.write("broken.mlog", "no")
        done = self.analyze(*self.all, ".", "broken.mlog", "-o", "out/", sanitized=True)
        self.check(done, 2, "broken.mlog")
        self.assertEqual(len(self.files("out")), 4)


if __name__ == "__main__":
    unittest.main()
