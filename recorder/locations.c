#include "locations.h"

#include <stdbool.h>

static uint32_t valid_line(int64_t line, uint32_t first_line)
{
    return line > 0 && line < INT32_MAX ? (uint32_t)line : first_line;
}

/* The table's own variable-length numbers: six bits a byte, bit 6 goes on. */
static const uint8_t *table_number(const uint8_t *at, const uint8_t *end, uint32_t *value)
{
    unsigned shift = 0;

    *value = 0;
    while (at < end && shift < 30) {
        uint8_t byte = *at++;
        *value |= (uint32_t)(byte & 63) << shift;
        if ((byte & 64) == 0) {
            return at;
        }
        shift += 6;
    }
    return NULL;
}

/* How an entry of the table changes the line; false where the entry has no line of its own. */
static bool entry_line(const uint8_t *entry, const uint8_t *end, int64_t *line)
{
    unsigned form = (*entry >> 3) & 15;
    uint32_t number;

    if (form == 15) {
        return false;
    }
    if (form >= 10 && form <= 12) {
        *line += form - 10;
    } else if (form >= 13 && table_number(entry + 1, end, &number) != NULL) {
        *line += (number & 1) ? -(int64_t)(number >> 1) : (int64_t)(number >> 1);
    }
    return true;
}

uint32_t locations_line(const uint8_t *table, size_t length, uint32_t first_line, size_t unit)
{
    const uint8_t *at = table;
    const uint8_t *end = table + length;
    int64_t line = first_line;
    size_t start = 0;

    while (at < end) {
        size_t stop = start + (*at & 7u) + 1;
        bool has_line = entry_line(at, end, &line);
        if (unit < stop) {
            return has_line ? valid_line(line, first_line) : first_line;
        }
        start = stop;
        for (at++; at < end && (*at & 0x80) == 0;) {
            at++;
        }
    }
    return first_line;
}

uint32_t locations_line_ranges(const uint8_t *table, size_t length, uint32_t first_line,
                               size_t unit)
{
    int64_t line = first_line;
    size_t end = 0;

    for (size_t i = 0; i + 1 < length; i += 2) {
        int8_t step = (int8_t)table[i + 1];
        end += table[i];
        line += step == INT8_MIN ? 0 : step;
        if (unit * 2 < end) {
            return step == INT8_MIN ? first_line : valid_line(line, first_line);
        }
    }
    return first_line;
}

uint32_t locations_line_steps(const uint8_t *table, size_t length, uint32_t first_line, size_t unit)
{
    int64_t line = first_line;
    size_t address = 0;

    for (size_t i = 0; i + 1 < length; i += 2) {
        address += table[i];
        if (address > unit * 2) {
            break;
        }
        line += (int8_t)table[i + 1];
    }
    return valid_line(line, first_line);
}
