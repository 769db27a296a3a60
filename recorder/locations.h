/* locations: the tables by which a code object says which line an instruction belongs to, in the three forms that
 * CPython has had. Bytes in, a line out; it knows no Python object.
 *
 * All take a table of `length` bytes and the index of a code unit, and answer `first_line` where the table has no line
 * for it or is damaged. [any thread] */
#ifndef RECORDER_LOCATIONS_H
#define RECORDER_LOCATIONS_H

#include <stddef.h>
#include <stdint.h>

/* CPython 3.11 and newer: Objects/locations.md in its sources. */
uint32_t locations_line(const uint8_t *table, size_t length, uint32_t first_line, size_t unit);

/* CPython 3.10: ranges of addresses, Objects/lnotab_notes.txt in its sources. */
uint32_t locations_line_ranges(const uint8_t *table, size_t length, uint32_t first_line,
                               size_t unit);

/* CPython 3.9: steps of addresses and lines, Objects/lnotab_notes.txt in its sources. */
uint32_t locations_line_steps(const uint8_t *table, size_t length, uint32_t first_line,
                              size_t unit);

#endif
