/* Every run of the garbage collector, with how long the program stood still for it, by a callback in gc.callbacks.
 *
 * A program may collect so often that even a callback is felt. Each costs it a microsecond; when there were more than
 * MOST_A_SECOND, ours is taken out and tried again after a while. How many collections there were is known all the same,
 * from the collector's own counts (status.h). */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "census.h"
#include "counts.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <stdatomic.h>

enum { MOST_A_SECOND = 50, SECONDS_OFF = 10 };

static PyObject *callbacks, *ours; /* NULL: not hooked */
static uint64_t begun_ns;          /* 0: the beginning was not seen */
static int seen;                   /* since the last look */
static int seconds_off;            /* until ours is put in again; 0: it is in */
static _Atomic int64_t pause_us = -1;

static int64_t number_of(PyObject *information, const char *name)
{
    PyObject *value = PyDict_GetItemString(information, name);
    long number = value != NULL && PyLong_Check(value) ? PyLong_AsLong(value) : 0;

    PyErr_Clear();
    return number < 0 ? 0 : number;
}

static void note_collection(PyObject *information, uint64_t took_ns)
{
    notice *target = hooks_target();
    int64_t took_us = (int64_t)(took_ns / 1000);

    atomic_fetch_add(&pause_us, took_us);
    if (seen++ < MOST_A_SECOND) {
        notice_begin(target, ML_KIND_GC, true);
        notice_number(target, number_of(information, "generation"));
        notice_number(target, number_of(information, "collected"));
        notice_number(target, number_of(information, "uncollectable"));
        notice_number(target, took_us);
        notice_end(target);
    }
}

/* Called as callback(phase, information), at "start" and at "stop". */
static PyObject *callback(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    uint64_t now_ns = ml_clock_monotonic();

    (void)self;
    if (hooks_target() == NULL || count != 2 || !PyUnicode_Check(arguments[0])) {
        Py_RETURN_NONE;
    }
    if (PyUnicode_CompareWithASCIIString(arguments[0], "start") == 0) {
        begun_ns = now_ns;
    } else if (begun_ns != 0 && PyDict_Check(arguments[1])) {
        note_collection(arguments[1], now_ns - begun_ns);
        begun_ns = 0;
        census_if_asked();
    }
    Py_RETURN_NONE;
}

static PyMethodDef callback_method = {
    "microlog", (PyCFunction)(void (*)(void))callback, METH_FASTCALL,
    "microlog(phase, info, /)\n--\n\nReport a collection to the recorder."};

static void put_in(void)
{
    seen = 0;
    begun_ns = 0;
    seconds_off = 0;
    atomic_store(&pause_us, PyList_Append(callbacks, ours) < 0 ? -1 : 0);
    PyErr_Clear();
}

static void take_out(void)
{
    atomic_store(&pause_us, -1);
    for (Py_ssize_t i = PyList_GET_SIZE(callbacks); i-- > 0;) {
        if (PyList_GET_ITEM(callbacks, i) == ours) {
            PyList_SetSlice(callbacks, i, i + 1, NULL);
        }
    }
    PyErr_Clear();
}

void hook_collections(PyObject *list)
{
    if (callbacks == NULL && PyList_Check(list)) {
        ours = PyCFunction_New(&callback_method, NULL);
        if (ours == NULL) {
            PyErr_Clear();
            return;
        }
        callbacks = Py_NewRef(list);
        put_in();
    }
}

void hook_collections_look(void)
{
    if (callbacks == NULL) {
        return;
    }
    if (seconds_off > 0) {
        if (--seconds_off == 0) {
            put_in();
        }
    } else if (seen > MOST_A_SECOND) {
        take_out();
        seconds_off = SECONDS_OFF;
    }
    seen = 0;
}

int64_t counts_collector_pause(void)
{
    return atomic_load(&pause_us);
}

void unhook_collections(void)
{
    if (callbacks != NULL) {
        take_out();
        Py_CLEAR(callbacks);
        Py_CLEAR(ours);
    }
}
