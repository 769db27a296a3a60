"""verify, repair, pack and dump on the command line."""

import fcntl
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import content  # noqa: E402
import storms  # noqa: E402
import support  # noqa: E402

GOLDEN = HERE / "golden"


class Rewriting(support.Tree):
    def setUp(self):
        super().setUp()
        self.file = self.root / "run.mlog"
        shutil.copy(GOLDEN / "small.mlog", self.file)

    def call(self, *arguments, code=0, **options):
        done = support.analyze(*arguments, cwd=self.root, sanitized=True, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def content(self, path):
        return content.of(self.root / path)

    def kill_a_writer(self):
        """A recording of which all is in the journal and the last blocks."""
        self.file.unlink()
        counter = self.root / "counter"
        writer = subprocess.Popen([storms.storm(), "write", self.file, counter, "5", "40", "100"])
        while not counter.exists() or int.from_bytes(counter.read_bytes()[:8], "little") < 60:
            time.sleep(0.001)
        writer.send_signal(signal.SIGKILL)
        writer.wait()

    # ---- verify ----

    def test_a_sound_recording(self):
        self.assertRegex(self.call("verify", "run.mlog").stdout,
                         r"^run\.mlog: sound, 2\.00 s, 389 samples, 13 events, \d+ bytes\n$")

    def test_damage_is_found_and_named(self):
        data = bytearray(self.file.read_bytes())
        data[1500] ^= 1
        self.file.write_bytes(data)
        done = self.call("verify", "run.mlog", code=1)
        self.assertIn("run.mlog: DAMAGED", done.stdout)
        self.assertIn("1 chunks are missing", done.stdout)
        self.assertIn("first: at byte", done.stdout)

    def test_several_and_one_that_is_none(self):
        (self.root / "no.mlog").write_text("nothing of the kind")
        done = self.call("verify", self.root, code=2)
        self.assertIn("run.mlog: sound", done.stdout)
        self.assertIn("not an .mlog file", done.stderr)

    # ---- repair ----

    def test_a_torn_end_is_cut_off(self):
        whole = self.content("run.mlog")
        self.file.write_bytes(self.file.read_bytes()[:-60])
        self.assertIn("torn", self.call("verify", "run.mlog", code=1).stdout)
        self.assertRegex(self.call("repair", "run.mlog").stdout, "^run.mlog: repaired, ")
        self.assertIn("sound", self.call("verify", "run.mlog").stdout)
        self.assertEqual(self.content("run.mlog"), whole)
        self.assertIn("nothing to do", self.call("repair", "run.mlog").stdout)

    def test_the_journal_is_taken_in(self):
        self.kill_a_writer()
        before = self.content("run.mlog")
        self.assertIn("in its journal", self.call("verify", "run.mlog").stdout)
        self.call("repair", "-o", "copy.mlog", "run.mlog")
        self.assertEqual(self.content("copy.mlog"), before)
        self.assertTrue((self.root / "run.mlog-journal").exists())
        self.call("repair", "run.mlog")
        self.assertFalse((self.root / "run.mlog-journal").exists())
        self.assertEqual(self.file.read_bytes(), (self.root / "copy.mlog").read_bytes())
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.root / "copy.mlog").stat().st_mode & 0o777, 0o600)

    def test_the_journal_lies_beside_the_file_that_a_link_leads_to(self):
        self.kill_a_writer()
        before = self.content("run.mlog")
        (self.root / "elsewhere").mkdir()
        link = self.root / "elsewhere" / "latest.mlog"
        link.symlink_to("../run.mlog")
        self.assertEqual(self.content(link), before)
        self.call("repair", link)
        self.assertTrue(link.is_symlink())
        self.assertFalse((self.root / "run.mlog-journal").exists())
        self.assertEqual(self.content("run.mlog"), before)

    def test_what_is_being_written_is_left_alone(self):
        with open(self.file, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("still being written", self.call("pack", "run.mlog", code=2).stderr)
            self.call("pack", "-o", "copy.mlog", "run.mlog")
        self.call("pack", "run.mlog")

    # ---- pack ----

    def test_packed_is_smaller_stored_larger_and_both_the_same(self):
        whole = self.content("run.mlog")
        sizes = []
        for option in ([], ["--stored"]):
            self.call("pack", *option, "run.mlog", "-o", "packed.mlog")
            self.assertEqual(self.content("packed.mlog"), whole)
            sizes.append((self.root / "packed.mlog").stat().st_size)
        self.assertLessEqual(sizes[0], self.file.stat().st_size)
        self.assertGreater(sizes[1], sizes[0])
        self.assertNotIn(b"\x28\xb5\x2f\xfd", (self.root / "packed.mlog").read_bytes())

    def pack(self, path):
        """Packs and packs again; returns bytes before, journal included, and after."""
        self.call("pack", "-o", "once.mlog", path)
        self.call("pack", "-o", "twice.mlog", "once.mlog")
        once = (self.root / "once.mlog").read_bytes()
        self.assertEqual((self.root / "twice.mlog").read_bytes(), once)
        self.assertEqual(self.content("once.mlog"), self.content(path))
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")), len(once)

    def test_blocks_are_joined_and_nothing_is_lost(self):
        for path in sorted(GOLDEN.glob("*.mlog")):
            with self.subTest(path=path.name):
                before, after = self.pack(path)
                self.assertLessEqual(after, before)
                self.assertIn("sound", self.call("verify", "once.mlog").stdout)
        self.kill_a_writer()
        before, after = self.pack(self.file)
        self.assertLess(after, before)

    def test_what_is_not_known_is_not_joined(self):
        """Of a recording with flags, columns and preamble values of tomorrow every chunk stays, but one that may not be copied."""
        before = self.call("dump", "--table", "chunks", GOLDEN / "future.mlog").stdout.splitlines()
        self.assertIn("1 chunks of types", self.call("pack", "--stored", "-o", "later.mlog",
                                                       GOLDEN / "future.mlog").stderr)
        after = self.call("dump", "--table", "chunks", "later.mlog").stdout.splitlines()
        self.assertEqual(len(after), len(before))
        later = b"what a later version knows"
        self.assertEqual((self.root / "later.mlog").read_bytes().count(later),
                         (GOLDEN / "future.mlog").read_bytes().count(later))

    def test_merged_recordings_are_all_there(self):
        shutil.copy(GOLDEN / "tiny.mlog", self.root / "tiny.mlog")
        self.call("pack", "--merge", "-o", "all.mlog", "tiny.mlog", "run.mlog")
        done = self.call("verify", "all.mlog")
        self.assertRegex(done.stdout, r"all\.mlog \(1 of 2\): sound, 0.05 s[^\n]*\nall\.mlog \(2 of 2\): sound, 2")

    def test_through_pipes(self):
        done = support.run([support.build() / "bin/microlog-analyze", "repair", "-", "-o", "-"],
                           input=self.file.read_bytes(), text=False)
        (self.root / "repaired.mlog").write_bytes(done.stdout)
        self.assertEqual(self.content("repaired.mlog"), self.content("run.mlog"))

    # ---- usage ----

    def test_wrong_usage_is_explained(self):
        shutil.copy(self.file, self.root / "other.mlog")
        for arguments, message in (
                (["pack", "--merge", "run.mlog"], "-o all.mlog"),
                (["pack", "-o", "run.mlog", "run.mlog"], "one of the recordings"),
                (["repair", "-o", "x.mlog", "run.mlog", "other.mlog"], "one file"),
                (["repair", "--merge", "run.mlog"], "not for repair"),
                (["verify"], "no recording was named"),
                (["repair", "missing.mlog"], "missing.mlog")):
            with self.subTest(arguments=arguments):
                self.assertIn(message, self.call(*arguments, code=2).stderr)
        self.assertEqual(self.call("repair", "-", code=2, input="").stderr.count("stdin"), 1)

    def test_dump_of_several(self):
        shutil.copy(GOLDEN / "tiny.mlog", self.root / "tiny.mlog")
        done = self.call("dump", "--table", "kinds", "tiny.mlog", "run.mlog", "gone.mlog", code=2)
        self.assertLess(done.stdout.index("==> tiny.mlog <=="), done.stdout.index("==> run.mlog <=="))
        self.assertIn("gone.mlog", done.stderr)


if __name__ == "__main__":
    unittest.main()
