"""The corpus of the fuzzers, replayed under sanitizers; damage of every seed, without a fuzzer."""

import functools
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import support  # noqa: E402

TARGETS = ("file", "payload", "journal")


@functools.lru_cache(maxsize=None)
def replay_program():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="microlog-fuzz-"))
    objects = [file for room in ("base", "format")
               for file in sorted((support.sanitized_build() / "obj/core" / room).glob("*.o"))]
    done = support.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
                        "-fno-sanitize-recover=all", "-I", support.ROOT, "-o", folder / "replay",
                        *(HERE / name for name in ("targets.c", "repair.c", "replay.c")), *objects, "-lzstd", "-lm"])
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return folder / "replay"


class Replay(support.Tree):
    def replay(self, target, files):
        done = support.run([replay_program(), target, *files])
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertEqual(int(done.stdout), len(files))

    def test_the_corpus(self):
        for target in TARGETS:
            with self.subTest(target=target):
                files = sorted((HERE / "corpus" / target).iterdir())
                self.assertGreater(len(files), 0)
                self.replay(target, files)

    def test_seeds_with_bytes_changed(self):
        """Every 29th byte of each seed, in three ways, with checksums made right by the replay."""
        for target in TARGETS:
            seed = max((HERE / "corpus" / target).iterdir(), key=lambda path: path.stat().st_size).read_bytes()
            files = []
            for at in range(0, len(seed), 29):
                for change in (1, 0x80, 0xff):
                    data = bytearray(seed)
                    data[at] ^= change
                    files.append(self.root / f"{target}-{at}-{change}")
                    files[-1].write_bytes(data)
            with self.subTest(target=target):
                self.replay(target, files)

    def test_the_seeds_are_of_this_draft(self):
        journal = HERE / "corpus" / "journal" / "three-flushes"
        made = self.root / "made"
        self.assertEqual(support.run([replay_program(), "seed", made]).returncode, 0)
        self.assertEqual(journal.read_bytes(), made.read_bytes())
        for path in (HERE.parent / "format" / "golden").glob("*.mlog"):
            self.assertEqual((HERE / "corpus" / "file" / path.name).read_bytes(), path.read_bytes())


if __name__ == "__main__":
    unittest.main()
