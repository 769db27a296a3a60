/* _microlog: the functions that the Python package is made of. Thin: checks arguments, calls recorder.c and the
 * hooks, runs the program. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "census.h"
#include "flood.h"
#include "frames.h"
#include "head.h"
#include "hooks.h"
#include "recorder.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARGV_MAX = 4096 };

static PyObject *raise(ml_status status, const ml_error *error)
{
    PyErr_SetString(status == ML_ERROR_ARGUMENT ? PyExc_ValueError : PyExc_OSError, error->text);
    return NULL;
}

/* What start takes, as bytes that live as long as `encoded`. */
static bool encode_arguments(PyObject *list, PyObject *encoded, const char **argv, uint32_t *argc)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && i < ARGV_MAX; i++) {
        PyObject *bytes = PyUnicode_EncodeFSDefault(PyList_GET_ITEM(list, i));
        if (bytes == NULL || PyList_Append(encoded, bytes) < 0) {
            Py_XDECREF(bytes);
            return false;
        }
        argv[(*argc)++] = PyBytes_AS_STRING(bytes);
        Py_DECREF(bytes);
    }
    return true;
}

/* "SESSION PARENT" in hexadecimal digits, or NULL. */
static bool take_session(const char *text, recorder_options *options)
{
    if (text == NULL ||
        (strlen(text) == 65 && text[32] == ' ' && head_read_hex(text, options->session) &&
         head_read_hex(text + 33, options->parent))) {
        return true;
    }
    PyErr_SetString(PyExc_ValueError, "a session is two numbers of 32 hexadecimal digits");
    return false;
}

static PyObject *start(PyObject *self, PyObject *arguments, PyObject *names)
{
    static char *known[] = {"path",      "rate",     "label",   "argv",     "executable",
                            "directory", "python",   "own",     "exercise", "lines",
                            "children",  "on_close", "session", "is_child", NULL};
    recorder_options options = {0};
    const char *argv[ARGV_MAX];
    const char *session;
    int lines, children, is_child;
    PyObject *list, *encoded, *path = NULL;
    ml_error error = {0};
    ml_status status;

    (void)self;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "O&dzO!ssssOppzzp", known,
                                     PyUnicode_FSConverter, &path, &options.rate, &options.label,
                                     &PyList_Type, &list, &options.executable, &options.directory,
                                     &options.python, &options.own, &options.exercise, &lines,
                                     &children, &options.on_close, &session, &is_child)) {
        return NULL;
    }
    options.path = PyBytes_AS_STRING(path);
    options.lines = lines;
    options.children = children;
    options.is_child = is_child;
    options.argv = argv;
    encoded = PyList_New(0);
    if (encoded == NULL || !encode_arguments(list, encoded, argv, &options.argc) ||
        !take_session(session, &options)) {
        Py_XDECREF(encoded);
        Py_DECREF(path);
        return NULL;
    }
    status = recorder_start(&options, &error);
    Py_DECREF(encoded);
    Py_DECREF(path);
    if (status < 0) {
        return raise(status, &error);
    }
    Py_RETURN_NONE;
}

/* stop(exit_code or None) → (path, seconds, samples, bytes, error text or None), or None if nothing ran */
static PyObject *stop(PyObject *self, PyObject *code)
{
    recorder_summary summary;
    int64_t exit_code = code == Py_None ? 0 : PyLong_AsLongLong(code);

    (void)self;
    if (PyErr_Occurred() != NULL) {
        return NULL;
    }
    if (!recorder_stop(code != Py_None, exit_code, &summary)) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(NdKKz)", PyUnicode_DecodeFSDefault(summary.path), summary.seconds,
                         (unsigned long long)summary.samples, (unsigned long long)summary.bytes,
                         summary.system_error == 0 ? NULL : strerror(summary.system_error));
}

static PyObject *is_running(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(recorder_is_running());
}

static PyObject *is_followed(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(recorder_is_followed());
}

static PyObject *follow(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    recorder_follow();
    Py_RETURN_NONE;
}

static PyObject *family(PyObject *self, PyObject *unused)
{
    char session[2 * HEAD_HEX];
    const char *path;

    (void)self;
    (void)unused;
    if (!recorder_family(session, sizeof(session), &path)) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(sN)", session, PyUnicode_DecodeFSDefault(path));
}

static PyObject *method(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyUnicode_FromString(recorder_method());
}

/* ---- messages ---- */

