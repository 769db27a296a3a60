#define PY_SSIZE_T_CLEAN
#include "replace.h"

#include <stddef.h>

/* ---- what stands for a function ---- */

typedef struct stand_in {
    PyObject_HEAD vectorcallfunc call;
    replace_function function;
    PyObject *original;
} stand_in;

static PyObject *call(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
    stand_in *ours = (stand_in *)self;

    return ours->function(ours->original, arguments, PyVectorcall_NARGS(count), names);
}

static PyObject *bind(PyObject *self, PyObject *instance, PyObject *class)
{
    (void)class;
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

/* `__wrapped__` is what inspect follows. */
static PyObject *get_attribute(PyObject *self, PyObject *name)
{
    PyObject *original = ((stand_in *)self)->original;
    PyObject *value;

    if (PyUnicode_CompareWithASCIIString(name, "__wrapped__") == 0) {
        return Py_NewRef(original);
    }
    value = PyUnicode_CompareWithASCIIString(name, "__class__") == 0
                ? NULL
                : PyObject_GetAttr(original, name);
    if (value == NULL) {
        PyErr_Clear();
        value = PyObject_GenericGetAttr(self, name);
    }
    return value;
}

static int set_attribute(PyObject *self, PyObject *name, PyObject *value)
{
    return PyObject_SetAttr(((stand_in *)self)->original, name, value);
}

static PyObject *represent(PyObject *self)
{
    return PyObject_Repr(((stand_in *)self)->original);
}

static void end(PyObject *self)
{
    Py_DECREF(((stand_in *)self)->original);
    PyObject_Free(self);
}

static PyTypeObject type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "microlog.hook",
    .tp_basicsize = sizeof(stand_in),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(stand_in, call),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = bind,
    .tp_getattro = get_attribute,
    .tp_setattro = set_attribute,
    .tp_repr = represent,
    .tp_dealloc = end,
};

static PyObject *new_stand_in(PyObject *original, replace_function function)
{
    stand_in *made = PyType_Ready(&type) < 0 ? NULL : PyObject_New(stand_in, &type);

    if (made != NULL) {
        made->call = call;
        made->function = function;
        made->original = Py_NewRef(original);
    }
    return (PyObject *)made;
}

/* ---- in and out ---- */

static PyObject *pass_on(PyObject *original, PyObject *const *arguments, Py_ssize_t count,
                         PyObject *names)
{
    return PyObject_Vectorcall(original, arguments, (size_t)count, names);
}

/* Borrowed. A class's own attribute, not what a look-up makes of it. */
static PyObject *present(const replaced *slot)
{
    PyObject *attributes = PyModule_Check(slot->owner) ? PyModule_GetDict(slot->owner)
                                                       : ((PyTypeObject *)slot->owner)->tp_dict;

    return attributes == NULL ? NULL : PyDict_GetItemString(attributes, slot->name);
}

static void forget(replaced *slot)
{
    Py_CLEAR(slot->owner);
    Py_CLEAR(slot->original);
    Py_CLEAR(slot->ours);
}

PyObject *replace_attribute(replaced *slot, PyObject *owner, const char *name,
                            replace_function function)
{
    if (slot->owner == owner && present(slot) == slot->ours) {
        Py_RETURN_NONE;
    }
    /* Somebody's wrapper may still call the one before. */
    if (slot->ours != NULL) {
        ((stand_in *)slot->ours)->function = pass_on;
    }
    forget(slot);
    slot->name = name;
    slot->original = PyObject_GetAttrString(owner, name);
    slot->ours = slot->original == NULL ? NULL : new_stand_in(slot->original, function);
    slot->owner = Py_NewRef(owner);
    if (slot->ours == NULL || PyObject_SetAttrString(owner, name, slot->ours) < 0) {
        forget(slot);
        return NULL;
    }
    Py_RETURN_NONE;
}

void replace_undo(replaced *slot)
{
    if (slot->owner != NULL && present(slot) == slot->ours) {
        PyObject_SetAttrString(slot->owner, slot->name, slot->original);
        PyErr_Clear();
        forget(slot);
    }
}
