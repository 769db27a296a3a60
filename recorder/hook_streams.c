/* What is written to sys.stdout and sys.stderr, by a `write` of ours on the objects that stand there.
 *
 * A program may put another object there at any time (pytest, notebooks, contextlib.redirect_stdout). It is looked for
 * once a second, by the main thread between two of its instructions, so nothing that is written pays for it. An object
 * that has been replaced keeps ours for as long as it is among the latest few: it mostly comes back. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "flood.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <stdatomic.h>
#include <string.h>

enum { STREAMS = 8, ARGUMENTS = 8 };

/* ---- joining ---- */

/* print() writes its text and its newline in two calls; they become one event. */
static struct pending {
    char text[NOTICE_TEXT];
    size_t length;
    unsigned long ident; /* of the thread that wrote it */
} pending[3];

static void report_pending(int number)
{
    struct pending *line = &pending[number];
    notice *target = hooks_target();

    if (line->length != 0 && target != NULL && flood_admits(FLOOD_PRINT, ml_clock_monotonic())) {
        notice_begin(target, ML_KIND_PRINT, true);
        notice_number(target, number);
        notice_bytes(target, line->text, line->length);
        notice_end(target);
    }
    line->length = 0;
}

void hook_streams_flush(void)
{
    report_pending(1);
    report_pending(2);
}

static void note_write(int number, PyObject *text)
{
    struct pending *line = &pending[number];
    Py_ssize_t length;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);
    bool ends;
    size_t room;

    if (bytes == NULL) {
        PyErr_Clear();
        return;
    }
    if (line->length != 0 && line->ident != PyThread_get_thread_ident()) {
        report_pending(number);
    }
    line->ident = PyThread_get_thread_ident();
    ends = length > 0 && bytes[length - 1] == '\n';
    length -= ends;
    room = sizeof(line->text) - line->length;
    memcpy(line->text + line->length, bytes, (size_t)length < room ? (size_t)length : room);
    line->length += (size_t)length < room ? (size_t)length : room;
    if (ends || line->length == sizeof(line->text)) {
        report_pending(number);
    }
}

/* ---- writing ---- */

/* What is being said is reported in another way. */
static _Thread_local int muted;

/* The stream that the thread is writing to: one that passes on to another one is not heard twice. */
static _Thread_local PyObject *writing;

void hooks_mute_streams(int more)
{
    muted += more;
}

/* What a hook needs: it is the self of the function that stands in the stream's attribute. The stream is not kept alive
 * by it, since programs count on a file being closed when nobody has it any more. */
enum {
    HOOK_STREAM,   /* a weak reference; None: `original` is the stream's own attribute */
    HOOK_ORIGINAL, /* what writes: called with the stream, or without if it is its own attribute */
    HOOK_NUMBER
};

static PyObject *call_with(PyObject *stream, PyObject *function, PyObject *const *arguments,
                           Py_ssize_t count, PyObject *names)
{
    Py_ssize_t all = count + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    PyObject *more[1 + ARGUMENTS];

    if (all > ARGUMENTS) {
        PyErr_SetString(PyExc_TypeError, "write() takes no more than one argument");
        return NULL;
    }
    more[0] = stream;
    memcpy(more + 1, arguments, (size_t)all * sizeof(*more));
    return PyObject_Vectorcall(function, more, (size_t)count + 1, names);
}

static PyObject *call_original(PyObject *hook, PyObject *const *arguments, Py_ssize_t count,
                               PyObject *names)
{
    PyObject *reference = PyTuple_GET_ITEM(hook, HOOK_STREAM);
    PyObject *original = PyTuple_GET_ITEM(hook, HOOK_ORIGINAL);
    PyObject *stream, *result = NULL;

    if (reference == Py_None) {
        return PyObject_Vectorcall(original, arguments, (size_t)count, names);
    }
    stream = PyObject_CallObject(reference, NULL);
    if (stream == Py_None) {
        PyErr_SetString(PyExc_ReferenceError, "the stream of this write() is gone");
    } else if (stream != NULL) {
        result = call_with(stream, original, arguments, count, names);
    }
    Py_XDECREF(stream);
    return result;
}

static PyObject *stream_write(PyObject *hook, PyObject *const *arguments, Py_ssize_t count,
                              PyObject *names)
{
    PyObject *outer = writing;
    PyObject *result;

    writing = hook;
    result = call_original(hook, arguments, count, names);
    writing = outer;
    if (result != NULL && hooks_target() != NULL && muted == 0 &&
        (outer == NULL || outer == hook) && count == 1 && PyUnicode_Check(arguments[0])) {
        note_write((int)PyLong_AsLong(PyTuple_GET_ITEM(hook, HOOK_NUMBER)), arguments[0]);
    }
    return result;
}

