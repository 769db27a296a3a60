"""`new`: a folder that works as it is, and never a file overwritten."""

import shutil
import unittest

import support

TEMPLATE = support.ROOT / "plugins-sdk" / "template"


class New(support.Tree):

    def new(self, *arguments, **options):
        return support.analyze("new", *arguments, cwd=self.root, **options)

    def refused(self, *arguments):
        done = self.new(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertTrue(done.stderr.startswith("microlog-analyze: "))
        return done.stderr

    def files(self, folder):
        return sorted(path.name for path in (self.root / folder).iterdir())

    def test_it_writes_three_files_and_says_what_comes_next(self):
        for sanitized in (False, True):
            name = f"com.example.hello{int(sanitized)}"
            done = self.new(name, sanitized=sanitized)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(self.files(name), ["Makefile", "README.md", f"{name}.c"])
            for words in (f"cd {name} && make", f"check ./{name}.so",
                          f"--plugins all,./{name}.so"):
                self.assertIn(words, done.stdout)

    def test_nothing_is_left_to_fill_in(self):
        self.new("hello")
        self.new("--renderer", "list")
        for path in [*(self.root / "hello").iterdir(), *(self.root / "list").iterdir()]:
            self.assertNotIn("@", path.read_text(), path)
        self.assertEqual((self.root / "hello/Makefile").read_text().splitlines()[0],
                         "PLUGIN := analyzer-hello")
        self.assertEqual((self.root / "list/Makefile").read_text().splitlines()[0],
                         "PLUGIN := renderer-list")
        self.assertIn("--format ./list.so", (self.root / "list/README.md").read_text())

    def test_the_template_is_small(self):
        for name, limit in (("analyzer.c", 40), ("renderer.c", 40), ("Makefile", 3)):
            self.assertLessEqual(len((TEMPLATE / name).read_text().splitlines()), limit, name)

    def test_ids_without_a_dot_get_a_remark(self):
        self.assertIn("com.example.hello", self.new("hello").stdout)
        self.assertNotIn("without a dot", self.new("org.mine.hello").stdout)

    def test_a_folder_may_be_named(self):
        self.assertEqual(self.new("hello", "deep").returncode, 0)
        self.assertEqual(self.new("hello", ".").returncode, 0)
        self.assertIn("hello.c", self.files("."))
        self.assertIn("gone", self.refused("hello", "gone/deep"))

    def test_nothing_is_overwritten(self):
        for name in ("hello.c", "Makefile", "README.md"):
            with self.subTest(name=name):
                kept = self.write(f"{name}.d/{name}", "mine")
                words = self.refused("hello", f"{name}.d")
                self.assertIn("nothing is ever overwritten", words)
                self.assertIn(name, words)
                self.assertEqual(kept.read_text(), "mine")
                self.assertEqual(self.files(f"{name}.d"), [name])
        self.write("hello", "a file")
        self.assertIn("hello", self.refused("hello"))

    def test_ids_follow_rules(self):
        for name in ("Hello", "hel_lo", "1st", ".a", "a.", "a..b", "a/b", "", "é", "x" * 65,
                     "com.Example", "com.1st", "a b"):
            with self.subTest(name=name):
                self.assertIn("cannot be the id", self.refused(name))
        self.assertEqual(self.new("x" * 64).returncode, 0)
        self.assertEqual(self.new("a-b.c2-d").returncode, 0)
        self.assertIn("needs a name", self.refused())
        self.assertIn("needs a name", self.refused("a", "b", "c"))

    def test_ids_that_are_taken_are_refused(self):
        self.assertIn("there is a plugin", self.refused("fdleak"))
        self.assertIn("there is a plugin", self.refused("--renderer", "html"))
        self.assertEqual(self.new("html").returncode, 0)

    def test_without_an_sdk_it_says_where_it_looked(self):
        program = self.root / "bin" / "microlog-analyze"
        program.parent.mkdir()
        shutil.copy(support.build() / "bin" / "microlog-analyze", program)
        done = support.run([program, "new", "hello"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        for words in (f"{self.root}/sdk", f"{self.root}/share/microlog/sdk", "make install"):
            self.assertIn(words, done.stderr)
        self.assertFalse((self.root / "hello").exists())

    def test_a_path_that_make_cannot_use_is_said(self):
        program = self.root / "a b" / "bin" / "microlog-analyze"
        program.parent.mkdir(parents=True)
        shutil.copy(support.build() / "bin" / "microlog-analyze", program)
        (self.root / "a b" / "sdk").symlink_to(support.ROOT / "plugins-sdk")
        done = support.run([program, "new", "hello"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        self.assertIn("make cannot use", done.stderr)


if __name__ == "__main__":
    unittest.main()
