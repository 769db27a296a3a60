#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include <structmember.h>

#include "chains.h"

#include "address.h"
#include "census_types.h"
#include "layout.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <stdio.h>
#include <string.h>

enum {
    CONTAINERS_BITS = 9,
    CONTAINERS = 1 << CONTAINERS_BITS, /* types of containers that are told apart */
    NODES = 512,                       /* objects of one search */
    SLOTS_BITS = 11,
    SLOTS = 1 << SLOTS_BITS, /* of its hash table */
    BREADTH = 64,            /* objects that a step adds */
    STEPS = 12,              /* of one chain */
    NESTED = 8,              /* forgotten containers within one another */
    SHARED = 4,              /* references to one */
    CHECK = 1024,            /* objects between two looks at the clock */
    LINK_TEXT = 400,         /* bytes of what is said of a step */
    PLACE_TEXT = 16,         /* of what is around a file's name in it */
    CHAIN_TEXT = 1024        /* and of a chain */
};

typedef struct node {
    PyObject *object;
    uint32_t child; /* index of what it refers to; its own: the first */
} node;

/* Containers of one type: to how many objects they refer, to how many bytes of these, which of them to most, and one like others. */
typedef struct container {
    PyTypeObject *type;
    PyObject *best, *typical;
    uint64_t hits, bytes, best_bytes;
} container;

typedef struct search {
    uint64_t end_ns;
    uint32_t visited;
    bool is_over; /* the time is */
    PyTypeObject *type;
    uint64_t hits,
        bytes; /* of the container that is looked at; what several hold is shared by them */
    int depth; /* of containers that the collector does not know, each within the one before */
    container containers[CONTAINERS];
    node nodes[NODES];
    uint16_t places[SLOTS];   /* by address: index in nodes + 1 */
    uint32_t count, from, to; /* the last step added nodes[from … to) */
    uint32_t hit;             /* 1 + index of a node that the visited object refers to */
} search;

/* False when the time is over. */
static bool goes_on(search *in)
{
    if (++in->visited % CHECK == 0 && ml_clock_thread() > in->end_ns) {
        in->is_over = true;
    }
    return !in->is_over;
}

/* ---- the container ---- */

static void add_container(search *in, PyObject *object)
{
    size_t at = address_hash(Py_TYPE(object), CONTAINERS_BITS);
    container *row = &in->containers[at];

    for (int i = 1; row->type != NULL && row->type != Py_TYPE(object) && i < CONTAINERS; i++) {
        row = &in->containers[(at + (size_t)i) % CONTAINERS];
    }
    if (row->type == NULL || row->type == Py_TYPE(object)) {
        row->type = Py_TYPE(object);
        row->hits += in->hits;
        row->bytes += in->bytes;
        row->typical = object;
        if (in->bytes > row->best_bytes) {
            row->best_bytes = in->bytes;
            row->best = object;
        }
    }
}

static int count_hit(PyObject *object, void *owner);

/* The collector forgets a dictionary or tuple which holds but texts, numbers and the like: it is come to by what refers to it.
 * One that very many refer to is a constant. */
static bool is_forgotten(PyObject *object)
{
    return (PyDict_CheckExact(object) || PyTuple_CheckExact(object)) &&
           !PyObject_GC_IsTracked(object) && Py_REFCNT(object) <= SHARED;
}

/* What a forgotten one holds counts for it, also what is in others within it; each that refers to it comes to its share. */
static void look_into_forgotten(search *in, PyObject *object)
{
    uint64_t hits = in->hits, bytes = in->bytes;

    in->hits = in->bytes = 0;
    Py_TYPE(object)->tp_traverse(object, count_hit, in);
    in->hits /= (uint64_t)Py_REFCNT(object);
    in->bytes /= (uint64_t)Py_REFCNT(object);
    if (in->depth > 1) {
        in->hits += hits;
        in->bytes += bytes;
        return;
    }
    if (in->hits != 0) {
        add_container(in, object);
    }
    in->hits = hits;
    in->bytes = bytes;
}

