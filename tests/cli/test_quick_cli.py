"""The command line: what is written where, what is said, and with which exit code."""

import json
import os
import unittest

import recordings
import support

PREFIX = "microlog-analyze: "


class Command(support.Tree):

    def setUp(self):
        super().setUp()
        self.recording = recordings.make(self.root / "run.mlog")

    def analyze(self, *arguments, **options):
        options.setdefault("cwd", self.root)
        return support.analyze(*arguments, **options)

    def files(self):
        return sorted(path.name for path in self.root.iterdir())

    def check(self, done, code, *words):
        """Exit code, and on stderr one line of ours with these words; without words nothing."""
        self.assertEqual(done.returncode, code, done.stderr)
        if not words:
            self.assertEqual(done.stderr, "")
        for word in words:
            self.assertIn(word, done.stderr)
        for line in done.stderr.splitlines():
            self.assertTrue(line.startswith(PREFIX), line)


class Reports(Command):

    def test_a_recording_alone_gives_a_verdict_and_a_page(self):
        done = self.analyze("run.mlog", "--plugins", "all")
        self.check(done, 0)
        self.assertIn("load_rates", done.stdout)
        self.assertIn("run.html", done.stdout)
        self.assertEqual(self.files(), ["run.html", "run.mlog"])
        self.assertIn("load_rates", (self.root / "run.html").read_text(encoding="utf-8"))

    def test_the_page_goes_into_the_current_folder(self):
        (self.root / "elsewhere").mkdir()
        self.check(self.analyze("../run.mlog", "-q", cwd=self.root / "elsewhere"), 0)
        self.assertEqual(self.files(), ["elsewhere", "run.mlog"])
        self.assertTrue((self.root / "elsewhere" / "run.html").exists())

    def test_quiet_prints_nothing(self):
        done = self.analyze("run.mlog", "-q", "--format", "none")
        self.check(done, 0)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.files(), ["run.mlog"])

    def test_one_format_is_the_file_that_was_named(self):
        self.check(self.analyze("run.mlog", "--format", "json", "-o", "named"), 0)
        self.assertEqual(self.files(), ["named", "run.mlog"])
        self.assertIn("findings", json.loads((self.root / "named").read_text()))

    def test_several_formats_share_the_name(self):
        self.check(self.analyze("run.mlog", "--format=json,html", "--output=named"), 0)
        self.assertEqual(self.files(), ["named.html", "named.json", "run.mlog"])

    def test_a_report_on_stdout_sends_the_verdict_to_stderr(self):
        done = self.analyze("run.mlog", "--format", "json", "-o", "-")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["recording"]["name"], "app.py")
        self.assertIn("load_rates", done.stderr)
        self.assertEqual(self.files(), ["run.mlog"])

    def test_stdin_is_a_recording(self):
        with open(self.recording, "rb") as stdin:
            done = self.analyze("-", "--format", "json", stdin=stdin)
        self.check(done, 0)
        self.assertEqual(self.files(), ["run.json", "run.mlog"])

    def test_the_same_input_gives_the_same_bytes(self):
        outputs = [self.analyze("run.mlog", "-q", "--format", "json", "-o", "-").stdout
                   for _ in range(2)]
        self.assertEqual(outputs[0], outputs[1])

    def test_json_keeps_what_the_program_said_out_of_markup(self):
        done = self.analyze("run.mlog", "-q", "--format", "json", "-o", "-")
        self.assertNotIn("<", done.stdout)

    def test_plugins_select(self):
        done = self.analyze("run.mlog", "-q", "--plugins", "all,-fdleak", "--format", "json",
                            "-o", "-")
        plugins = [document["plugin"] for document in json.loads(done.stdout)["documents"]]
        self.assertIn("hotspots", plugins)
        self.assertNotIn("fdleak", plugins)
        done = self.analyze("run.mlog", "-q", "--plugins", "none", "--format", "json", "-o", "-")
        self.assertEqual(json.loads(done.stdout)["documents"], [])

    def test_findings_are_numbered_in_order(self):
        report = json.loads(self.analyze("run.mlog", "-q", "--format", "json", "-o", "-").stdout)
        ids = [finding["id"] for finding in report["findings"]]
        self.assertEqual(ids, [f"F{number + 1}" for number in range(len(ids))])
        self.assertGreater(len(ids), 1)
        levels = [("error", "warning", "note").index(finding["level"])
                  for finding in report["findings"]]
        self.assertEqual(levels, sorted(levels))

    def test_width_follows_columns_and_there_is_no_colour_in_a_pipe(self):
        done = self.analyze("run.mlog", "--format", "none", env={**os.environ, "COLUMNS": "60"})
        self.check(done, 0)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 60)
        self.assertNotIn("\x1b", done.stdout)

    def test_everything_holds_under_the_sanitizers(self):
        done = self.analyze("run.mlog", "--format", "html,json", sanitized=True)
        self.check(done, 0)
        self.assertEqual(self.files(), ["run.html", "run.json", "run.mlog"])


