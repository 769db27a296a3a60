#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "census.h"

#include "address.h"
#include "census_types.h"
#include "chains.h"
#include "hooks.h"
#include "layout.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <stdatomic.h>
#include <string.h>

enum {
    COST_SHARE = 1000,
    THEN_SHARE = 20,
    LENGTH_SHARE = 64,
    SPARSE = 4, /* of so many small objects one is asked what it refers to */
    NESTED = 8, /* untracked containers within one another */
    LARGE = 16, /* what a large container has more of */
    OWNERS_BITS = 10,
    OWNERS = 1 << OWNERS_BITS, /* places for owners, half of which are used */
    FIRST_WIDE = 2,            /* the number of the first census that looks for them … */
    RARER_WIDE = 4             /* … and of each next one, by the one before */
};
static const uint64_t LAST_COST_NS = 50000000, CHAINS_NS = 200000000;

static struct {
    census_types *types;        /* NULL: there is no census */
    _Atomic uint64_t due_ns;    /* after the start */
    atomic_bool asked, queued;  /* a census is wanted; call_census will be called */
    uint64_t start_ns, last_ns; /* of the recording; of the last census, its CPU time */
    uint64_t cost_ns;           /* of all */
    PyObject *then;             /* what is called afterwards, or NULL */
    uint64_t then_ns;           /* its time, the last time */
    uint64_t made, wide;        /* censuses; the number of the next one that looks for owners */
    /* Addresses of small objects that refer to a large container which the collector does not know. They are but compared:
     * an object may be gone, and another be there. */
    uintptr_t owners[OWNERS];
    uint32_t owner_count;
} census;

/* ---- counting ---- */

typedef struct counting {
    census_types *types;
    uint64_t objects; /* known to the collector */
    uint64_t parts;   /* others, in parts of CENSUS_WHOLE */
    uint64_t weight;  /* of a reference of the object that is looked at */
    int depth;
    bool is_wide; /* owners are looked for */
} counting;

static bool is_tracked(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    return PyType_IS_GC(type) && (type->tp_is_gc == NULL || PyObject_IS_GC(object)) &&
           PyObject_GC_IsTracked(object);
}

static int count_reference(PyObject *object, void *owner);

static bool is_large(PyObject *object)
{
    return (PyList_Check(object) && PyList_GET_SIZE(object) > LARGE) ||
           (PyDict_Check(object) && ((PyDictObject *)object)->ma_used > LARGE) ||
           (PyTuple_Check(object) && PyTuple_GET_SIZE(object) > LARGE) ||
           (PyAnySet_Check(object) && ((PySetObject *)object)->used > LARGE);
}

/* What an untracked container refers to, if it has but one reference: others would have it counted again. */
static void count_below(counting *to, PyObject *object)
{
    traverseproc traverse = Py_TYPE(object)->tp_traverse;

    if (traverse != NULL && Py_REFCNT(object) == 1 && to->depth < NESTED) {
        to->depth++;
        traverse(object, count_reference, to);
        to->depth--;
    }
}

static void count_part(counting *to, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_ssize_t references = Py_REFCNT(object) > 0 ? Py_REFCNT(object) : 1;
    uint64_t share = CENSUS_WHOLE * to->weight / (uint64_t)references;

    if (share != 0) { /* what lives for ever has very many */
        to->parts += share;
        census_types_add(to->types, object, share);
        if (PyType_IS_GC(type)) {
            count_below(to, object);
        }
    }
}

/* A large one stands for none but itself, also before its owner is known for one: it would seem to become less then. */
static int count_reference(PyObject *object, void *owner)
{
    counting *to = owner;
    uint64_t weight = to->weight;

    if (object != NULL && !is_tracked(object)) {
        to->weight = weight > 1 && is_large(object) ? 1 : weight;
        count_part(to, object);
        to->weight = weight;
    }
    return 0;
}

/* Where an object's address is among the owners, or would be. */
static uintptr_t *find_owner(const PyObject *object)
{
    size_t at = address_hash(object, OWNERS_BITS);

    while (census.owners[at] != 0 && census.owners[at] != (uintptr_t)object) {
        at = (at + 1) % OWNERS;
    }
    return &census.owners[at];
}

static int find_large(PyObject *object, void *owner)
{
    bool *found = owner;

    *found = object != NULL && is_large(object) && !is_tracked(object);
    return *found;
}

/* True for what refers to a large container that the collector does not know, as far as it was looked for. */
static bool is_owner(const counting *to, PyObject *object)
{
    uintptr_t *place = find_owner(object);
    bool found = *place != 0;

    if (!found && to->is_wide && census.owner_count < OWNERS / 2) {
        Py_TYPE(object)->tp_traverse(object, find_large, &found);
        if (found) {
            *place = (uintptr_t)object;
            census.owner_count++;
        }
    }
    return found;
}

