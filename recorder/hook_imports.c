/* Imports, with how long they took and who asked.
 *
 * importlib's own function _find_and_load is called for a module that is not there yet, by the import statement and
 * by importlib alike, through an attribute of its module. A C callable in its place sees real imports only, and
 * no frame of it can be on a traceback. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "replace.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

static replaced find_and_load;
static PyObject *wanted; /* module name → what to call with the module once it is there */

static void report_import(PyObject *name, uint64_t started_ns)
{
    notice *target = hooks_target();

    if (target != NULL) {
        notice_begin(target, ML_KIND_IMPORT, true);
        notice_text_name(target, name);
        notice_number(target, (int64_t)((ml_clock_monotonic() - started_ns) / 1000));
        notice_end(target);
    }
}

/* A module that looks different from what we know is left alone. */
static void offer_module(PyObject *name, PyObject *module)
{
    PyObject *hook = PyDict_GetItemWithError(wanted, name);
    PyObject *result = hook == NULL ? NULL : PyObject_CallOneArg(hook, module);

    PyErr_Clear();
    Py_XDECREF(result);
}

static PyObject *import_module(PyObject *original, PyObject *const *arguments, Py_ssize_t count,
                               PyObject *names)
{
    uint64_t started_ns = ml_clock_monotonic();
    PyObject *result = PyObject_Vectorcall(original, arguments, (size_t)count, names);

    if (result != NULL && hooks_target() != NULL && count > 0 && PyUnicode_Check(arguments[0])) {
        report_import(arguments[0], started_ns);
        offer_module(arguments[0], result);
    }
    return result;
}

PyObject *hook_imports(PyObject *callbacks)
{
    PyObject *module = PyImport_ImportModule("_frozen_importlib");
    PyObject *result = NULL;

    if (module != NULL) {
        Py_XSETREF(wanted, Py_NewRef(callbacks));
        result = replace_attribute(&find_and_load, module, "_find_and_load", import_module);
        Py_DECREF(module);
    }
    return result;
}

void unhook_imports(void)
{
    replace_undo(&find_and_load);
}
