"""sdk.h compiles in every language it promises, and its helpers say what they should."""

import pathlib
import unittest

import support
from sdk import fake

HERE = pathlib.Path(__file__).resolve().parent
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-pedantic", "-Werror", "-O2"]
C_WARNINGS = WARNINGS + ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla"]
EXAMPLE = support.ROOT / "plugins-sdk" / "examples" / "slowest.c"
MODEL = """\
run|app.py|python app.py|1000000000|10000000|
process|10|500000000|1000000000
module|app|/home/me/app.py|2
module|json|/usr/lib/python3.11/json/__init__.py|1
function|main|0|1
function|loads|1|300
stack|0|0|5
stack|1|1|310
thread|0|MainThread|1|0|1000000000|500000000
sample|0|2|1|7|0|70000000|70000000
"""


class Languages(unittest.TestCase):
    def test_all_helpers_in_all_languages_and_kinds(self):
        for flags in ([], ["-DAS_RENDERER"], ["-DAS_EXPLAINER"], ["-DWITHOUT_OPTIONS"]):
            for standard in ("c99", "c11"):
                with self.subTest(standard=standard, flags=flags):
                    self.compile("cc", [f"-std={standard}", *C_WARNINGS, *flags])
            with self.subTest(standard="c++11", flags=flags):
                self.compile("c++", ["-x", "c++", "-std=c++11", *WARNINGS, *flags])

    def compile(self, compiler, flags):
        try:
            fake.compile_c([*flags, "-fsyntax-only", "-I", fake.INCLUDE, HERE / "everything.c"], compiler)
        except AssertionError as complaint:
            self.fail(str(complaint))


class Helpers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        path = pathlib.Path(fake.scratch().name) / "everything.so"
        fake.compile_c(["-std=c99", "-g", "-shared", "-fPIC", "-I", fake.INCLUDE, "-o", path,
                        *(fake.SANITIZE if fake.folder()[1] else []), HERE / "everything.c"])
        cls.blocks = {block.key: block for block in fake.blocks(path, model=MODEL)}

    def test_numbers_have_three_digits_and_a_unit(self):
        lines = self.blocks["formats"].text[0].split("\n")
        self.assertEqual(lines[:17], [
            "0 ns|0 B|0|0.00 s", "1 ns|1 B|1|0.00 s", "999 ns|999 B|999|0.00 s",
            "1.00 µs|1.00 kB|1,000|0.00 s", "9.99 µs|9.99 kB|9,994|0.00 s",
            "10.0 µs|10.0 kB|9,995|0.00 s", "99.9 µs|99.9 kB|99,949|0.00 s",
            "100 µs|100 kB|99,950|0.00 s", "999 µs|999 kB|999,499|0.00 s",
            "1.00 ms|1.00 MB|999,500|0.00 s", "1.00 ms|1.00 MB|1,000,000|0.00 s",
            "37.9 s|37.9 GB|37,912,345,678|37.91 s", "999 s|999 GB|999,499,999,999|999.50 s",
            "16 min 40 s|1.00 TB|999,500,000,000|999.50 s",
            "99 min 59 s|6.00 TB|5,999,499,999,999|5999.50 s",
            "1 h 40 min|6.00 TB|6,000,000,000,000|6000.00 s",
            "5124095 h 34 min|18447 PB|18,446,744,073,709,551,615|18446744073.71 s"])
        self.assertEqual(lines[17:-1], ["0 %", "0 %", "0.1 %", "3.5 %", "10 %", "35 %", "100 %",
                                        "-5.0 %", "out of range"])

    def test_long_text_is_cut_between_characters(self):
        self.assertEqual(self.blocks["cut"].text, ["äöü..."])
        self.assertRegex(self.blocks["cut"].title[0], r"^main:7:[0-9a-f]{8}$")

    def test_a_stack_is_walked_from_the_leaf(self):
        evidence = self.blocks["key"].lists[2]
        self.assertEqual(evidence[0], "2 frames, 2 functions, own main line 5, stdlib")
        self.assertEqual(evidence[1], "7 rows")
        self.assertEqual(evidence[2], "0 frames, 0 functions, own  line 0, unknown")

    def test_a_location_names_function_module_file_and_line(self):
        finding = self.blocks["key"]
        self.assertEqual(finding.lists[1], [""])
        self.assertEqual([finding.texts[field] for field in (11, 12, 13)],
                         [["loads"], ["json"], ["/usr/lib/python3.11/json/__init__.py"]])
        self.assertEqual(finding.numbers[44], 310)

    def test_cells_are_put_by_type(self):
        self.assertEqual(self.blocks["table"].cells, ["", "text", "1", "0", "-1", "0.5"])


class Example(unittest.TestCase):
    def test_the_first_analyzer_is_short_and_works_out_of_tree(self):
        path = pathlib.Path(fake.scratch().name) / "microlog-analyzer-com.example.slowest.so"
        fake.compile_c(["-std=c99", *C_WARNINGS, "-shared", "-fPIC", "-fvisibility=hidden",
                        *(fake.SANITIZE if fake.folder()[1] else []), "-I", fake.INCLUDE,
                        "-o", path, EXAMPLE])
        table, = fake.blocks(path, model=MODEL)
        self.assertEqual(table.cells, ["0", "0", "1", "70000000"])
        self.assertLessEqual(len(EXAMPLE.read_text().splitlines()), 40)


if __name__ == "__main__":
    unittest.main()
