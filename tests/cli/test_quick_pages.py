"""Pages carry their recordings: what is analysed from a page is what is analysed from the recording."""

import json
import shutil
import sys
import unittest

import recordings
import support

sys.path.insert(0, str(support.ROOT / "tests" / "format"))

import decoder  # noqa: E402

GOLDEN = support.ROOT / "tests" / "format" / "golden"
PREFIX = "microlog-analyze: "


class Pages(support.Tree):
    def analyze(self, *arguments, code=0, said="", **options):
        options.setdefault("cwd", self.root)
        done = support.analyze(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr, said and PREFIX + said + "\n")
        return done

    def report(self, *recordings_of_it, **options):
        return json.loads(self.analyze(*recordings_of_it, "-q", "--format", "json", "-o", "-", **options).stdout)

    def page(self, *arguments):
        self.analyze(*arguments, "-q", "-o", "page.html")
        return self.root / "page.html"

    def check_same(self, *names):
        """A page of these gives the report that they give."""
        expected = self.report(*names)
        self.page(*names)
        self.assertEqual(self.report("page.html"), expected)
        return expected

    def test_the_same_report_comes_out(self):
        recordings.make(self.root / "run.mlog")
        self.assertEqual(self.check_same("run.mlog")["recording"]["name"], "app.py")

    def test_also_of_a_process_tree_in_several_files(self):
        for name in ("parent", "child"):
            recordings.make(self.root / f"{name}.mlog", 1)
        self.assertEqual(len(self.check_same("parent.mlog", "child.mlog")["recording"]["processes"]), 2)

    def test_also_of_a_run_that_was_killed(self):
        for suffix in (".mlog", ".mlog-journal"):
            shutil.copy(GOLDEN / f"crashed{suffix}", self.root / f"run{suffix}")
        expected = self.report("run.mlog")
        self.page("run.mlog")
        found = self.report("page.html")
        self.assertEqual(found["recording"], expected["recording"])
        self.assertEqual([finding["rule"] for finding in found["findings"]], [finding["rule"] for finding in expected["findings"]])
        (self.root / "run.mlog-journal").unlink()
        self.assertNotEqual(self.report("run.mlog")["recording"]["ticks"], expected["recording"]["ticks"])

    def test_also_of_one_that_is_damaged(self):
        whole = recordings.make(self.root / "run.mlog").read_bytes()
        (self.root / "run.mlog").write_bytes(whole[:-40])
        self.assertTrue(self.check_same("run.mlog")["recording"]["damaged"])

    def test_every_command_reads_it(self):
        recordings.make(self.root / "run.mlog")
        self.page("run.mlog")
        for command in (("dump", "--format", "ndjson"), ("verify",), ("index", "--format", "ndjson")):
            told = [self.analyze(*command, name).stdout.replace(name, "NAME") for name in ("run.mlog", "page.html")]
            self.assertEqual(told[0], told[1])
        self.analyze("pack", "page.html", "-o", "again.mlog")
        self.analyze("pack", "run.mlog", "-o", "packed.mlog")
        self.assertEqual((self.root / "again.mlog").read_bytes(), (self.root / "packed.mlog").read_bytes())
        self.assertIn("no function differs by more than noise", self.analyze("diff", "run.mlog", "page.html").stdout)
        with open(self.root / "page.html", "rb") as page:
            self.assertEqual(self.report("-", stdin=page)["recording"]["name"], "app.py")

    def test_a_page_and_its_recording_are_one_run(self):
        recordings.make(self.root / "run.mlog")
        self.page("run.mlog")
        self.assertEqual(len(self.report("run.mlog", "page.html")["recording"]["processes"]), 1)

    def test_the_format_is_as_it_is_written_down(self):
        recording = recordings.make(self.root / "run.mlog")
        self.assertEqual(decoder.bytes_in_page(self.page("run.mlog").read_bytes()), recording.read_bytes())

    def test_bare_pages_hold_what_they_show(self):
        recordings.make(self.root / "run.mlog")
        whole = self.page("run.mlog").read_bytes()
        bare = self.page("run.mlog", "--bare").read_bytes()
        self.assertTrue(whole.startswith(bare))
        self.assertEqual(bare[-8:], b"</html>\n")
        self.analyze("page.html", code=2, said="page.html is a report that does not carry its recording; analyse the one that "
                                               'its section "About" names')

    def test_other_reports_carry_nothing(self):
        recordings.make(self.root / "run.mlog")
        self.analyze("run.mlog", "-q", "--format", "json,svg,text", "-o", "report")
        for suffix in ("json", "svg", "txt"):
            self.assertNotIn(b"mlog base64", (self.root / f"report.{suffix}").read_bytes())

    def test_what_was_read_is_not_written_over(self):
        recordings.make(self.root / "run.mlog")
        self.analyze("run.mlog", "-q")
        before = (self.root / "run.html").read_bytes()
        self.analyze("run.html", "-q", said="run.html is what was read and stays as it is; name another report with -o")
        self.analyze("run.html", "-q", "-o", "./run.html", said="./run.html is what was read and stays as it is; name another report with -o")
        self.analyze("run.html", "-q", "-o", "run.html", code=2, said="-o run.html would write a report over a recording; choose another name")
        self.analyze("pack", "run.html", code=2, said="run.html is a page and stays one; name the recording to write with -o")
        self.assertEqual((self.root / "run.html").read_bytes(), before)
        self.analyze("run.html", "-q", "--format", "json")
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["run.html", "run.json", "run.mlog"])

    def test_damage_within_a_page_is_said(self):
        recordings.make(self.root / "run.mlog")
        data = bytearray(self.page("run.mlog").read_bytes())
        data[-20] = ord("!")
        (self.root / "page.html").write_bytes(data)
        self.analyze("page.html", code=2, said="cannot read 'page.html': the recording that this page carries is damaged")

    def test_other_pages_are_no_recordings(self):
        self.write("other.html", "<!DOCTYPE html>\n<title>another page</title>\n")
        self.analyze("other.html", code=2, said="cannot read 'other.html': it is not an .mlog file")

    def test_json_names_the_remedy(self):
        recordings.make(self.root / "run.mlog")
        self.analyze("run.mlog", "-q", "--format", "json")
        said = "run.json is a report, not a recording; analyse the recording that it was made from"
        self.analyze("run.json", code=2, said=said)
        row = json.loads(support.analyze("index", "--format", "ndjson", "run.json", cwd=self.root).stdout)
        self.assertEqual(row["error"], said)


if __name__ == "__main__":
    unittest.main()
