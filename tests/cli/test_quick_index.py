"""index: one row for each of many recordings, broken ones among them."""

import json
import unittest

import recordings
import support

PREFIX = "microlog-analyze: "


class Index(support.Tree):

    def setUp(self):
        super().setUp()
        (self.root / "runs").mkdir()
        for name, session in (("b", 1), ("a", 2), ("c", 3)):
            recordings.make(self.root / "runs" / f"{name}.mlog", session)

    def index(self, *arguments, **options):
        options.setdefault("cwd", self.root)
        return support.analyze("index", *arguments, **options)

    def rows(self, *arguments, code=0):
        done = self.index("--format", "ndjson", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_row_tells_what_a_report_tells(self):
        done = support.analyze("runs/a.mlog", "-q", "--format", "json", "-o", "-", cwd=self.root)
        report = json.loads(done.stdout)
        row, = self.rows("runs/a.mlog")
        recording = report["recording"]
        self.assertEqual((row["path"], row["program"], row["command"], row["session"]),
                         ("runs/a.mlog", recording["name"], recording["command"],
                          recording["session"]))
        for key in ("duration_ns", "ticks", "ticks_missed", "start_wall_ns"):
            self.assertEqual(row[key], recording[key], key)
        levels = [finding["level"] for finding in report["findings"]]
        self.assertEqual(row["findings"], {level: levels.count(level)
                                           for level in ("error", "warning", "note")})
        worst = report["findings"][0]
        self.assertEqual(row["worst"], {key: worst[key] for key in ("level", "rule", "message")})
        self.assertEqual((row["ended"], row["processes"]), ("clean", 1))

    def test_json_holds_the_same_rows(self):
        done = self.index("runs", "--format", "json")
        self.assertEqual(json.loads(done.stdout)["recordings"], self.rows("runs"))

    def test_broken_files_are_rows_and_the_rest_goes_on(self):
        self.write("runs/broken.mlog", "no recording")
        whole = (self.root / "runs/a.mlog").read_bytes()
        (self.root / "runs/torn.mlog").write_bytes(whole[:-40])
        rows = self.rows("runs", "missing.mlog", code=2)
        self.assertEqual([row["path"] for row in rows if "error" in row],
                         ["missing.mlog", "runs/broken.mlog"])
        self.assertEqual(len(rows), 6)
        torn, = [row for row in rows if row["path"] == "runs/torn.mlog"]
        self.assertEqual(torn["ended"], "damaged")
        done = self.index("runs", "missing.mlog")
        self.assertEqual(done.stderr, PREFIX + "2 of 6 recordings could not be read; their rows say why\n")
        self.assertIn("broken  runs/broken.mlog", done.stdout)
        self.assertTrue(done.stdout.endswith("; 2 broken\n"), done.stdout)

    def test_copies_are_rows_and_so_are_the_runs_of_one_file(self):
        recordings.make(self.root / "two.mlog", 5)
        recordings.make(self.root / "two.mlog", 6)
        recordings.make(self.root / "two.mlog", 5)
        (self.root / "copy.mlog").write_bytes((self.root / "two.mlog").read_bytes())
        rows = self.rows("two.mlog", "copy.mlog", "--sort", "file")
        self.assertEqual([(row["path"], row["session"][:2], row["processes"]) for row in rows],
                         [("copy.mlog", "05", 2), ("copy.mlog", "06", 1),
                          ("two.mlog", "05", 2), ("two.mlog", "06", 1)])

    def test_rows_are_sorted_and_filtered(self):
        names = [row["path"][5] for row in self.rows("runs", "--sort", "file")]
        self.assertEqual(names, ["a", "b", "c"])
        for by in ("findings", "time", "length", "cpu", "memory"):
            self.assertEqual([row["path"][5] for row in self.rows("runs/c.mlog", "runs", "--sort", by)],
                             ["a", "b", "c", "c"], by)
        self.write("runs/broken.mlog", "no recording")
        self.assertEqual(len(self.rows("runs", "--level", "note", code=2)), 4)
        rows = self.rows("runs", "--level", "error", code=2)
        self.assertEqual([row["path"] for row in rows], ["runs/broken.mlog"])

    def test_the_exit_code_is_a_gate(self):
        worst = {row["worst"]["level"] for row in self.rows("runs")}
        self.assertEqual(worst, {"warning"})
        self.assertEqual(self.index("runs", "--fail-on", "warning").returncode, 1)
        self.assertEqual(self.index("runs", "--fail-on", "error").returncode, 0)
        # Rows that are not shown count, too.
        self.assertEqual(self.index("runs", "--fail-on", "warning", "--level", "error").returncode, 1)

    def test_without_plugins_it_is_a_list_of_recordings(self):
        rows = self.rows("runs", "--plugins", "none")
        self.assertEqual({row["worst"] for row in rows}, {None})
        self.assertIn("0 warning, 0 note, 3 none", self.index("runs", "--plugins", "none").stdout)

    def test_the_same_input_gives_the_same_bytes(self):
        outputs = {self.index("runs", "--jobs", jobs).stdout for jobs in (1, 8)}
        self.assertEqual(len(outputs), 1)

    def test_it_fits_the_terminal(self):
        self.write("runs/broken-with-a-long-name-that-does-not-fit.mlog", "no recording")
        for width in (80, 120):
            done = support.run([support.build() / "bin/microlog-analyze", "index", "runs"],
                               env={"COLUMNS": str(width)}, cwd=self.root)
            lines = done.stdout.splitlines()
            self.assertEqual(" ".join(lines[5:]), "4 rows, 3.00 s recorded; worst finding: 0 error, "
                             "3 warning, 0 note, 0 none; 1 broken")
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertEqual([line for line in lines if line != line.rstrip()], [])

    def test_names_cannot_drive_the_terminal(self):
        recordings.make(self.root / "\x1b[31mred.mlog", 9)
        done = self.index(".")
        self.assertIn("red.mlog", done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_wrong_use_is_told(self):
        for arguments, words in (
                ((), "no recording was named"),
                (("runs", "--sort", "size"), "--sort cannot be \"size\""),
                (("runs", "--level", "bad"), "--level cannot be \"bad\""),
                (("runs", "--format", "html"), "--format cannot be \"html\""),
                (("runs", "-o", "x"), "option --output is not for index")):
            with self.subTest(arguments=arguments):
                done = self.index(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)

    def test_everything_holds_under_the_sanitizers(self):
        self.write("runs/broken.mlog", "no recording")
        done = self.index("runs", sanitized=True)
        self.assertEqual(done.returncode, 2, done.stderr)


if __name__ == "__main__":
    unittest.main()
