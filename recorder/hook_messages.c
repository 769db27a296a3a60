/* Log records and warnings.
 *
 * What a program says may be made into text by code of the program (an argument's __str__), which must not run once
 * more because of us. A log record is reported when its handlers are done: the text that they made of it is in it. If
 * they made none, it is formatted here, with the names of types in the place of what is not plain. */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "flood.h"
#include "replace.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <string.h>

enum { LEVEL_WARNING = 30 };

static replaced logger_handle, show_warning;

/* The warning that is being shown will come as a log record, too, after logging.captureWarnings. */
static _Thread_local int showing_warning;

/* ---- logging ---- */

/* What a handler's formatter has made of the record; borrowed, or NULL. */
static PyObject *formatted(PyObject *attributes)
{
    PyObject *text = PyDict_GetItemString(attributes, "message");

    return text != NULL && PyUnicode_Check(text) ? text : NULL;
}

/* The template with its arguments; without them where they do not fit it. New reference or NULL. */
static PyObject *format(PyObject *attributes)
{
    PyObject *template = PyDict_GetItemString(attributes, "msg");
    PyObject *arguments = PyDict_GetItemString(attributes, "args");
    PyObject *plain, *text = NULL;

    if (template == NULL) {
        return NULL;
    }
    if (!PyUnicode_CheckExact(template)) {
        plain = PyTuple_Pack(1, template);
        Py_XSETREF(plain, plain == NULL ? NULL : hooks_plain_arguments(plain));
        text = plain == NULL ? NULL : PyObject_Str(PyTuple_GET_ITEM(plain, 0));
        Py_XDECREF(plain);
        return text;
    }
    plain = arguments == NULL ? NULL : hooks_plain_arguments(arguments);
    if (plain != NULL && PyObject_Size(plain) > 0) {
        text = PyUnicode_Format(template, plain);
    }
    PyErr_Clear();
    Py_XDECREF(plain);
    return text == NULL ? Py_NewRef(template) : text;
}

static bool is_shown_warning(PyObject *logger)
{
    return showing_warning > 0 && logger != NULL && PyUnicode_Check(logger) &&
           PyUnicode_CompareWithASCIIString(logger, "py.warnings") == 0;
}

static void note_log(PyObject *record, uint64_t time_ns)
{
    PyObject *attributes = hooks_attribute(record, "__dict__");
    PyObject *logger = hooks_attribute(record, "name");
    PyObject *file = hooks_attribute(record, "pathname");
    int64_t level = hooks_number_attribute(record, "levelno");
    int64_t line = hooks_number_attribute(record, "lineno");
    PyObject *text = NULL;

    if (attributes != NULL && PyDict_Check(attributes)) {
        text = formatted(attributes);
        text = text == NULL ? format(attributes) : Py_NewRef(text);
        PyErr_Clear();
    }
    if (hooks_target() != NULL && !is_shown_warning(logger)) {
        notice *target = hooks_target();
        notice_begin_at(target, ML_KIND_LOG, time_ns);
        notice_number(target, level);
        notice_text_name(target, logger);
        notice_text(target, text);
        notice_text_name(target, file);
        notice_number(target, line);
        notice_end(target);
    }
    Py_XDECREF(attributes);
    Py_XDECREF(text);
    Py_XDECREF(logger);
    Py_XDECREF(file);
}

static bool is_admitted(PyObject *record, uint64_t time_ns)
{
    PyObject *type, *value, *traceback;
    int64_t level;

    PyErr_Fetch(&type, &value, &traceback);
    level = hooks_number_attribute(record, "levelno");
    PyErr_Restore(type, value, traceback);
    return flood_admits(level >= LEVEL_WARNING ? FLOOD_SERIOUS : FLOOD_LOG, time_ns);
}

/* Called as handle(logger, record). */
static PyObject *handle(PyObject *original, PyObject *const *arguments, Py_ssize_t count,
                        PyObject *names)
{
    uint64_t time_ns = ml_clock_monotonic();
    PyObject *result, *type, *value, *traceback;

    hooks_mute_streams(1);
    result = PyObject_Vectorcall(original, arguments, (size_t)count, names);
    hooks_mute_streams(-1);
    if (hooks_target() != NULL && count == 2 && is_admitted(arguments[1], time_ns)) {
        PyErr_Fetch(&type, &value, &traceback);
        note_log(arguments[1], time_ns);
        PyErr_Restore(type, value, traceback);
    }
    return result;
}

PyObject *hook_logger(PyObject *logger)
{
    return replace_attribute(&logger_handle, logger, "handle", handle);
}

/* ---- warnings ---- */

static void note_warning(PyObject *warning)
{
    PyObject *message = hooks_attribute(warning, "message");
    PyObject *category = hooks_attribute(warning, "category");
    PyObject *file = hooks_attribute(warning, "filename");
    int64_t line = hooks_number_attribute(warning, "lineno");
    PyObject *text = message == NULL ? NULL : hooks_exception_text(message);
    const char *name = category != NULL && PyType_Check(category)
                           ? ((PyTypeObject *)category)->tp_name
                           : "Warning";

    if (hooks_target() != NULL) {
        notice *target = hooks_target();
        notice_begin(target, ML_KIND_WARNING, true);
        notice_name(target, name, strlen(name));
        notice_text(target, text);
        notice_text_name(target, file);
        notice_number(target, line);
        notice_end(target);
    }
    Py_XDECREF(message);
    Py_XDECREF(category);
    Py_XDECREF(file);
    Py_XDECREF(text);
}

/* Called as _showwarnmsg(message) with what has passed the filters, whoever shows or keeps it then. */
static PyObject *show(PyObject *original, PyObject *const *arguments, Py_ssize_t count,
                      PyObject *names)
{
    PyObject *result;

    if (hooks_target() != NULL && count == 1 && flood_admits(FLOOD_SERIOUS, ml_clock_monotonic())) {
        note_warning(arguments[0]);
    }
    showing_warning++;
    hooks_mute_streams(1);
    result = PyObject_Vectorcall(original, arguments, (size_t)count, names);
    hooks_mute_streams(-1);
    showing_warning--;
    return result;
}

PyObject *hook_warnings(PyObject *module)
{
    return replace_attribute(&show_warning, module, "_showwarnmsg", show);
}

void unhook_messages(void)
{
    replace_undo(&logger_handle);
    replace_undo(&show_warning);
}