/* For how many like it an object says what it refers to; 0: for none. One of SPARSE does: objects do not move, so that it is
 * the same ones each time. */
static uint64_t weight_of(const counting *to, PyObject *object)
{
    if (is_large(object) || is_owner(to, object)) {
        return 1;
    }
    return address_hash(object, 2) == 0 ? SPARSE : 0;
}

static int count_object(PyObject *object, void *owner)
{
    counting *to = owner;
    traverseproc traverse = Py_TYPE(object)->tp_traverse;

    to->objects++;
    census_types_add(to->types, object, CENSUS_WHOLE);
    to->weight = traverse == NULL ? 0 : weight_of(to, object);
    if (to->weight != 0) {
        traverse(object, count_reference, to);
    }
    return 1;
}

/* ---- a census ---- */

static void write_total(notice *target, uint64_t objects, uint64_t bytes)
{
    notice_begin(target, ML_KIND_HEAP_CENSUS, false);
    notice_number(target, (int64_t)objects);
    notice_number(target, (int64_t)bytes);
    notice_number(target, (int64_t)(census.cost_ns / 1000));
    notice_end(target);
}

static void make_census(notice *target)
{
    uint64_t start = ml_clock_thread();
    counting to = {.types = census.types, .is_wide = ++census.made == census.wide};

    census.wide *= to.is_wide ? RARER_WIDE : 1;
    census_types_begin(census.types);
    layout_visit_objects(count_object, &to);
    census_types_end(census.types, target);
    census.last_ns = ml_clock_thread() - start;
    census.cost_ns += census.last_ns;
    write_total(target, to.objects + to.parts / CENSUS_WHOLE, census_types_bytes(census.types));
}

static uint64_t since_start(void)
{
    return ml_clock_monotonic() - census.start_ns;
}

static void set_due(void)
{
    uint64_t now = since_start(), wait = ML_SECOND;

    wait = now / LENGTH_SHARE > wait ? now / LENGTH_SHARE : wait;
    wait = census.last_ns * COST_SHARE > wait ? census.last_ns * COST_SHARE : wait;
    wait = census.then_ns * THEN_SHARE > wait ? census.then_ns * THEN_SHARE : wait;
    atomic_store(&census.due_ns, now + wait);
}

void census_then(PyObject *function)
{
    PyObject *before = census.then;

    Py_XINCREF(function);
    census.then = function;
    census.then_ns = 0;
    Py_XDECREF(before);
}

static void call_then(void)
{
    uint64_t start = ml_clock_thread();
    PyObject *type, *value, *traceback, *result;

    PyErr_Fetch(&type, &value, &traceback);
    result = PyObject_CallObject(census.then, NULL);
    if (result == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(result);
    PyErr_Restore(type, value, traceback);
    census.then_ns = ml_clock_thread() - start;
}

void census_if_asked(void)
{
    if (!atomic_exchange(&census.asked, false)) {
        return;
    }
    if (census.types != NULL && hooks_target() != NULL) {
        set_due(); /* or it is asked for again while it is made */
        make_census(hooks_target());
        if (census.then != NULL) {
            call_then();
        }
        set_due();
    }
}

static int call_census(void *unused)
{
    (void)unused;
    atomic_store(&census.queued, false);
    census_if_asked();
    return 0;
}

/* ---- life ---- */

void census_open(void)
{
    census_types_free(census.types);
    census.types = census_types_new();
    census.start_ns = ml_clock_monotonic();
    census.last_ns = census.cost_ns = census.then_ns = census.made = 0;
    census.wide = FIRST_WIDE;
    memset(census.owners, 0, sizeof(census.owners));
    census.owner_count = 0;
    atomic_store(&census.due_ns, ML_SECOND);
}

static void make_last_census(notice *target)
{
    PyTypeObject *growing[CHAINS_TYPES];
    uint32_t count;

    make_census(target);
    count = census_types_growing(census.types, growing, CHAINS_TYPES);
    if (count != 0) {
        chains_write(target, growing, count, CHAINS_NS);
    }
    if (census.then != NULL) {
        call_then();
    }
}

void census_close(void)
{
    if (census.types != NULL && hooks_target() != NULL && census.cost_ns != 0 &&
        census.last_ns <= LAST_COST_NS) {
        make_last_census(hooks_target());
    }
    census_types_free(census.types);
    census.types = NULL;
}

void census_silence(void)
{
    atomic_store(&census.asked, false);
    atomic_store(&census.queued, false);
}

void census_ask(uint64_t now_ns)
{
    if (now_ns < atomic_load(&census.due_ns) || atomic_exchange(&census.asked, true)) {
        return;
    }
    /* The queue is short and the program's, too: never more than one of ours is in it. */
    if (!atomic_exchange(&census.queued, true) && !layout_call_soon(call_census)) {
        atomic_store(&census.queued, false);
        atomic_store(&census.asked, false);
    }
}
