/* The names that a program gives to its asyncio tasks.
 *
 * A named task is announced with the address of its coroutine's frame, by which the sampler knows it on a stack. Tasks
 * that nobody has named ("Task-1") are not: they would be told apart without telling anything, and a server makes one
 * for each request. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "layout.h"

static PyTypeObject *task_type; /* NULL: not hooked */
static initproc original_init;
static PyMethodDef *set_name_method;
static PyCFunction original_set_name;

/* `name` NULL: the task has none, whatever had its address before. */
static void announce(PyObject *coroutine, PyObject *name)
{
    notice *target = hooks_target();
    PyObject *text = NULL;

    if (target == NULL || !PyCoro_CheckExact(coroutine)) {
        return;
    }
    text = name == NULL ? NULL : PyObject_Str(name);
    PyErr_Clear();
    notice_task(target, layout_coroutine_frame(coroutine), text);
    Py_XDECREF(text);
}

/* Task(coro, *, loop=None, name=None, …) */
static int task_init(PyObject *self, PyObject *arguments, PyObject *names)
{
    int result = original_init(self, arguments, names);

    if (result == 0 && PyTuple_GET_SIZE(arguments) > 0) {
        PyObject *name = names == NULL ? NULL : PyDict_GetItemString(names, "name");
        announce(PyTuple_GET_ITEM(arguments, 0), name == Py_None ? NULL : name);
    }
    return result;
}

static PyObject *task_set_name(PyObject *self, PyObject *name)
{
    PyObject *result = original_set_name(self, name);
    PyObject *coroutine;

    if (result != NULL && name != Py_None) {
        coroutine = PyObject_CallMethod(self, "get_coro", NULL);
        if (coroutine != NULL) {
            announce(coroutine, name);
        }
        PyErr_Clear();
        Py_XDECREF(coroutine);
    }
    return result;
}

void hook_tasks(PyObject *module)
{
    PyObject *type = PyObject_GetAttrString(module, "Task");
    PyObject *method =
        type == NULL || !PyType_Check(type) ? NULL : PyObject_GetAttrString(type, "set_name");

    if (method != NULL && task_type == NULL && ((PyTypeObject *)type)->tp_init != NULL &&
        Py_IS_TYPE(method, &PyMethodDescr_Type) &&
        ((PyMethodDescrObject *)method)->d_method->ml_flags == METH_O) {
        task_type = (PyTypeObject *)Py_NewRef(type);
        original_init = task_type->tp_init;
        task_type->tp_init = task_init;
        set_name_method = ((PyMethodDescrObject *)method)->d_method;
        original_set_name = set_name_method->ml_meth;
        set_name_method->ml_meth = task_set_name;
    }
    PyErr_Clear();
    Py_XDECREF(method);
    Py_XDECREF(type);
}

void unhook_tasks(void)
{
    if (task_type != NULL && task_type->tp_init == task_init &&
        set_name_method->ml_meth == task_set_name) {
        task_type->tp_init = original_init;
        set_name_method->ml_meth = original_set_name;
        Py_CLEAR(task_type);
    }
}
