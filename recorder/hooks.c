#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include <string.h>

static notice *reporting;

void hooks_report_to(notice *target)
{
    reporting = target;
}

notice *hooks_target(void)
{
    return reporting;
}

PyObject *hooks_attribute(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);

    PyErr_Clear();
    return value;
}

int64_t hooks_number_attribute(PyObject *object, const char *name)
{
    PyObject *value = hooks_attribute(object, name);
    long number = value != NULL && PyLong_Check(value) ? PyLong_AsLong(value) : 0;

    PyErr_Clear();
    Py_XDECREF(value);
    return number < 0 ? 0 : number;
}

/* True for what is made into text without any code of the program. */
static bool is_plain(PyObject *object)
{
    return object == Py_None || PyUnicode_CheckExact(object) || PyLong_CheckExact(object) ||
           PyFloat_CheckExact(object) || PyBool_Check(object) || PyBytes_CheckExact(object);
}

/* "<Order>" for what is not plain; a new reference or NULL with an exception. */
static PyObject *stand_in(PyObject *object)
{
    const char *name = Py_TYPE(object)->tp_name;
    const char *point = strrchr(name, '.');

    return is_plain(object) ? Py_NewRef(object)
                            : PyUnicode_FromFormat("<%s>", point == NULL ? name : point + 1);
}

PyObject *hooks_plain_arguments(PyObject *arguments)
{
    PyObject *copy = NULL;

    if (PyTuple_CheckExact(arguments)) {
        copy = PyTuple_New(PyTuple_GET_SIZE(arguments));
        for (Py_ssize_t i = 0; copy != NULL && i < PyTuple_GET_SIZE(arguments); i++) {
            PyObject *item = stand_in(PyTuple_GET_ITEM(arguments, i));
            if (item == NULL) {
                Py_CLEAR(copy);
            } else {
                PyTuple_SET_ITEM(copy, i, item);
            }
        }
    } else if (PyDict_CheckExact(arguments)) {
        PyObject *key, *value;
        Py_ssize_t at = 0;
        copy = PyDict_New();
        while (copy != NULL && PyDict_Next(arguments, &at, &key, &value)) {
            PyObject *item = PyUnicode_CheckExact(key) ? stand_in(value) : NULL;
            if (item != NULL && PyDict_SetItem(copy, key, item) < 0) {
                PyErr_Clear();
            }
            Py_XDECREF(item);
        }
    }
    return copy;
}
