#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "census_types.h"

#include "address.h"

#include "core/format/mlog.h"

#include <string.h>

enum {
    RISES_LEAST = 4,      /* times that a growing type must have become more … */
    RISES_LARGE = 2,      /* … if it grew by GROWTH_LARGE … */
    RISES_A_FALL = 4,     /* … and for each time that it became less */
    GROWTH_LEAST = 65536, /* bytes */
    GROWTH_LARGE = 1 << 20,
    SMALL = 128 /* bytes: of types with less, names are not even looked up */
};

/* A type during a census. */
typedef struct type_row {
    PyTypeObject *type;
    uint64_t parts, bytes;
} type_row;

/* A name from census to census. */
typedef struct name_row {
    uint64_t hash;
    uint64_t parts, bytes;
    uint64_t written_count, written_bytes;
    uint64_t first_bytes; /* when it was written first */
    uint32_t rose, fell;  /* how often it was written since, and why */
    bool taken;           /* by census_types_growing */
    char name[CENSUS_NAME];
} name_row;

struct census_types {
    uint32_t type_count, name_count;
    uint64_t bytes;
    type_row types[CENSUS_TYPES];
    uint16_t places[CENSUS_TYPES]; /* by hash: index in names + 1 */
    name_row names[CENSUS_TYPES / 2];
};

census_types *census_types_new(void)
{
    return PyMem_RawCalloc(1, sizeof(census_types));
}

void census_types_free(census_types *types)
{
    PyMem_RawFree(types);
}

uint64_t census_types_bytes(const census_types *types)
{
    return types->bytes;
}

/* ---- sizes ---- */

/* Of a hash table of 24 bytes an entry and up to 8 an index, at most two thirds full. */
static size_t dict_size(Py_ssize_t used)
{
    size_t slots = 8;

    while (slots / 3 * 2 < (size_t)used) {
        slots *= 2;
    }
    return used == 0 ? 0 : slots * (slots < 256 ? 1 : slots < 65536 ? 2 : 4) + slots / 3 * 2 * 24;
}

static size_t text_size(PyObject *text)
{
    size_t head = PyUnicode_IS_ASCII(text) ? sizeof(PyASCIIObject) : sizeof(PyCompactUnicodeObject);

    return head + ((size_t)PyUnicode_GET_LENGTH(text) + 1) * (size_t)PyUnicode_KIND(text);
}

size_t census_types_size(PyObject *object)
{
    const PyTypeObject *type = Py_TYPE(object);
    size_t basic = (size_t)type->tp_basicsize;

    if (PyList_Check(object)) {
        return basic + (size_t)((PyListObject *)object)->allocated * sizeof(PyObject *);
    }
    if (PyDict_Check(object)) {
        return basic + dict_size(((PyDictObject *)object)->ma_used);
    }
    if (PyAnySet_CheckExact(object)) {
        Py_ssize_t mask = ((PySetObject *)object)->mask;
        return basic + (mask > 7 ? (size_t)(mask + 1) * sizeof(setentry) : 0);
    }
    if (PyUnicode_CheckExact(object)) {
        return text_size(object);
    }
    if (PyByteArray_Check(object)) {
        return basic + (size_t)((PyByteArrayObject *)object)->ob_alloc;
    }
    /* Of others the number of items may be something else: where it stands, generators keep a pointer. */
    if (PyTuple_Check(object) || PyBytes_Check(object)) {
        return basic + (size_t)((PyVarObject *)object)->ob_size * (size_t)type->tp_itemsize;
    }
    return basic;
}

/* ---- counting ---- */

void census_types_begin(census_types *types)
{
    memset(types->types, 0, sizeof(types->types));
    types->type_count = 0;
    for (uint32_t i = 0; i < types->name_count; i++) {
        types->names[i].parts = types->names[i].bytes = 0;
    }
    types->bytes = 0;
}

/* The row of a type. What finds no room is counted in a row of no type: in the sum, and under no name. */
static type_row *row_of(census_types *types, PyTypeObject *type)
{
    size_t at = address_hash(type, CENSUS_BITS);

    while (types->types[at].type != type) {
        if (types->types[at].type == NULL) {
            if (types->type_count == CENSUS_TYPES * 3 / 4) {
                break;
            }
            types->types[at].type = type;
            types->type_count++;
            break;
        }
        at = (at + 1) % CENSUS_TYPES;
    }
    return &types->types[at];
}

void census_types_add(census_types *types, PyObject *object, uint64_t parts)
{
    PyTypeObject *type = Py_TYPE(object);
    type_row *row = row_of(types, type);
    size_t size = census_types_size(object);

    row->parts += parts;
    row->bytes +=
        parts == CENSUS_WHOLE ? size : (uint64_t)((double)size * (double)parts / CENSUS_WHOLE);
}

/* ---- names ---- */

static size_t put_text(char *out, size_t used, const char *text)
{
    size_t length = strlen(text);
    size_t room = CENSUS_NAME - 1 - used;

    length = length < room ? length : room;
    memcpy(out + used, text, length);
    return used + length;
}

/* The module that a class says it is of; NULL where it does not. */
static const char *module_of(PyTypeObject *type)
{
    PyObject *module =
        type->tp_dict == NULL ? NULL : PyDict_GetItemString(type->tp_dict, "__module__");

    return module != NULL && PyUnicode_CheckExact(module) && PyUnicode_IS_COMPACT_ASCII(module)
               ? (const char *)PyUnicode_DATA(module)
               : NULL;
}

