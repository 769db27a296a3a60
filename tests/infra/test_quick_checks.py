"""The checks of the repository can fail: each is shown a small tree with a planted fault."""

import sys
import unittest

import support

TESTS = support.ROOT / "tests"


def run_check(root, script):
    return support.run([sys.executable, TESTS / script, root])


class Includes(support.Tree):

    def refused(self, path, text, *words):
        """check_deps must refuse `path` with the line number and all of `words`."""
        self.write(path, text)
        done = run_check(self.root, "check_deps.py")
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in (path, *words):
            self.assertIn(word, done.stdout)

    def test_what_the_table_allows_passes(self):
        self.write("core/base/arena.h", "#include <stdint.h>\n")
        self.write("core/format/read.c", '#include "core/base/arena.h"\n#include <zstd.h>\n')
        self.write("recorder/module.c", '#include <Python.h>\n#include "core/format/write.h"\n')
        self.write("plugins-sdk/include/microlog/sdk.h", "#include <microlog/plugin.h>\n")
        self.write("analyzers/common/stats.h", "#include <math.h>\n")
        self.write("analyzers/x/x.c", '#include <microlog/sdk.h>\n#include "common/stats.h"\n'
                                      '#include "part.h"\n')
        self.write("analyzers/x/part.h", "")
        self.write("renderers/html/page.c", '#include "assets.h"\n#include <zlib.h>\n')
        done = run_check(self.root, "check_deps.py")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_arrow_goes_one_way(self):
        self.refused("core/base/arena.c", '\n#include "core/format/read.h"\n', ":2:")

    def test_plugins_see_the_sdk_only(self):
        self.refused("analyzers/x/x.c", '#include "core/base/arena.h"\n', ":1:")

    def test_no_way_round_by_a_relative_path(self):
        self.refused("renderers/x/x.c", '#include "../../core/base/arena.h"\n', "`..`")

    def test_one_plugin_does_not_see_another(self):
        self.write("analyzers/y/part.h", "")
        self.refused("analyzers/x/x.c", '#include "analyzers/y/part.h"\n')

    def test_python_is_for_the_recorder(self):
        self.refused("core/model/build.c", "#include <Python.h>\n", "python")

    def test_zstd_is_for_the_format(self):
        self.refused("recorder/ring.c", "  # include <zstd.h>\n", "zstd")

    def test_an_unknown_library_is_refused(self):
        self.refused("core/cli/main.c", "#include <openssl/ssl.h>\n", "not in the table")

    def test_a_room_without_a_row_is_refused(self):
        self.refused("core/attic/old.c", "#include <stdio.h>\n", "does not name")

    def test_a_header_named_by_a_macro_is_refused(self):
        self.refused("core/cli/main.c", "#include HEADER\n", "macro")

    def test_the_sdk_is_alone(self):
        self.refused("plugins-sdk/include/microlog/sdk.h", '#include "core/base/arena.h"\n')

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(run_check(self.root, "check_deps.py").returncode, 1)


class Metrics(support.Tree):

    def function(self, lines):
        return "static int\nlong_one(int a,\n         int b)\n{\n" + "    a += b;\n" * lines + "}\n"

    def test_short_functions_pass_and_are_counted(self):
        self.write("core/base/a.c", "/* Comment. */\n" + self.function(10) + "\n" + self.function(4))
        done = run_check(self.root, "metrics.py")
        self.assertEqual(done.returncode, 0, done.stdout)
        row = next(line for line in done.stdout.splitlines() if line.startswith("core/base"))
        self.assertEqual(row.split()[4:], ["2", "15", "15", "15"])

    def test_a_long_c_function_fails(self):
        self.write("core/base/a.c", self.function(76))
        done = run_check(self.root, "metrics.py")
        self.assertEqual(done.returncode, 1)
        self.assertIn("core/base/a.c:1: long_one has 81 lines", done.stdout)

    def test_a_long_python_function_fails(self):
        self.write("tests/a.py", "def long_one():\n" + "    pass\n" * 80)
        self.assertIn("long_one has 81 lines", run_check(self.root, "metrics.py").stdout)

    def test_a_long_file_fails(self):
        self.write("renderers/html/page.css", "a {}\n" * 701)
        self.assertIn("701 lines", run_check(self.root, "metrics.py").stdout)


class PythonLint(support.Tree):

    def test_a_test_without_a_check_is_found(self):
        self.write("tests/test_a.py", "class A:\n def test_x(self):\n  print(1)\n"
                                      " def test_y(self):\n  self.helper()\n"
                                      " def helper(self):\n  self.assertTrue(1)\n")
        done = run_check(self.root, "lint_python.py")
        self.assertEqual(done.stdout, "tests/test_a.py:2: test_x checks nothing\n")

    def test_newer_syntax_is_found(self):
        self.write("recorder/microlog/a.py", "match 1:\n    case 1: pass\n")
        self.assertIn("a.py:2", run_check(self.root, "lint_python.py").stdout)


class Symbols(support.Tree):
    """Builds a host, a plugin and a module of a line each, right but for one."""

    def symbols(self, host="", plugin="", module=""):
        self.compile("bin/microlog-analyze", host + "int main(void) { return 0; }",
                     *(["-rdynamic"] if host else []))
        self.compile("plugins/microlog-analyzer-x.so",
                     plugin + "void microlog_plugin_1(void) {}", "-shared")
        self.compile("python/microlog/_microlog.so",
                     module + "void PyInit__microlog(void) {}", "-shared")
        return support.run(["sh", TESTS / "check_symbols.sh", self.root])

    def test_what_is_right_passes(self):
        done = self.symbols()
        self.assertEqual((done.returncode, done.stdout), (0, "check-symbols: 3 files\n"))

    def test_a_symbol_too_many_fails(self):
        extra = '__attribute__((visibility("default"))) int extra;'
        for place in ("host", "plugin", "module"):
            with self.subTest(place):
                done = self.symbols(**{place: extra})
                self.assertEqual(done.returncode, 1)
                self.assertIn("extra", done.stdout)

    def test_what_is_not_built_fails(self):
        done = support.run(["sh", TESTS / "check_symbols.sh", self.root])
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not there", done.stdout)


if __name__ == "__main__":
    unittest.main()
