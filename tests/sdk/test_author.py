"""Out-of-tree plugins from an installation: new, make, check, run, install; in C and in C++."""

import unittest

import support
from sdk.authoring import Author


class FromAnInstallation(Author):
    def setUp(self):
        super().setUp()
        self.prefix = self.stage()

    def programs(self):
        return self.prefix / "bin"

    def test_the_whole_way(self):
        self.assertLess(self.walk("com.example.hello"), 10)
        self.assertIn(str(self.prefix / "share/microlog/sdk"),
                      (self.root / "com.example.hello/Makefile").read_text())

    def test_make_check_and_install_and_use_by_id(self):
        self.command("microlog-analyze new com.example.hello h")
        self.assertIn("0 failed", self.command("make -C h check"))
        self.command("make -C h install")
        self.assertIn("com.example.hello", self.command("microlog-analyze list"))
        self.command("microlog-analyze run.mlog -q --plugins all --format json")
        self.assertEqual(len(self.blocks("run.json", "com.example.hello")), 2)
        told = self.command("microlog-analyze info com.example.hello")
        self.assertIn("--option com.example.hello.share=0.5   number, 0.01 to 1", told)
        self.command("microlog-analyze run.mlog -q --plugins all --format json"
                     " --option com.example.hello.share=0.9")
        self.assertEqual([block["kind"] for block in self.blocks("run.json", "com.example.hello")],
                         ["table"])
        self.command("make -C h uninstall clean")
        self.assertNotIn("com.example.hello", self.command("microlog-analyze list"))

    def test_a_renderer(self):
        self.command("microlog-analyze new --renderer com.example.list")
        self.command("make -C com.example.list check")
        self.command("microlog-analyze run.mlog -q --format html,./com.example.list/com.example.list.so")
        lines = (self.root / "run.list.txt").read_text().splitlines()
        self.assertTrue(lines[0].startswith("# "))
        self.assertIn("F1 ", "\n".join(lines))
        self.assertTrue((self.root / "run.html").exists())

    def test_cplusplus(self):
        self.command("microlog-analyze new com.example.hello h")
        (self.root / "h/com.example.hello.c").rename(self.root / "h/hello.cc")
        told = self.command("make -C h check CXXFLAGS='-std=c++11 -Wall -Wextra -Werror'")
        self.assertIn("0 failed", told)

    def test_the_template_has_no_warning_in_c99(self):
        self.command("microlog-analyze new com.example.hello h")
        told = self.command("cc -std=c99 -pedantic -Wall -Wextra -Wshadow -fsyntax-only"
                            f" -I {self.prefix}/include h/com.example.hello.c 2>&1")
        self.assertEqual(told, "")

    def test_mistakes_in_a_makefile(self):
        self.command("microlog-analyze new hello")
        for arguments, words in (("SDK=/gone", "No such file"), ("PLUGIN=hello", "is a kind and an id")):
            done = support.run(["make", "-C", self.root / "hello", *arguments.split()])
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)

    def test_pkg_config_knows_the_folders(self):
        support.require("pkg-config")
        path = {"PKG_CONFIG_PATH": str(self.prefix / "share/pkgconfig")}
        self.assertEqual(self.command("pkg-config --cflags microlog-plugin", **path).strip(),
                         "-I/opt/microlog/include")
        for variable, folder in (("sdk", "share/microlog/sdk"), ("plugindir", "lib/microlog/plugins")):
            told = self.command(f"pkg-config --variable={variable} microlog-plugin", **path).strip()
            self.assertEqual(told, f"/opt/microlog/{folder}")
            self.assertTrue((self.prefix / folder).is_dir())

    def test_uninstall_leaves_nothing(self):
        done = support.run(["make", "-C", support.ROOT, f"O={support.build()}", "uninstall",
                            f"DESTDIR={self.root / 'stage'}", "PREFIX=/opt/microlog"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([path for path in (self.root / "stage").rglob("*") if path.is_file()], [])


if __name__ == "__main__":
    unittest.main()
