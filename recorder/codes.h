/* codes: what a code object says of itself: names and lines, read without the interpreter's lock, or with it.
 *
 * Without it everything is copied by the kernel, so that a code object that dies meanwhile gives nonsense at worst;
 * names.h knows when to believe it. */
#ifndef RECORDER_CODES_H
#define RECORDER_CODES_H

#include "copy.h"
#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CODES_TEXT = 4096,    /* bytes of a name */
    CODES_LINES = 1 << 20 /* bytes of a table of lines; beyond, lines are the function's first */
};

/* A code object's names, copied. */
typedef struct codes_text {
    char file[CODES_TEXT], name[CODES_TEXT];
    size_t file_length, name_length;
    uint32_t first_line;
    uint32_t flags; /* ML_MLOG_CODE_… */
} codes_text;

/* Copies what a code object says of itself; false if it is not one (any more). [sampler] */
bool codes_read(const layout *layout, const safe_copy *copier, uintptr_t code, codes_text *out);

/* The line of `position` (layout_frame) in `code`; `table` has room for CODES_LINES bytes. 0: not readable. [sampler] */
uint32_t codes_line(const layout *layout, const safe_copy *copier, uintptr_t code,
                    uint64_t position, uint8_t *table);

/* What a living code object says of itself; `file` and `name` are borrowed str objects. [program] */
struct _object;
void codes_own(uintptr_t code, struct _object **file, struct _object **name, uint32_t *first_line,
               uint32_t *flags);

#endif