static int count_hit(PyObject *object, void *owner)
{
    search *in = owner;

    if (object == NULL) {
        return 0;
    }
    if (Py_TYPE(object) == in->type) {
        in->hits++;
        in->bytes +=
            census_types_size(object) / (uint64_t)(Py_REFCNT(object) > 0 ? Py_REFCNT(object) : 1);
    }
    if (in->depth < NESTED && is_forgotten(object)) {
        in->depth++;
        look_into_forgotten(in, object);
        in->depth--;
    }
    return 0;
}

static int find_container(PyObject *object, void *owner)
{
    search *in = owner;
    traverseproc traverse = Py_TYPE(object)->tp_traverse;

    if (traverse != NULL) {
        in->hits = in->bytes = 0;
        traverse(object, count_hit, in);
        if (in->hits != 0) {
            add_container(in, object);
        }
    }
    return goes_on(in);
}

/* The sort of container that holds most of their bytes; its type is NULL if there is none. */
static const container *best_container(const search *in)
{
    const container *best = &in->containers[0];

    for (int i = 1; i < CONTAINERS; i++) {
        if (in->containers[i].bytes > best->bytes) {
            best = &in->containers[i];
        }
    }
    return best;
}

/* ---- who refers to it ---- */

static uint32_t find_node(const search *in, const PyObject *object)
{
    size_t at = address_hash(object, SLOTS_BITS);

    while (in->places[at] != 0 && in->nodes[in->places[at] - 1].object != object) {
        at = (at + 1) % SLOTS;
    }
    return in->places[at];
}

static void add_node(search *in, PyObject *object, uint32_t child)
{
    size_t at = address_hash(object, SLOTS_BITS);

    while (in->places[at] != 0) {
        at = (at + 1) % SLOTS;
    }
    in->nodes[in->count++] = (node){.object = object, .child = child};
    in->places[at] = (uint16_t)in->count;
}

static int look_for_node(PyObject *object, void *owner)
{
    search *in = owner;
    uint32_t found = object == NULL ? 0 : find_node(in, object);

    if (found > in->from && found <= in->to) {
        in->hit = found;
        return 1;
    }
    return 0;
}

static int find_referrer(PyObject *object, void *owner)
{
    search *in = owner;
    traverseproc traverse = Py_TYPE(object)->tp_traverse;

    in->hit = 0;
    if (traverse != NULL && find_node(in, object) == 0) {
        traverse(object, look_for_node, in);
        if (in->hit != 0) {
            add_node(in, object, in->hit - 1);
        }
    }
    return goes_on(in) && in->count < NODES && in->count - in->to < BREADTH;
}

/* ---- where a chain ends ---- */

static const char *ascii(PyObject *text)
{
    return text != NULL && PyUnicode_Check(text) && PyUnicode_IS_COMPACT_ASCII(text)
               ? (const char *)PyUnicode_DATA(text)
               : NULL;
}

/* The name of the module whose variables a dict has; NULL: it is no such dict. */
static const char *module_of(PyObject *object)
{
    return PyDict_Check(object) && PyDict_GetItemString(object, "__loader__") != NULL
               ? ascii(PyDict_GetItemString(object, "__name__"))
               : NULL;
}

/* The better a place explains why something lives, the higher; 0: it is held by something itself. */
static int rank_of(PyObject *object)
{
    return module_of(object) != NULL ? 3
           : PyType_Check(object)    ? 2
           : PyFrame_Check(object) || PyFunction_Check(object) || PyGen_Check(object) ||
                   PyCoro_CheckExact(object)
               ? 1
               : 0;
}

/* The node of the last step that a chain may end with, or NODES. */
static uint32_t find_end(const search *in)
{
    uint32_t best = NODES;
    int rank = 0;

    for (uint32_t i = in->from; i < in->to; i++) {
        if (rank_of(in->nodes[i].object) > rank) {
            rank = rank_of(in->nodes[i].object);
            best = i;
        }
    }
    return best;
}

/* ---- words ---- */

/* Adds where the code of a module begins, " (file:1)", if there is room for it. */
static void say_file(PyObject *variables, char text[LINK_TEXT])
{
    const char *file = ascii(PyDict_GetItemString(variables, "__file__"));
    size_t used = strlen(text);

    if (file != NULL && strlen(file) + used + PLACE_TEXT <= LINK_TEXT) {
        snprintf(text + used, LINK_TEXT - used, " (%s:1)", file);
    }
}