static PyObject *note_message(int level, const char *name, PyObject *text)
{
    PyObject *shown = PyObject_Str(text);
    notice *target = hooks_target();

    if (shown == NULL) {
        return NULL;
    }
    if (target != NULL && flood_admits(FLOOD_MARK, ml_clock_monotonic())) {
        notice_begin(target, ML_KIND_MARK, true);
        notice_number(target, level);
        notice_name(target, name, strlen(name));
        notice_text(target, shown);
        notice_end(target);
    }
    Py_DECREF(shown);
    Py_RETURN_NONE;
}

/* One function for each level, so that no frame of ours is between the caller and the record. */
#define MESSAGE(name, level)                                                                       \
    static PyObject *message_##name(PyObject *self, PyObject *text)                                \
    {                                                                                              \
        (void)self;                                                                                \
        return note_message(level, #name, text);                                                   \
    }
MESSAGE(debug, 10)
MESSAGE(info, 20)
MESSAGE(warning, 30)
MESSAGE(error, 40)
MESSAGE(critical, 50)
MESSAGE(mark, 0)

/* after_census(function or None): is called without arguments after each census of objects. */
static PyObject *after_census(PyObject *self, PyObject *function)
{
    (void)self;
    census_then(function == Py_None ? NULL : function);
    Py_RETURN_NONE;
}

/* allocation(file, line, count, bytes): so much is there that was allocated by this line. */
static PyObject *allocation(PyObject *self, PyObject *arguments)
{
    const char *file;
    Py_ssize_t length;
    long long line, count, bytes;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "s#LLL", &file, &length, &line, &count, &bytes)) {
        return NULL;
    }
    if (hooks_target() != NULL) {
        notice_begin(hooks_target(), ML_KIND_HEAP_SITE, false);
        notice_name(hooks_target(), file, (size_t)length);
        notice_number(hooks_target(), line);
        notice_number(hooks_target(), count);
        notice_number(hooks_target(), bytes);
        notice_end(hooks_target());
    }
    Py_RETURN_NONE;
}

static PyObject *now(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyLong_FromUnsignedLongLong(ml_clock_monotonic());
}

/* span(name, begun, fields, trace, error): one that ends now; `begun` is what now() said. */
static PyObject *note_span(PyObject *self, PyObject *arguments)
{
    PyObject *name, *fields, *trace, *error;
    unsigned long long begun_ns;
    uint64_t now_ns = ml_clock_monotonic();
    notice *target = hooks_target();

    (void)self;
    if (!PyArg_ParseTuple(arguments, "UKUUU", &name, &begun_ns, &fields, &trace, &error)) {
        return NULL;
    }
    if (target != NULL && flood_admits(FLOOD_MARK, now_ns)) {
        notice_begin_at(target, ML_KIND_SPAN, now_ns);
        notice_text_name(target, name);
        notice_number(target, now_ns > begun_ns ? (int64_t)((now_ns - begun_ns) / 1000) : 0);
        notice_text(target, fields);
        notice_text(target, trace);
        notice_text_name(target, error);
        notice_end(target);
    }
    Py_RETURN_NONE;
}

/* ---- hooks ---- */

static PyObject *module_hook_streams(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hook_streams();
    Py_RETURN_NONE;
}

static PyObject *module_hook_logger(PyObject *self, PyObject *logger)
{
    (void)self;
    return hook_logger(logger);
}

static PyObject *module_hook_warnings(PyObject *self, PyObject *module)
{
    (void)self;
    return hook_warnings(module);
}

static PyObject *module_hook_exceptions(PyObject *self, PyObject *of_threads)
{
    (void)self;
    hook_exceptions(of_threads);
    Py_RETURN_NONE;
}

static PyObject *module_hook_collections(PyObject *self, PyObject *callbacks)
{
    (void)self;
    hook_collections(callbacks);
    Py_RETURN_NONE;
}

static PyObject *module_hook_raised(PyObject *self, PyObject *switching)
{
    (void)self;
    return hook_raised(switching);
}

static PyObject *module_hook_imports(PyObject *self, PyObject *callbacks)
{
    (void)self;
    if (!PyDict_Check(callbacks)) {
        PyErr_SetString(PyExc_TypeError, "hook_imports takes a dict");
        return NULL;
    }
    return hook_imports(callbacks);
}

static PyObject *module_hook_thread(PyObject *self, PyObject *thread)
{
    (void)self;
    return hook_thread(thread);
}

static PyObject *module_hook_files(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hook_files();
    Py_RETURN_NONE;
}

static PyObject *module_hook_sockets(PyObject *self, PyObject *module)
{
    (void)self;
    hook_sockets(module);
    Py_RETURN_NONE;
}