class Gate(Command):

    def test_the_gate_fails_at_its_level_or_worse(self):
        self.check(self.analyze("run.mlog", "-q", "--format", "none", "--fail-on", "warning"), 1)
        self.check(self.analyze("run.mlog", "-q", "--format", "none", "--fail-on", "note"), 1)
        self.check(self.analyze("run.mlog", "-q", "--format", "none", "--fail-on", "error"), 0)
        self.check(self.analyze("run.mlog", "-q", "--format", "none", "--fail-on", "note",
                                "--plugins", "none"), 0)

    def test_unknown_levels_are_refused(self):
        self.check(self.analyze("run.mlog", "--fail-on", "critical"), 2,
                   '--fail-on cannot be "critical"; it is note, warning or error')


class Mistakes(Command):

    def test_input_that_cannot_be_read(self):
        self.check(self.analyze("missing.mlog"), 2, "missing.mlog", "No such file or directory")
        self.write("text.mlog", "this is no recording\n")
        self.check(self.analyze("text.mlog"), 2, "text.mlog")
        self.write("empty.mlog", "")
        self.check(self.analyze("empty.mlog"), 2, "empty.mlog")
        self.assertEqual(self.files(), ["empty.mlog", "run.mlog", "text.mlog"])

    def test_names_from_outside_cannot_drive_the_terminal(self):
        done = self.analyze("\x1b[31mred.mlog")
        self.check(done, 2, "red.mlog")
        self.assertNotIn("\x1b", done.stderr)

    def test_no_recording(self):
        self.check(self.analyze(), 2, "no recording was named")

    def test_misspelt_words_get_a_suggestion(self):
        self.check(self.analyze("--plugns", "all"), 2, "did you mean --plugins?")
        self.check(self.analyze("run.mlog", "--plugins", "fdleek"), 2, 'did you mean "fdleak"?',
                   "hotspots")
        self.check(self.analyze("run.mlog", "--format", "jsn"), 2, 'did you mean "json"?')
        self.check(self.analyze("help", "lst"), 2, "did you mean list?")
        self.check(self.analyze("run.mlog", "--zzz"), 2, "--help lists the options")
        self.check(self.analyze("run.mlog", "-z"), 2, "-z")

    def test_options_need_values_and_a_place(self):
        self.check(self.analyze("run.mlog", "--format"), 2, "--format needs a value")
        self.check(self.analyze("run.mlog", "--quiet=yes"), 2, "--quiet takes no value")
        self.check(self.analyze("list", "--format", "json"), 2, "--format is not for list")

    def test_reports_never_replace_recordings(self):
        before = self.recording.read_bytes()
        self.check(self.analyze("run.mlog", "-o", "run.mlog"), 2, "over a recording")
        self.check(self.analyze("run.mlog", "-o", "other.mlog"), 2, "over a recording")
        self.assertEqual(self.recording.read_bytes(), before)

    def test_output_that_makes_no_sense(self):
        self.check(self.analyze("run.mlog", "--format", "html,json", "-o", "-"), 2,
                   "-o - is for one format")
        self.check(self.analyze("run.mlog", "--format", "none", "-o", "x"), 2,
                   "no report is to be written")

    def test_output_that_cannot_be_written(self):
        done = self.analyze("run.mlog", "-o", "missing/run.html")
        self.check(done, 2, "missing/run.html", "choose another place with -o")
        self.assertIn("load_rates", done.stdout)

    def test_a_full_disk_is_said(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.analyze("run.mlog", "--format", "none", stdout=full, stderr=-1,
                                capture_output=False)
        self.check(done, 2, "No space left on device")

    def test_options_of_plugins(self):
        self.check(self.analyze("run.mlog", "--option", "fdleak.min-cuont=3"), 2,
                   'did you mean "min-count"?')
        self.check(self.analyze("run.mlog", "--option", "fdleak.min-count=x"), 2,
                   "it is a whole number")
        self.check(self.analyze("run.mlog", "--option", "fdleak.min-count=1"), 2, "it is between")
        self.check(self.analyze("run.mlog", "--option", "nobody.x=1"), 2, "not selected")
        self.check(self.analyze("run.mlog", "--option", "min-count"), 2, "PLUGIN.NAME=VALUE")
        report = self.analyze("run.mlog", "-q", "--format", "json", "-o", "-", "--option",
                              "fdleak.min-count=1000")
        rules = [finding["rule"] for finding in json.loads(report.stdout)["findings"]]
        self.assertNotIn("fdleak/never-closed", rules)


class Installation(Command):
    """What happens when parts of an installation are not there."""

    def lonely(self):
        """The host in a folder of its own, without plugins."""
        (self.root / "bin").mkdir()
        program = self.root / "bin" / "microlog-analyze"
        program.write_bytes((support.build() / "bin" / "microlog-analyze").read_bytes())
        program.chmod(0o755)
        return program

    def run_lonely(self, *arguments, **variables):
        environment = {"HOME": str(self.root), **variables}
        return support.run([self.lonely(), *arguments], cwd=self.root, env=environment)

    def test_without_plugins_the_verdict_is_one_line(self):
        done = self.run_lonely("run.mlog")
        self.check(done, 3, 'there is no renderer "html"', 'there is no renderer "text"',
                   "there are no analyses")
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("no findings; 0 checks ran", done.stdout)

    def test_list_says_where_was_searched(self):
        done = self.run_lonely("list")
        self.check(done, 0)
        self.assertIn("No plugins were found", done.stdout)
        self.assertIn(str(self.root), done.stdout)

    def test_plugins_are_found_where_the_environment_says(self):
        plugins = str(support.build() / "plugins")
        self.check(self.run_lonely("run.mlog", MICROLOG_PLUGIN_PATH=plugins), 0)

    def test_plugins_are_found_where_an_option_says(self):
        self.check(self.run_lonely("run.mlog", "--plugin-path", support.build() / "plugins"), 0)

    def test_a_folder_that_was_named_must_exist(self):
        self.check(self.run_lonely("run.mlog", "--plugin-path", "missing"), 2,
                   "missing", "--plugin-path")


class Other(Command):

    def test_help_and_version(self):
        done = self.analyze("--help")
        self.check(done, 0)
        for word in ("usage:", "--plugins", "--format", "exit codes", "dump"):
            self.assertIn(word, done.stdout)
        self.assertEqual(self.analyze("help").stdout, done.stdout)
        self.assertIn("--table NAME", self.analyze("dump", "--help").stdout)
        self.assertEqual(self.analyze("help", "dump").stdout, self.analyze("dump", "--help").stdout)
        self.assertIn("plugin ABI 1.0", self.analyze("--version").stdout)
        self.assertIn("--renderer", self.analyze("help", "new").stdout)
        self.assertIn("exit codes: 0 it passed", self.analyze("check", "--help").stdout)

    def test_help_fits_a_narrow_terminal(self):
        for command in ("run", "list", "info", "dump", "new", "check", "help"):
            text = self.analyze("help", command).stdout
            self.assertLessEqual(max(map(len, text.splitlines())), 100, command)

    def test_list_and_info(self):
        done = self.analyze("list", "-v")
        self.check(done, 0)
        for word in ("fdleak", "hotspots", "html", "renderer", "microlog-analyzer-fdleak.so"):
            self.assertIn(word, done.stdout)
        done = self.analyze("info", "fdleak")
        self.check(done, 0)
        self.assertIn("--option fdleak.min-count=", done.stdout)
        self.check(self.analyze("info"), 2, "needs the name of a plugin")
        self.check(self.analyze("info", "fdleek"), 2, 'did you mean "fdleak"?')
        self.check(self.analyze("info", "htm"), 2, 'did you mean "html"?')
        self.check(self.analyze("info", "something-else"), 2, "`microlog-analyze list`")
        self.check(self.analyze("info", "fdleek", "--plugin-path", "gone"), 2, "gone")

    def test_explainers_are_listed_described_and_suggested(self):
        explain = support.build() / "plugins" / "microlog-explainer-explain.so"
        if not explain.exists():
            self.skipTest("the explainer was not built")
        self.assertIn("explainer  explain", self.analyze("list").stdout)
        self.check(self.analyze("info", "explain"), 0)
        self.check(self.analyze("info", "explan"), 2, 'did you mean "explain"?')
        self.check(self.analyze("run.mlog", "--plugins", "explan"), 2, 'did you mean "explain"?')

    def test_dump(self):
        done = self.analyze("dump", "run.mlog")
        self.check(done, 0)
        self.assertIn("load_rates", done.stdout)
        done = self.analyze("dump", "--format", "ndjson", "--table", "strings", "run.mlog")
        self.check(done, 0)
        records = {json.loads(line)["record"] for line in done.stdout.splitlines()}
        self.assertIn("string", records)
        self.check(self.analyze("dump", "--table", "string", "run.mlog"), 2,
                   "did you mean strings?")
        self.check(self.analyze("dump", "--format", "xml", "run.mlog"), 2, "text or ndjson")
        self.check(self.analyze("dump"), 2, "no recording was named")

    def test_a_recording_named_like_a_command(self):
        recordings.make(self.root / "list")
        self.check(self.analyze("-q", "--format", "none", "--", "list"), 0)
        self.check(self.analyze("./list", "-q", "--format", "none"), 0)


if __name__ == "__main__":
    unittest.main()