static void say_key(PyObject *dict, PyObject *child, char text[LINK_TEXT])
{
    const char *module = module_of(dict), *name = NULL;
    PyObject *key, *value = NULL;
    Py_ssize_t at = 0;

    while (child != NULL && value != child && PyDict_Next(dict, &at, &key, &value)) {
        name = value == child ? ascii(key) : NULL;
    }
    if (module != NULL && (name != NULL || child == NULL)) {
        snprintf(text, LINK_TEXT, "%.60s%smodule %.60s", name == NULL ? "" : name,
                 name == NULL ? "" : " of ", module);
        say_file(dict, text);
    } else if (name != NULL) {
        snprintf(text, LINK_TEXT, "dict['%.60s']", name);
    } else {
        snprintf(text, LINK_TEXT, "dict");
    }
}

static void say_index(PyObject *object, PyObject *child, char text[LINK_TEXT])
{
    PyObject **items = PySequence_Fast_ITEMS(object);
    Py_ssize_t count = PySequence_Fast_GET_SIZE(object), at = 0;

    while (at < count && items[at] != child) {
        at++;
    }
    snprintf(text, LINK_TEXT, at < count ? "%s[%zd]" : "%s",
             PyList_Check(object) ? "list" : "tuple", at);
}

/* The name of a type's slot, for classes with __slots__. */
static const char *slot_of(PyObject *object, const PyObject *child)
{
    const PyTypeObject *type = Py_TYPE(object);
    const PyMemberDef *members = type->tp_flags & Py_TPFLAGS_HEAPTYPE ? type->tp_members : NULL;

    for (; members != NULL && members->name != NULL; members++) {
        PyObject *value;
        if (members->offset > 0 && members->offset < type->tp_basicsize) {
            memcpy(&value, (char *)object + members->offset, sizeof(value));
            if (value == child) {
                return members->name;
            }
        }
    }
    return NULL;
}

/* An attribute that is text, which C code answers for the objects asked here. */
static void say_name(PyObject *object, const char *what, const char *attribute,
                     char text[LINK_TEXT])
{
    PyObject *name = PyObject_GetAttrString(object, attribute);

    snprintf(text, LINK_TEXT, "%s %.100s", what, ascii(name) == NULL ? "" : ascii(name));
    PyErr_Clear();
    Py_XDECREF(name);
}

/* Adds where code begins, " (file:line)", if there is room for it; what is not code has no such place. */
static void say_place(PyObject *code, char text[LINK_TEXT])
{
    PyObject *file = code == NULL ? NULL : PyObject_GetAttrString(code, "co_filename");
    PyObject *line = code == NULL ? NULL : PyObject_GetAttrString(code, "co_firstlineno");
    size_t used = strlen(text);

    if (ascii(file) != NULL && line != NULL &&
        strlen(ascii(file)) + used + PLACE_TEXT <= LINK_TEXT) {
        snprintf(text + used, LINK_TEXT - used, " (%s:%ld)", ascii(file), PyLong_AsLong(line));
    }
    PyErr_Clear();
    Py_XDECREF(file);
    Py_XDECREF(line);
}

/* The same of the code that is an attribute of the object. */
static void say_place_of(PyObject *object, const char *attribute, char text[LINK_TEXT])
{
    PyObject *code = PyObject_GetAttrString(object, attribute);

    PyErr_Clear();
    say_place(code, text);
    Py_XDECREF(code);
}

static void say_code(PyObject *object, char text[LINK_TEXT])
{
    if (PyFrame_Check(object)) {
        PyCodeObject *code = PyFrame_GetCode((PyFrameObject *)object);
        say_name((PyObject *)code, "a frame of", "co_name", text);
        Py_DECREF(code);
    } else if (PyFunction_Check(object)) {
        say_name(object, "function", "__qualname__", text);
        say_place(PyFunction_GET_CODE(object), text);
    } else {
        say_name(object, "generator", "__qualname__", text);
        say_place_of(object, PyGen_Check(object) ? "gi_code" : "cr_code", text);
    }
}

/* functools keeps what a cache was made for as an attribute of it. */
static void say_cache(PyObject *object, char text[LINK_TEXT])
{
    PyObject *function = PyObject_GetAttrString(object, "__wrapped__");

    say_name(object, "cache of", "__qualname__", text);
    if (function != NULL && PyFunction_Check(function)) {
        say_place(PyFunction_GET_CODE(function), text);
    }
    PyErr_Clear();
    Py_XDECREF(function);
}

