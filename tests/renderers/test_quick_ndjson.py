"""The ndjson renderer: a JSON object a line, the recording first, then the findings, then the other blocks."""

import json
import unittest

import support
from cli import recordings
from sdk import fake
from test_quick_renderers import MODEL


class Lines(unittest.TestCase):
    def test_a_line_each(self):
        lines = fake.run(fake.plugin("renderer-ndjson"), model=MODEL).decode().split("\n")
        self.assertEqual(lines[0], '{"kind":"recording","name":"fake"}')
        self.assertEqual(lines[1:], ["{}"] * 19 + [""])

    def test_without_a_model_there_is_no_recording(self):
        self.assertEqual(fake.run(fake.plugin("renderer-ndjson")).decode(), "{}\n" * 19)
        self.assertEqual(fake.run(fake.plugin("renderer-ndjson"), "--empty"), b"")


class Whole(support.Tree):
    def test_it_says_what_json_says(self):
        recording = recordings.make(self.root / "run.mlog")
        outputs = []
        for format in ("ndjson", "json"):
            done = support.analyze(recording, "--format", format, "-o", "-")
            self.assertIn(done.returncode, (0, 1), done.stderr)
            outputs.append(done.stdout)
        lines = [json.loads(line) for line in outputs[0].splitlines()]
        whole = json.loads(outputs[1])
        self.assertEqual(lines[0], {"kind": "recording", **whole["recording"]})
        count = len(whole["findings"])
        self.assertEqual(lines[1:1 + count], whole["findings"])
        others = [block for document in whole["documents"] for block in document["blocks"]
                  if block["kind"] != "finding"]
        self.assertEqual(lines[1 + count:], others)
        self.assertGreater(count, 0)
        self.assertGreater(len(others), 10)


if __name__ == "__main__":
    unittest.main()
