"""The golden recordings: read by the program as they always were, and by a decoder that shares no code with it."""

import json
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import decoder  # noqa: E402
import support  # noqa: E402

GOLDEN = HERE / "golden"
NAMES = ("tiny", "small", "sources", "crashed", "torn", "future", "several")
TABLES = {"string", "code", "frame", "node", "thread", "kind", "gap", "sources", "source", "run", "event"}


def dump(path, form, sanitized=False):
    process = support.analyze("dump", "--format", form, path, sanitized=sanitized)
    if process.returncode != 0:
        raise AssertionError(process.stderr)
    return process.stdout


def canonical(records):
    return [json.dumps(record, sort_keys=True) for record in records]


class Golden(unittest.TestCase):
    def test_dumps_never_change(self):
        for name in NAMES:
            for form, suffix in (("ndjson", "ndjson"), ("text", "txt")):
                with self.subTest(name=name, form=form):
                    expected = (GOLDEN / f"{name}.{suffix}").read_text(encoding="utf-8")
                    self.assertEqual(dump(GOLDEN / f"{name}.mlog", form), expected)

    def test_golden_files_cover_the_format(self):
        records = [json.loads(line) for name in ("sources", "crashed")
                   for line in (GOLDEN / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]
        self.assertEqual({record["record"] for record in records} - TABLES,
                         {"header", "head", "diagnostics", "chunk"})
        self.assertTrue(any(record["record"] == "run" and record["ticks"] > record["samples"] for record in records))


class Kept(unittest.TestCase):
    """What the golden files are there for."""

    def records(self, name, *kinds):
        lines = (GOLDEN / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()
        return [record for record in map(json.loads, lines) if record["record"] in kinds]

    def test_what_may_be_ignored_changes_nothing(self):
        self.assertEqual(self.records("future", *TABLES), self.records("small", *TABLES))
        diagnostics, = self.records("future", "diagnostics")
        self.assertEqual((diagnostics["unknown_ancillary"], diagnostics["unknown_critical"],
                          diagnostics["damaged_chunks"], diagnostics["missing_chunks"]), (1, 0, 0, 0))

    def test_a_crash_within_a_seal_costs_nothing(self):
        for name in ("crashed", "torn"):
            diagnostics, = self.records(name, "diagnostics")
            self.assertGreater(diagnostics["journal_chunks"], 3)
            self.assertEqual((diagnostics["damaged_chunks"], diagnostics["missing_chunks"]), (0, 0))
        self.assertEqual(self.records("torn", "run"), self.records("crashed", "run"))
        self.assertEqual(self.records("torn", "event"), self.records("crashed", "event"))
        self.assertEqual([gap["ticks"] for gap in self.records("crashed", "gap")], [50])

    def test_sources_are_told_beside_what_was_recorded(self):
        recorded = TABLES - {"sources", "source"}
        self.assertEqual(self.records("sources", *recorded), self.records("small", *recorded))
        self.assertEqual([(record["file"], record["size"]) for record in self.records("sources", "source")],
                         [("app.py", 1234), ("lib/d\ufffd.py", 70000)])

    def test_several_recordings_stand_one_after_another(self):
        heads = self.records("several", "header")
        self.assertEqual([head["bytes"] for head in heads],
                         [(GOLDEN / f"{name}.mlog").stat().st_size for name in ("tiny", "small", "tiny")])


class IndependentDecoder(unittest.TestCase):
    def compare(self, path):
        ours = [json.loads(line) for line in dump(path, "ndjson").splitlines()]
        ours = [record for record in ours if record["record"] in TABLES]
        theirs = [{"recording": recording.number, **record}
                  for recording in decoder.read_path(path) for record in recording.records()]
        self.assertGreater(len(theirs), 10)
        self.assertEqual(canonical(theirs), canonical(ours))

    def test_agrees_on_the_golden_files(self):
        for name in NAMES:
            with self.subTest(name=name):
                self.compare(GOLDEN / f"{name}.mlog")

    def test_sees_what_a_flipped_bit_does(self):
        data = bytearray((GOLDEN / "tiny.mlog").read_bytes())
        for at in range(0, len(data), 7):
            data[at] ^= 16
            with self.assertRaises((decoder.Damaged, decoder.struct.error)):
                decoder.read_file(bytes(data))
            data[at] ^= 16


class Magic(unittest.TestCase):
    def test_file_knows_recordings_and_journals(self):
        program = support.require("file")
        for name, answer in (("tiny.mlog", "microlog recording, version 1.0 (draft 3), begun"),
                             ("future.mlog", "microlog recording, version 1.3 (draft 3), begun"),
                             ("torn.mlog-journal", "microlog recording, version 1.0 (draft 3), journal, begun")):
            done = support.run([program, "-b", "-m", support.ROOT / "core/format/mlog.magic", GOLDEN / name])
            self.assertTrue(done.stdout.startswith(answer), done.stdout + done.stderr)


class Page(unittest.TestCase):
    """FORMAT.md says what the code does."""

    def test_the_registry_of_kinds_is_that_of_the_code(self):
        header = (support.ROOT / "core" / "format" / "mlog.h").read_text(encoding="utf-8")
        macro = re.search(r"#define ML_MLOG_KINDS\(X\)(.*?)\n\n", header, re.S)[1]
        strings = r'"([^"]*)"'
        coded = {re.search(strings, entry)[1]: "".join(re.findall(strings, entry)[1:]).split()
                 for entry in macro.split("X(ML_KIND_")[1:]}
        page = (support.ROOT / "core" / "format" / "FORMAT.md").read_text(encoding="utf-8")
        written = {name: fields.split(" — ")[0].split()
                   for name, fields in re.findall(r"^\| `([a-z_.]+)` \| ([a-z_]+:.*?) \|$", page, re.M)}
        self.assertEqual(written, coded)

    def test_the_annotated_bytes_are_those_of_the_file(self):
        data = (GOLDEN / "tiny.mlog").read_bytes()
        page = (support.ROOT / "core" / "format" / "FORMAT.md").read_text(encoding="utf-8")
        checked = 0
        for line in page.split("## 16. Example")[1].splitlines():
            match = re.match(r"([0-9a-f]{3})  (([0-9a-f]{2} *)+)(   |$)", line)
            if match:
                expected = bytes.fromhex(match[2])
                offset = int(match[1], 16)
                self.assertEqual(data[offset:offset + len(expected)].hex(" "), expected.hex(" "), line)
                checked += len(expected)
        self.assertGreater(checked, 300)


if __name__ == "__main__":
    unittest.main()