static PyMethodDef stream_write_method = {
    "write", (PyCFunction)(void (*)(void))stream_write, METH_FASTCALL | METH_KEYWORDS,
    "write($self, text, /)\n--\n\nWrite string s to stream and return the number of characters "
    "written."};

/* ---- objects ---- */

/* Weak references to what has a hook, latest first; NULL: free. */
static PyObject *hooked[STREAMS];

/* The dict that an object's own attributes are in, if nothing of the program is asked on the way; new reference. */
static PyObject *own_attributes(PyObject *stream)
{
    PyObject *attributes = NULL;

    if (Py_TYPE(stream)->tp_setattro == PyObject_GenericSetAttr) {
        attributes = PyObject_GenericGetDict(stream, NULL);
        PyErr_Clear();
    }
    return attributes;
}

/* The stream's own `write`, borrowed, or NULL. */
static PyObject *own_write(PyObject *stream)
{
    PyObject *attributes = own_attributes(stream);
    PyObject *write = attributes == NULL ? NULL : PyDict_GetItemString(attributes, "write");

    Py_XDECREF(attributes);
    return write;
}

static bool is_ours(PyObject *write)
{
    return write != NULL && PyCFunction_Check(write) &&
           ((PyCFunctionObject *)write)->m_ml == &stream_write_method;
}

static void unhook_stream(PyObject *stream)
{
    PyObject *write = own_write(stream);
    PyObject *hook = is_ours(write) ? PyCFunction_GET_SELF(write) : NULL;

    if (hook != NULL && PyTuple_GET_ITEM(hook, HOOK_STREAM) != Py_None) {
        PyObject_DelAttrString(stream, "write");
    } else if (hook != NULL) {
        PyObject_SetAttrString(stream, "write", PyTuple_GET_ITEM(hook, HOOK_ORIGINAL));
    }
    PyErr_Clear();
}

/* What a hook shall know; NULL, perhaps with an exception, if the stream is none to be hooked. */
static PyObject *new_hook(PyObject *stream, PyObject *reference, int number)
{
    PyObject *own = own_write(stream);
    PyObject *method;
    PyObject *hook = NULL;

    if (own != NULL) {
        return Py_BuildValue("(OOi)", Py_None, own, number);
    }
    method = PyObject_GetAttrString((PyObject *)Py_TYPE(stream), "write");
    if (method != NULL && (PyFunction_Check(method) || Py_IS_TYPE(method, &PyMethodDescr_Type))) {
        hook = Py_BuildValue("(OOi)", reference, method, number);
    }
    Py_XDECREF(method);
    return hook;
}

static bool put_hook(PyObject *stream, PyObject *reference, int number)
{
    PyObject *hook = new_hook(stream, reference, number);
    PyObject *write = hook == NULL ? NULL : PyCFunction_New(&stream_write_method, hook);
    bool done = write != NULL && PyObject_SetAttrString(stream, "write", write) == 0;

    Py_XDECREF(hook);
    Py_XDECREF(write);
    return done;
}

static void let_go(PyObject *reference)
{
    PyObject *stream = reference == NULL ? NULL : PyObject_CallObject(reference, NULL);

    if (stream != NULL && stream != Py_None) {
        unhook_stream(stream);
    }
    PyErr_Clear();
    Py_XDECREF(stream);
    Py_XDECREF(reference);
}

static void remember(PyObject *reference)
{
    PyObject *oldest = hooked[STREAMS - 1];

    memmove(hooked + 1, hooked, (STREAMS - 1) * sizeof(*hooked));
    hooked[0] = Py_NewRef(reference);
    let_go(oldest);
}

static void hook_stream(PyObject *stream, int number)
{
    PyObject *attributes = own_attributes(stream);
    PyObject *reference = NULL;

    if (attributes != NULL && !is_ours(PyDict_GetItemString(attributes, "write"))) {
        reference = PyWeakref_NewRef(stream, NULL);
    }
    if (reference != NULL && put_hook(stream, reference, number)) {
        remember(reference);
    }
    PyErr_Clear();
    Py_XDECREF(reference);
    Py_XDECREF(attributes);
}

void hook_streams(void)
{
    static const char *const names[3] = {NULL, "stdout", "stderr"};

    for (int number = 1; number <= 2; number++) {
        PyObject *stream = PySys_GetObject(names[number]);
        if (stream != NULL && stream != Py_None) {
            Py_INCREF(stream);
            hook_stream(stream, number);
            Py_DECREF(stream);
        }
    }
}

void unhook_streams(void)
{
    for (int i = 0; i < STREAMS; i++) {
        PyObject *reference = hooked[i];
        hooked[i] = NULL;
        let_go(reference);
    }
}
