#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "codes.h"

#include "core/format/mlog.h"

#include <string.h>

static uint32_t code_flags(int flags)
{
    return (flags & (CO_GENERATOR | CO_ASYNC_GENERATOR) ? ML_MLOG_CODE_GENERATOR : 0) |
           (flags & CO_COROUTINE ? ML_MLOG_CODE_COROUTINE : 0);
}

void codes_own(uintptr_t address, PyObject **file, PyObject **name, uint32_t *first_line,
               uint32_t *flags)
{
    PyCodeObject *code = (PyCodeObject *)address;

    *file = code->co_filename;
#if PY_VERSION_HEX >= 0x030B0000
    *name = code->co_qualname;
#else
    *name = code->co_name;
#endif
    *first_line = code->co_firstlineno > 0 ? (uint32_t)code->co_firstlineno : 0;
    *flags = code_flags(code->co_flags);
}

/* ---- strings ---- */

/* Appends one character as UTF-8; lone surrogates pass as three bytes. */
static size_t encode(char *out, uint32_t character)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xc0 | (character >> 6));
        out[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xe0 | (character >> 12));
        out[1] = (char)(0x80 | ((character >> 6) & 0x3f));
        out[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | ((character >> 18) & 7));
    out[1] = (char)(0x80 | ((character >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((character >> 6) & 0x3f));
    out[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

/* Copies a string object of any kind as UTF-8, at most CODES_TEXT - 4 bytes. */
static bool read_text(const safe_copy *copier, uintptr_t object, char *out, size_t *length)
{
    static const size_t legacy_data = offsetof(PyUnicodeObject, data);
    PyASCIIObject head;
    uintptr_t data;
    union {
        uint8_t narrow[CODES_TEXT];
        uint16_t middle[CODES_TEXT / 2];
        uint32_t wide[CODES_TEXT / 4];
    } raw;
    size_t kind, characters, used = 0;

    if (!copier_read(copier, object, &head, sizeof(head)) ||
        head.ob_base.ob_type != &PyUnicode_Type || head.length < 0) {
        return false;
    }
    kind = head.state.ascii ? 1 : head.state.kind;
    if (kind != 1 && kind != 2 && kind != 4) {
        return false;
    }
    if (head.state.compact) {
        data = object + (head.state.ascii ? sizeof(PyASCIIObject) : sizeof(PyCompactUnicodeObject));
    } else if (!copier_read(copier, object + legacy_data, &data, sizeof(data))) {
        return false;
    }
    characters = (size_t)head.length;
    characters = characters > CODES_TEXT / kind ? CODES_TEXT / kind : characters;
    if (characters != 0 && !copier_read(copier, data, raw.narrow, characters * kind)) {
        return false;
    }
    for (size_t i = 0; i < characters && used + 4 < CODES_TEXT; i++) {
        used += encode(out + used, kind == 1   ? raw.narrow[i]
                                   : kind == 2 ? raw.middle[i]
                                               : raw.wide[i]);
    }
    *length = used;
    return true;
}

/* ---- code objects ---- */

/* The fixed part of a code object, copied. */
typedef struct fixed_part {
    _Alignas(PyCodeObject) char bytes[sizeof(PyCodeObject)];
} fixed_part;

static uintptr_t word_of(const fixed_part *part, size_t offset)
{
    uintptr_t word;

    memcpy(&word, part->bytes + offset, sizeof(word));
    return word;
}

static int number_of(const fixed_part *part, size_t offset)
{
    int number;

    memcpy(&number, part->bytes + offset, sizeof(number));
    return number;
}

/* Copies it, if there is a code object at that address. */
static bool fetch(const layout *source, const safe_copy *copier, uintptr_t code, fixed_part *out)
{
    return code % sizeof(void *) == 0 && copier_read(copier, code, out, source->code.size) &&
           ((const PyObject *)out)->ob_type == &PyCode_Type;
}

bool codes_read(const layout *source, const safe_copy *copier, uintptr_t code, codes_text *out)
{
    fixed_part part;
    int first_line;

    if (!fetch(source, copier, code, &part) ||
        !read_text(copier, word_of(&part, source->code.file), out->file, &out->file_length) ||
        !read_text(copier, word_of(&part, source->code.name), out->name, &out->name_length)) {
        return false;
    }
    first_line = number_of(&part, source->code.first_line);
    out->first_line = first_line > 0 ? (uint32_t)first_line : 0;
    out->flags = code_flags(number_of(&part, source->code.flags));
    return true;
}

uint32_t codes_line(const layout *source, const safe_copy *copier, uintptr_t code,
                    uint64_t position, uint8_t *table)
{
    fixed_part part;
    PyVarObject bytes;
    uintptr_t lines;
    int first_line;
    uint32_t first;

    if (!fetch(source, copier, code, &part)) {
        return 0;
    }
    first_line = number_of(&part, source->code.first_line);
    first = first_line > 0 ? (uint32_t)first_line : 1;
    lines = word_of(&part, source->code.lines);
    if (position == 0 || !copier_read(copier, lines, &bytes, sizeof(bytes)) ||
        bytes.ob_base.ob_type != &PyBytes_Type || bytes.ob_size < 0 ||
        bytes.ob_size > CODES_LINES ||
        !copier_read(copier, lines + offsetof(PyBytesObject, ob_sval), table,
                     (size_t)bytes.ob_size)) {
        return first;
    }
    return layout_line(table, (size_t)bytes.ob_size, first, (size_t)position - 1);
}
