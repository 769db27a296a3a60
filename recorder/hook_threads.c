/* Threads of the module threading, and their names. When each began and was last seen stands in the table of threads. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "replace.h"

static replaced set_native_id;

static void note_name(PyObject *thread)
{
    PyObject *name = hooks_attribute(thread, "_name");
    Py_ssize_t length = 0;
    const char *bytes =
        name != NULL && PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &length) : NULL;

    if (bytes != NULL && hooks_target() != NULL) {
        notice_own_thread(hooks_target(), bytes, (size_t)length);
    }
    PyErr_Clear();
    Py_XDECREF(name);
}

/* Every thread calls it on itself when it starts. */
static PyObject *thread_starts(PyObject *original, PyObject *const *arguments, Py_ssize_t count,
                               PyObject *names)
{
    PyObject *result = PyObject_Vectorcall(original, arguments, (size_t)count, names);

    if (result != NULL && hooks_target() != NULL && count == 1) {
        note_name(arguments[0]);
    }
    return result;
}

PyObject *hook_thread(PyObject *thread)
{
    return replace_attribute(&set_native_id, thread, "_set_native_id", thread_starts);
}

void unhook_thread(void)
{
    replace_undo(&set_native_id);
}