static PyObject *module_hook_select(PyObject *self, PyObject *module)
{
    (void)self;
    hook_select(module);
    Py_RETURN_NONE;
}

static PyObject *module_hook_sqlite(PyObject *self, PyObject *module)
{
    (void)self;
    hook_sqlite(module);
    Py_RETURN_NONE;
}

static PyObject *module_hook_tasks(PyObject *self, PyObject *module)
{
    (void)self;
    hook_tasks(module);
    Py_RETURN_NONE;
}

static PyObject *module_unhook(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    unhook_imports();
    unhook_streams();
    unhook_messages();
    unhook_exceptions();
    unhook_raised();
    unhook_collections();
    unhook_thread();
    unhook_tasks();
    unhook_descriptors();
    Py_RETURN_NONE;
}

static int call_pending(void *function)
{
    PyObject *result = PyObject_CallObject(function, NULL);

    if (result == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(result);
    Py_DECREF((PyObject *)function);
    return 0;
}

/* call_soon(function): in the main thread, as soon as what runs there has returned to Python code. */
static PyObject *call_soon(PyObject *self, PyObject *function)
{
    (void)self;
    Py_INCREF(function);
    if (Py_AddPendingCall(call_pending, function) < 0) {
        Py_DECREF(function);
    }
    Py_RETURN_NONE;
}

/* name_thread(ident, native_id, name): for threads that were there before the recorder. */
static PyObject *name_thread(PyObject *self, PyObject *arguments)
{
    unsigned long long ident, native_id;
    const char *name;
    Py_ssize_t length;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "KKs#", &ident, &native_id, &name, &length)) {
        return NULL;
    }
    if (hooks_target() != NULL) {
        PyInterpreterState *interpreter = PyThreadState_GetInterpreter(PyThreadState_Get());
        PyThreadState *state = PyInterpreterState_ThreadHead(interpreter);
        while (state != NULL && state->thread_id != ident) {
            state = PyThreadState_Next(state);
        }
        if (state != NULL) {
            notice_thread(hooks_target(), PyThreadState_GetID(state), ident, (uint32_t)native_id,
                          name, (size_t)length);
        }
    }
    Py_RETURN_NONE;
}

/* ---- running a program as if nobody had called it ---- */

static int64_t exit_code_of(PyObject *value)
{
    PyObject *code = value == NULL ? NULL : PyObject_GetAttrString(value, "code");
    int64_t number = 1;

    PyErr_Clear();
    if (code == NULL || code == Py_None) {
        number = 0;
    } else if (PyLong_Check(code)) {
        number = PyLong_AsLongLong(code);
    }
    PyErr_Clear();
    Py_XDECREF(code);
    return number;
}

static int64_t last_exit_code;

/* What the interpreter does when a program's code has ended: PyErr_Print shows the traceback, or ends the process
 * for SystemExit. Returns the exit code. */
static PyObject *conclude(PyObject *result)
{
    PyObject *type, *value, *traceback;

    last_exit_code = 0;
    if (result != NULL) {
        Py_DECREF(result);
        return PyLong_FromLong(0);
    }
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (type != NULL && PyErr_GivenExceptionMatches(type, PyExc_SystemExit)) {
        last_exit_code = exit_code_of(value);
    } else {
        last_exit_code = 1;
        hook_report_exception(ML_EXCEPTION_UNCAUGHT, type, value, traceback);
    }
    PyErr_Restore(type, value, traceback);
    PyErr_Print();
    return PyLong_FromLong(1);
}

/* run_file(path, globals): a script, compiled and run as the interpreter does it. */
static PyObject *run_file(PyObject *self, PyObject *arguments)
{
    PyObject *path, *globals, *result;
    PyCompilerFlags flags = {.cf_flags = 0, .cf_feature_version = PY_MINOR_VERSION};
    void *hidden;
    FILE *file;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "O&O!", PyUnicode_FSConverter, &path, &PyDict_Type,
                          &globals)) {
        return NULL;
    }
    file = fopen(PyBytes_AS_STRING(path), "rbe");
    if (file == NULL) {
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, PyBytes_AS_STRING(path));
        Py_DECREF(path);
        return NULL;
    }
    hidden = frames_hide();
    result = PyRun_FileExFlags(file, PyBytes_AS_STRING(path), Py_file_input, globals, globals, 1,
                               &flags);
    result = conclude(result);
    frames_show(hidden);
    Py_DECREF(path);
    return result;
}

