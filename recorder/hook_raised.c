/* Exceptions as they are raised, whoever catches them: by sys.monitoring, from 3.12 on and only on request: each costs
 * the program half a microsecond and the recording some bytes, and one of the program's tool ids is in use.
 *
 * The interpreter calls back for every frame that an exception leaves, not only for the one that raised it. While there
 * are more than MOST_A_SECOND it is asked not to, for a minute. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "flood.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <string.h>

enum { MOST_A_SECOND = 1000, SECONDS_OFF = 60 };

static PyObject *switcher; /* called with True or False; NULL: not hooked */
static int seen, seconds_off;

static void switch_to(bool on)
{
    PyObject *result = PyObject_CallOneArg(switcher, on ? Py_True : Py_False);

    PyErr_Clear();
    Py_XDECREF(result);
}

/* It has just been raised, if only one frame has seen it. */
static bool is_new(PyObject *exception)
{
    PyObject *traceback = ((PyBaseExceptionObject *)exception)->traceback;

    return traceback == NULL || !PyTraceBack_Check(traceback) ||
           ((PyTracebackObject *)traceback)->tb_next == NULL;
}

/* The only argument as text if that needs no code of the program; new reference or NULL. */
static PyObject *plain_text(PyObject *exception)
{
    PyObject *arguments = ((PyBaseExceptionObject *)exception)->args;
    PyObject *plain, *text = NULL;

    if (arguments != NULL && PyTuple_CheckExact(arguments) && PyTuple_GET_SIZE(arguments) > 0) {
        plain = hooks_plain_arguments(arguments);
        text = plain == NULL                  ? NULL
               : PyTuple_GET_SIZE(plain) == 1 ? PyObject_Str(PyTuple_GET_ITEM(plain, 0))
                                              : PyObject_Str(plain);
        Py_XDECREF(plain);
        PyErr_Clear();
    }
    return text;
}

static void note_raised(PyObject *exception)
{
    PyObject *text = plain_text(exception);
    const char *name = Py_TYPE(exception)->tp_name;
    notice *target = hooks_target();

    notice_begin(target, ML_KIND_RAISED, true);
    notice_name(target, name, strlen(name));
    notice_text(target, text);
    notice_end(target);
    Py_XDECREF(text);
}

/* Called as raised(code, offset, exception). */
static PyObject *raised(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    seen++;
    if (hooks_target() != NULL && count == 3 && seen <= MOST_A_SECOND &&
        PyExceptionInstance_Check(arguments[2]) && is_new(arguments[2]) &&
        flood_admits(FLOOD_RAISED, ml_clock_monotonic())) {
        note_raised(arguments[2]);
    }
    Py_RETURN_NONE;
}

static PyMethodDef raised_method = {
    "raised", (PyCFunction)(void (*)(void))raised, METH_FASTCALL,
    "raised(code, offset, exception)\n\nReport an exception to the recorder."};

PyObject *hook_raised(PyObject *switching)
{
    Py_XSETREF(switcher, Py_NewRef(switching));
    seen = seconds_off = 0;
    return PyCFunction_New(&raised_method, NULL);
}

void hook_raised_look(void)
{
    if (switcher == NULL) {
        return;
    }
    if (seconds_off > 0) {
        if (--seconds_off == 0) {
            switch_to(true);
        }
    } else if (seen > MOST_A_SECOND) {
        switch_to(false);
        seconds_off = SECONDS_OFF;
    }
    seen = 0;
}

void unhook_raised(void)
{
    if (switcher != NULL) {
        switch_to(false);
        Py_CLEAR(switcher);
    }
}
