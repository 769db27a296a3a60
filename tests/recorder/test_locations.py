"""The recorder's own decoder of line tables against what the interpreter says, over every code object of the standard
library, for the three forms of table that CPython has had."""

import struct
import subprocess
import sys
import sysconfig
import pathlib
import types
import unittest

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0])

from tests import support  # noqa: E402

DRIVER = """
#include "recorder/locations.h"
#include <stdio.h>
#include <stdlib.h>

/* In: u32 first line, u32 units, u32 length, table. Out: a u32 for each unit. */
int main(void)
{
    uint32_t head[3];
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        uint8_t *table = malloc(head[2] + 1);
        if (table == NULL || fread(table, 1, head[2], stdin) != head[2])
            return 1;
        for (uint32_t unit = 0; unit < head[1]; unit++) {
            uint32_t line = locations_line(table, head[2], head[0], unit);
            fwrite(&line, sizeof(line), 1, stdout);
        }
        free(table);
    }
    return 0;
}
"""


def code_objects(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


class Locations(support.Tree):
    def setUp(self):
        super().setUp()
        if sys.version_info < (3, 11):
            self.skipTest("code objects have no co_positions before CPython 3.11")

    def lines_of(self, codes, mangle=lambda table: table):
        program = self.compile("driver", DRIVER, "-I", support.ROOT, support.ROOT / "recorder/locations.c")
        sent = b"".join(struct.pack("<III", c.co_firstlineno, len(c.co_code) // 2, len(c.co_linetable)) +
                        mangle(c.co_linetable) for c in codes)
        done = subprocess.run([str(program)], input=sent, stdout=subprocess.PIPE, timeout=support.TIME_LIMIT)
        self.assertEqual(done.returncode, 0)
        return struct.unpack(f"<{len(done.stdout) // 4}I", done.stdout)

    def all_codes(self):
        codes = []
        for path in sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py")):
            try:
                codes += code_objects(compile(path.read_bytes(), str(path), "exec"))
            except (SyntaxError, UnicodeError):
                pass
        return codes

    def test_every_line_of_the_standard_library(self):
        codes = self.all_codes()
        self.assertGreater(len(codes), 5000)
        expected = [line or code.co_firstlineno for code in codes for line, *_ in code.co_positions()]
        self.assertEqual(self.lines_of(codes), tuple(expected))

    def test_damaged_tables_give_some_line_and_no_crash(self):
        codes = self.all_codes()[:2000]
        for value in 0, 0x7f, 0x80, 0xff:
            lines = self.lines_of(codes, lambda table: bytes([value]) * len(table))
            self.assertEqual(len(lines), sum(len(c.co_code) // 2 for c in codes))


if __name__ == "__main__":
    unittest.main()