/* What holds `child`, in words. */
static void say(PyObject *object, PyObject *child, char text[LINK_TEXT])
{
    char name[CENSUS_NAME] = "";
    const char *slot;

    if (PyDict_Check(object)) {
        say_key(object, child, text);
    } else if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
        say_index(object, child, text);
    } else if (PyType_Check(object)) {
        census_types_name((PyTypeObject *)object, name);
        snprintf(text, LINK_TEXT, "class %s", name);
    } else if (rank_of(object) != 0) {
        say_code(object, text);
    } else if (strcmp(Py_TYPE(object)->tp_name, "functools._lru_cache_wrapper") == 0) {
        say_cache(object, text);
    } else {
        census_types_name(Py_TYPE(object), name);
        slot = slot_of(object, child);
        snprintf(text, LINK_TEXT, "%s%s%.30s", name, slot == NULL ? "" : ".",
                 slot == NULL ? "" : slot);
    }
}

static void append(char text[CHAIN_TEXT], const char *link)
{
    size_t used = strlen(text);

    snprintf(text + used, CHAIN_TEXT - used, "%s%s", used == 0 ? "" : " in ", link);
}

/* ---- a search ---- */

/* Climbs from nodes[0]; the node that the chain ends with. */
static uint32_t climb(search *in)
{
    uint32_t end = NODES;

    in->from = 0;
    in->to = in->count;
    end = find_end(in);
    for (int step = 0; end == NODES && step < STEPS && in->from != in->to && !in->is_over; step++) {
        layout_visit_objects(find_referrer, in);
        in->from = in->to;
        in->to = in->count;
        end = find_end(in);
    }
    return end;
}

static void say_chain(const search *in, uint32_t end, char text[CHAIN_TEXT])
{
    uint32_t path[STEPS + 2], length = 0;
    char link[LINK_TEXT];

    for (uint32_t at = end; length < STEPS + 1; at = in->nodes[at].child) {
        path[length++] = at;
        if (in->nodes[at].child == at) {
            break;
        }
    }
    while (length-- > 0) {
        const node *link_node = &in->nodes[path[length]];
        PyObject *child =
            path[length] == link_node->child ? NULL : in->nodes[link_node->child].object;
        say(link_node->object, child, link);
        append(text, link);
    }
}

/* Puts the chain into `text`; returns to how many objects of the type containers like its first refer. */
static uint64_t search_chain(search *in, PyTypeObject *type, char text[CHAIN_TEXT])
{
    const container *best;
    uint32_t end;

    memset(in->places, 0, sizeof(in->places));
    memset(in->containers, 0, sizeof(in->containers));
    in->count = in->from = in->to = 0;
    in->type = type;
    text[0] = '\0';
    layout_visit_objects(find_container, in);
    best = best_container(in);
    if (best->best == NULL || in->is_over) {
        return 0;
    }
    add_node(in, best->best_bytes >= best->bytes / 4 ? best->best : best->typical, 0);
    end = climb(in);
    say_chain(in, end == NODES ? in->count - 1 : end, text);
    if (end == NODES) {
        append(text, in->is_over ? "(not followed further: time was over)"
                                 : "(a running function, or C code)");
    }
    return best->hits;
}

void chains_write(notice *target, PyTypeObject *const *types, uint32_t count, uint64_t limit_ns)
{
    search *in = PyMem_RawCalloc(1, sizeof(*in));

    if (in == NULL) {
        return;
    }
    in->end_ns = ml_clock_thread() + limit_ns;
    for (uint32_t i = 0; i < count && !in->is_over; i++) {
        char text[CHAIN_TEXT], name[CENSUS_NAME] = "";
        uint64_t hits = search_chain(in, types[i], text);
        if (hits != 0) {
            census_types_name(types[i], name);
            notice_begin(target, ML_KIND_HEAP_CHAIN, false);
            notice_name(target, name, strlen(name));
            notice_number(target, (int64_t)hits);
            notice_bytes(target, text, strlen(text));
            notice_end(target);
        }
    }
    PyMem_RawFree(in);
}