/* run_text(source, globals): what -c does. */
static PyObject *run_text(PyObject *self, PyObject *arguments)
{
    const char *source;
    PyObject *globals, *result;
    PyCompilerFlags flags = {.cf_flags = PyCF_IGNORE_COOKIE,
                             .cf_feature_version = PY_MINOR_VERSION};
    void *hidden;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "sO!", &source, &PyDict_Type, &globals)) {
        return NULL;
    }
    hidden = frames_hide();
    result = conclude(PyRun_StringFlags(source, Py_file_input, globals, globals, &flags));
    frames_show(hidden);
    return result;
}

/* run_call(function, argument): what -m does, with runpy's own function. */
static PyObject *run_call(PyObject *self, PyObject *arguments)
{
    PyObject *function, *argument, *result;
    void *hidden;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "OO", &function, &argument)) {
        return NULL;
    }
    hidden = frames_hide();
    result = conclude(PyObject_CallOneArg(function, argument));
    frames_show(hidden);
    return result;
}

static PyObject *exit_code(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyLong_FromLongLong(last_exit_code);
}

static PyMethodDef methods[] = {
    {"start", (PyCFunction)(void (*)(void))start, METH_VARARGS | METH_KEYWORDS,
     "start(path, rate, label, argv, executable, directory, python, own, exercise, lines, children,\n"
     "      on_close, session, is_child)\n\nStart recording."},
    {"stop", stop, METH_O,
     "stop(exit_code) -> (path, seconds, samples, bytes, error) or None\n\nEnd the recording."},
    {"is_running", is_running, METH_NOARGS, "is_running() -> bool"},
    {"is_followed", is_followed, METH_NOARGS,
     "is_followed() -> bool\n\nIs it recorded only because its parent is?"},
    {"follow", follow, METH_NOARGS, "follow()\n\nIn the child of a fork: record it, too."},
    {"family", family, METH_NOARGS,
     "family() -> (session, path) or None\n\nWhat makes another program a child of this recording."},
    {"method", method, METH_NOARGS, "method() -> str\n\nHow stacks are read, and why so."},
    {"debug", message_debug, METH_O, "debug(text)\n\nPut a Markdown message into the recording."},
    {"info", message_info, METH_O, "info(text)\n\nPut a Markdown message into the recording."},
    {"warning", message_warning, METH_O,
     "warning(text)\n\nPut a Markdown message into the recording."},
    {"error", message_error, METH_O, "error(text)\n\nPut a Markdown message into the recording."},
    {"critical", message_critical, METH_O,
     "critical(text)\n\nPut a Markdown message into the recording."},
    {"mark", message_mark, METH_O, "mark(text)\n\nMark this moment in the recording."},
    {"now", now, METH_NOARGS, "now() -> int\n\nNanoseconds."},
    {"span", note_span, METH_VARARGS,
     "span(name, begun, fields, trace, error)\n\nPut a span that ends now into the recording."},
    {"hook_streams", module_hook_streams, METH_NOARGS, NULL},
    {"after_census", after_census, METH_O, NULL},
    {"allocation", allocation, METH_VARARGS, NULL},
    {"hook_logger", module_hook_logger, METH_O, NULL},
    {"hook_warnings", module_hook_warnings, METH_O, NULL},
    {"hook_exceptions", module_hook_exceptions, METH_O, NULL},
    {"hook_collections", module_hook_collections, METH_O, NULL},
    {"hook_raised", module_hook_raised, METH_O, NULL},
    {"hook_imports", module_hook_imports, METH_O, NULL},
    {"hook_thread", module_hook_thread, METH_O, NULL},
    {"hook_files", module_hook_files, METH_NOARGS, NULL},
    {"hook_sockets", module_hook_sockets, METH_O, NULL},
    {"hook_select", module_hook_select, METH_O, NULL},
    {"hook_sqlite", module_hook_sqlite, METH_O, NULL},
    {"hook_tasks", module_hook_tasks, METH_O, NULL},
    {"unhook", module_unhook, METH_NOARGS, NULL},
    {"call_soon", call_soon, METH_O, NULL},
    {"name_thread", name_thread, METH_VARARGS, NULL},
    {"run_file", run_file, METH_VARARGS, NULL},
    {"run_text", run_text, METH_VARARGS, NULL},
    {"run_call", run_call, METH_VARARGS, NULL},
    {"exit_code", exit_code, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                        .m_name = "_microlog",
                                        .m_doc = "The native part of microlog.",
                                        .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC PyInit__microlog(void);
PyMODINIT_FUNC PyInit__microlog(void)
{
    return PyModule_Create(&definition);
}
