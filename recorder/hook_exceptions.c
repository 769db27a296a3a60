/* Exceptions that nobody catches: of the main thread, of other threads, and those that cannot be raised.
 *
 * The last two reach the program's hooks, threading.excepthook and sys.unraisablehook, as an object of a type that is
 * made for nothing else. Where that type makes and ends its objects we see each of them, whatever the program puts in
 * the place of those hooks before or after us, and nothing that it can look at has changed. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "flood.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <string.h>

static PyTypeObject *thread_arguments, *unraisable_arguments; /* NULL: not hooked */
static newfunc original_new;
static destructor original_dealloc;

PyObject *hooks_exception_text(PyObject *value)
{
    PyObject *text = value == NULL || value == Py_None ? NULL : PyObject_Str(value);

    PyErr_Clear();
    return text;
}

void hook_report_exception(int how, PyObject *type, PyObject *value, PyObject *traceback)
{
    PyObject *text = hooks_exception_text(value);
    const char *name = type != NULL && PyType_Check(type) ? ((PyTypeObject *)type)->tp_name : "?";
    notice *target = hooks_target();

    if (target != NULL &&
        (how == ML_EXCEPTION_UNCAUGHT || flood_admits(FLOOD_SERIOUS, ml_clock_monotonic()))) {
        notice_begin_traceback(target, ML_KIND_EXCEPTION, traceback);
        notice_name(target, name, strlen(name));
        notice_text(target, text);
        notice_number(target, how);
        notice_end(target);
    }
    Py_XDECREF(text);
}

/* `arguments` begins with type, value, traceback. */
static void report(int how, PyObject *arguments)
{
    PyObject *type;

    /* A built-in type is there for all interpreters, which may have locks of their own. */
    if (hooks_target() == NULL || PyInterpreterState_Get() != PyInterpreterState_Main() ||
        !PyTuple_Check(arguments) || PyTuple_GET_SIZE(arguments) < 3) {
        return;
    }
    type = PyTuple_GET_ITEM(arguments, 0);
    /* A thread may end by SystemExit, which is no fault. */
    if (type != NULL && type != Py_None &&
        !(how == ML_EXCEPTION_THREAD && PyErr_GivenExceptionMatches(type, PyExc_SystemExit))) {
        hook_report_exception(how, type, PyTuple_GET_ITEM(arguments, 1),
                              PyTuple_GET_ITEM(arguments, 2));
    }
}

static PyObject *make_thread_arguments(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    PyObject *result = original_new(type, arguments, names);

    if (result != NULL) {
        report(ML_EXCEPTION_THREAD, result);
    }
    return result;
}

static void end_unraisable_arguments(PyObject *arguments)
{
    PyObject *type, *value, *traceback;

    /* The value's text may be made by code of the program, and a collection must not meet what is being freed. */
    PyObject_GC_UnTrack(arguments);
    PyErr_Fetch(&type, &value, &traceback);
    report(ML_EXCEPTION_IGNORED, arguments);
    PyErr_Restore(type, value, traceback);
    original_dealloc(arguments);
}

/* ---- finding the type of what sys.unraisablehook is given, which has no name ---- */

static PyObject *take_type(PyObject *self, PyObject *arguments)
{
    (void)self;
    unraisable_arguments = (PyTypeObject *)Py_NewRef((PyObject *)Py_TYPE(arguments));
    Py_RETURN_NONE;
}

static PyMethodDef take_type_method = {"unraisablehook", take_type, METH_O, NULL};

/* Has the interpreter make one, for a hook of ours. */
static void find_unraisable_arguments(void)
{
    static const char name[] = "unraisablehook";
    PyObject *present = PySys_GetObject(name);
    PyObject *ours = PyCFunction_New(&take_type_method, NULL);

    if (present != NULL && ours != NULL) {
        Py_INCREF(present);
        if (PySys_SetObject(name, ours) == 0) {
            PyErr_SetNone(PyExc_Exception);
            PyErr_WriteUnraisable(NULL);
        }
        PySys_SetObject(name, present);
        Py_DECREF(present);
    }
    Py_XDECREF(ours);
    PyErr_Clear();
}

/* ---- in and out ---- */

void hook_exceptions(PyObject *of_threads)
{
    if (thread_arguments == NULL && PyType_Check(of_threads)) {
        thread_arguments = (PyTypeObject *)Py_NewRef(of_threads);
        original_new = thread_arguments->tp_new;
        thread_arguments->tp_new = make_thread_arguments;
    }
    if (unraisable_arguments == NULL) {
        find_unraisable_arguments();
    }
    if (unraisable_arguments != NULL && PyType_IsSubtype(unraisable_arguments, &PyTuple_Type) &&
        unraisable_arguments->tp_dealloc != end_unraisable_arguments) {
        original_dealloc = unraisable_arguments->tp_dealloc;
        unraisable_arguments->tp_dealloc = end_unraisable_arguments;
    }
}

void unhook_exceptions(void)
{
    if (thread_arguments != NULL && thread_arguments->tp_new == make_thread_arguments) {
        thread_arguments->tp_new = original_new;
        Py_CLEAR(thread_arguments);
    }
    if (unraisable_arguments != NULL &&
        unraisable_arguments->tp_dealloc == end_unraisable_arguments) {
        unraisable_arguments->tp_dealloc = original_dealloc;
    }
}
