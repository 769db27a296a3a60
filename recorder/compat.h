/* compat: Python.h, with what older versions of its public part lack. */
#ifndef RECORDER_COMPAT_H
#define RECORDER_COMPAT_H

#include <Python.h>
#include <frameobject.h>

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *Py_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}
#endif

#endif
