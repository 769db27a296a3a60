"""All outputs of one recording say the same, and say what the dump says."""

import html
import json
import re
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402


def plain(page):
    """The text of a page without tags, white space folded."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


class Agreement(support.Tree):
    def setUp(self):
        super().setUp()
        made = support.record(support.ROOT / "recorder/examples/demo.py", "--seconds", "3",
                              output=self.root / "run.mlog", cwd=self.root)
        self.assertEqual(made.process.returncode, 0, made.process.stderr)
        done = support.analyze("run.mlog", "--plugins", "all", "--format", "html,json,ndjson,svg,text", "-o", "out",
                               cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.verdict = done.stdout
        self.read = {suffix: (self.root / f"out.{suffix}").read_text()
                     for suffix in ("html", "json", "ndjson", "svg", "txt")}
        self.report = json.loads(self.read["json"])
        dump = support.analyze("dump", "--format", "ndjson", "run.mlog", cwd=self.root)
        self.dump = [json.loads(line) for line in dump.stdout.splitlines()]

    def events(self, kind):
        return [e for e in self.dump if e["record"] == "event" and e["kind"] == kind]

    def test_findings_are_the_same_everywhere(self):
        findings = self.report["findings"]
        self.assertIn("fdleak/never-closed", [f["rule"] for f in findings])
        lines = [json.loads(line) for line in self.read["ndjson"].splitlines()]
        self.assertEqual([f["id"] for f in findings],
                         [b["id"] for b in lines if b.get("kind") == "finding"])
        page, screen = plain(self.read["html"]), re.sub(r"\s+", " ", self.verdict)
        for finding in findings:
            self.assertIn(finding["message"], page)
        for finding in findings[:7]:
            self.assertIn(finding["message"], screen)
            self.assertIn(finding["rule"], screen)
        self.assertIn(re.sub(r"\s+", " ", self.report["verdict"]), page)

    def test_numbers_are_those_of_the_dump(self):
        metrics = {b["key"]: b["value"] for d in self.report["documents"] for b in d["blocks"]
                   if b["kind"] == "metric"}
        still = {}
        for event in self.dump:
            if event["record"] == "event" and event["kind"] == "fd.open":
                still[event["fields"]["number"]] = event["fields"]
            elif event["record"] == "event" and event["kind"] == "fd.close":
                still.pop(event["fields"]["number"], None)
        leaked = [f for f in still.values() if not f["inherited"] and f["label"].endswith(".py")]
        finding = next(f for f in self.report["findings"] if f["rule"] == "fdleak/never-closed")
        self.assertEqual(finding["impact"]["count"], len(leaked))
        # A sample whose stack would not stand still is one too; before and after a thread's life there is none.
        samples = sum(r["samples"] for r in self.dump if r["record"] == "run" and (r["node"] or r["state"] or r["cpu_ns"]))
        self.assertIn(samples, metrics.values())

    def test_every_log_line_is_in_the_page_and_the_design_in_the_picture(self):
        page = plain(self.read["html"])
        logs = self.events("py.log")
        self.assertGreater(len(logs), 0)
        for event in logs:
            self.assertIn(re.sub(r"\s+", " ", event["fields"]["text"])[:200], page)
        picture = xml.etree.ElementTree.fromstring(self.read["svg"])
        self.assertTrue(picture.tag.endswith("svg"))
        graph = next(b for d in self.report["documents"] for b in d["blocks"] if b["kind"] == "graph")
        drawn = plain(self.read["svg"])
        for node in graph["nodes"]:
            self.assertIn(node["label"].split("\n")[0][:12], drawn)


if __name__ == "__main__":
    unittest.main()