void census_types_name(PyTypeObject *type, char name[CENSUS_NAME])
{
    bool is_class = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    PyObject *text = is_class ? ((PyHeapTypeObject *)type)->ht_qualname : NULL;
    const char *module = is_class ? module_of(type) : NULL;
    size_t used = 0;

    if (module != NULL && strcmp(module, "builtins") != 0) {
        used = put_text(name, used, module);
        used = put_text(name, used, ".");
    }
    if (text != NULL && PyUnicode_IS_COMPACT_ASCII(text)) {
        used = put_text(name, used, (const char *)PyUnicode_DATA(text));
    } else {
        used = put_text(name, used, type->tp_name);
    }
    name[used] = '\0';
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* NULL when there is no more room. */
static name_row *find_name(census_types *types, const char *name)
{
    uint64_t hash = hash_name(name);
    size_t at = hash % CENSUS_TYPES;
    name_row *row;

    while (types->places[at] != 0) {
        row = &types->names[types->places[at] - 1];
        if (row->hash == hash) {
            return row;
        }
        at = (at + 1) % CENSUS_TYPES;
    }
    if (types->name_count == CENSUS_TYPES / 2) {
        return NULL;
    }
    row = &types->names[types->name_count++];
    types->places[at] = (uint16_t)types->name_count;
    row->hash = hash;
    memcpy(row->name, name, CENSUS_NAME);
    return row;
}

/* ---- writing ---- */

static bool has_changed(const name_row *row)
{
    uint64_t change = row->bytes > row->written_bytes ? row->bytes - row->written_bytes
                                                      : row->written_bytes - row->bytes;

    return change >= CENSUS_LEAST && change >= row->written_bytes / 128;
}

/* A type that is new was nothing before: that is no growth yet. */
static void note_change(name_row *row)
{
    if (row->first_bytes == 0) {
        row->first_bytes = row->bytes;
    } else if (row->bytes > row->written_bytes) {
        row->rose++;
    } else {
        row->fell++;
    }
}

static void write_row(name_row *row, notice *target)
{
    note_change(row);
    row->written_bytes = row->bytes;
    row->written_count = (row->parts + CENSUS_WHOLE / 2) / CENSUS_WHOLE;
    notice_begin(target, ML_KIND_HEAP_TYPE, false);
    notice_name(target, row->name, strlen(row->name));
    notice_number(target, (int64_t)row->written_count);
    notice_number(target, (int64_t)row->written_bytes);
    notice_end(target);
}

static void add_to_name(census_types *types, const type_row *row)
{
    char name[CENSUS_NAME] = "";
    name_row *named;

    census_types_name(row->type, name);
    named = find_name(types, name);
    if (named != NULL) {
        named->parts += row->parts;
        named->bytes += row->bytes;
    }
}

void census_types_end(census_types *types, notice *target)
{
    for (uint32_t i = 0; i < CENSUS_TYPES; i++) {
        types->bytes += types->types[i].bytes;
        if (types->types[i].type != NULL && types->types[i].bytes >= SMALL) {
            add_to_name(types, &types->types[i]);
        }
    }
    for (uint32_t i = 0; i < types->name_count; i++) {
        if (has_changed(&types->names[i])) {
            write_row(&types->names[i], target);
        }
    }
}

/* ---- growth ---- */

/* By how many bytes a type has grown, if it has grown nearly always; else 0. */
static uint64_t growth_of(const name_row *row)
{
    uint64_t growth = row->bytes > row->first_bytes ? row->bytes - row->first_bytes : 0;
    uint32_t least = growth >= GROWTH_LARGE ? RISES_LARGE : RISES_LEAST;
    bool grows = row->rose >= least && row->rose >= RISES_A_FALL * row->fell &&
                 growth > GROWTH_LEAST && growth > row->first_bytes / 10;

    return grows ? growth : 0;
}

/* The type of a name at the last census: of several, that of which there is most. */
static PyTypeObject *type_of(const census_types *types, const char *name)
{
    const type_row *best = NULL;

    for (uint32_t i = 0; i < CENSUS_TYPES; i++) {
        const type_row *row = &types->types[i];
        char own[CENSUS_NAME] = "";
        if (row->type == NULL || (best != NULL && row->bytes <= best->bytes)) {
            continue;
        }
        census_types_name(row->type, own);
        if (strcmp(own, name) == 0) {
            best = row;
        }
    }
    return best == NULL ? NULL : best->type;
}

/* The one that has grown most, of those that were not taken yet; NULL: none. */
static name_row *most_grown(census_types *types)
{
    name_row *best = NULL;

    for (uint32_t i = 0; i < types->name_count; i++) {
        name_row *row = &types->names[i];
        uint64_t growth = row->taken ? 0 : growth_of(row);
        if (growth > (best == NULL ? 0 : growth_of(best))) {
            best = row;
        }
    }
    return best;
}

uint32_t census_types_growing(census_types *types, PyTypeObject **out, uint32_t room)
{
    uint32_t count = 0;
    name_row *best;

    while (count < room && (best = most_grown(types)) != NULL) {
        best->taken = true;
        out[count] = type_of(types, best->name);
        count += out[count] != NULL;
    }
    return count;
}
