/* Descriptors with the stack that opened them, by swapping method pointers.
 *
 * A built-in function or method is a static PyMethodDef whose ml_meth every call goes through; a type's __init__
 * is its tp_init. Putting ours there costs the hooked calls some nanoseconds, all others nothing, and can be undone,
 * unlike an audit hook. One trampoline for each calling convention and hooked name, since a C function does not know
 * by which name it was called.
 */
#define PY_SSIZE_T_CLEAN
#include "hooks.h"

#include "core/format/mlog.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a hooked call means. */
enum {
    MAKES_ONE,     /* returns a descriptor; its first argument may be a path */
    MAKES_PAIR,    /* returns a tuple of two descriptors */
    MAKES_FIRST,   /* returns a tuple whose first item is a descriptor */
    MAKES_SOCKETS, /* returns a tuple of socket objects */
    OPENS_BENEATH, /* a library opens the file that the first argument names */
    CLOSES_ARGUMENT,
    CLOSES_SELF,
    ENDS_PROCESS /* at once, without exit handlers: the recording must be ended before */
};

/* X(name, meaning): the place in `hooked` is named after it. */
#define HOOKED_NAMES(X)                                                                            \
    X(os_open, MAKES_ONE)                                                                          \
    X(os_dup, MAKES_ONE)                                                                           \
    X(os_dup2, MAKES_ONE)                                                                          \
    X(os_pipe, MAKES_PAIR)                                                                         \
    X(os_pipe2, MAKES_PAIR)                                                                        \
    X(os_openpty, MAKES_PAIR)                                                                      \
    X(os_eventfd, MAKES_ONE)                                                                       \
    X(os_memfd_create, MAKES_ONE)                                                                  \
    X(os_close, CLOSES_ARGUMENT)                                                                   \
    X(os__exit, ENDS_PROCESS)                                                                      \
    X(file_close, CLOSES_SELF)                                                                     \
    X(socket_accept, MAKES_FIRST)                                                                  \
    X(socket_close, CLOSES_SELF)                                                                   \
    X(socket_pair, MAKES_SOCKETS)                                                                  \
    X(socket_dup, MAKES_ONE)                                                                       \
    X(socket_closefd, CLOSES_ARGUMENT)                                                             \
    X(epoll_close, CLOSES_SELF)                                                                    \
    X(sqlite_connect, OPENS_BENEATH)

#define PLACE(name, meaning) AT_##name,
enum { HOOKED_NAMES(PLACE) HOOKED_COUNT };
#undef PLACE

typedef struct hooked_method {
    PyMethodDef *method; /* NULL: not hooked */
    PyCFunction original;
} hooked_method;

static hooked_method hooked[HOOKED_COUNT];

#define MEANING(name, meaning) meaning,
static const int meanings[HOOKED_COUNT] = {HOOKED_NAMES(MEANING)};
#undef MEANING

/* ---- reporting ---- */

static int64_t what_is(int number)
{
    struct stat about;

    if (fstat(number, &about) != 0) {
        return ML_FD_OTHER;
    }
    switch (about.st_mode & S_IFMT) {
    case S_IFREG: return ML_FD_FILE;
    case S_IFDIR: return ML_FD_DIRECTORY;
    case S_IFIFO: return ML_FD_PIPE;
    case S_IFSOCK: return ML_FD_SOCKET;
    case S_IFCHR:
    case S_IFBLK: return ML_FD_DEVICE;
    default: return ML_FD_ANONYMOUS;
    }
}

/* The path argument as a new reference to str, or NULL without an exception. Only types whose conversion runs no
 * code of the program are looked at, but for os.PathLike, which open() itself has just asked. */
static PyObject *path_text(PyObject *path)
{
    PyObject *text = NULL;

    if (path == NULL || PyLong_Check(path)) {
        return NULL;
    }
    if (PyUnicode_Check(path)) {
        return Py_NewRef(path);
    }
    if (PyBytes_Check(path)) {
        text = PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path));
    } else {
        text = PyOS_FSPath(path);
    }
    PyErr_Clear();
    return text;
}

static void report_open(long number, PyObject *path)
{
    PyObject *text = path_text(path);
    notice *target = hooks_target();

    if (target != NULL && number >= 0) {
        notice_begin(target, ML_KIND_FD_OPEN, true);
        notice_number(target, number);
        notice_number(target, what_is((int)number));
        notice_text(target, text);
        notice_number(target, 0);
        notice_end(target);
    }
    Py_XDECREF(text);
}

static void report_close(long number)
{
    notice *target = hooks_target();

    if (target != NULL && number >= 0) {
        notice_begin(target, ML_KIND_FD_CLOSE, false);
        notice_number(target, number);
        notice_end(target);
    }
}

/* The number in an int object, or -1; no exception stays. */
static long number_of(PyObject *object)
{
    long number = object != NULL && PyLong_Check(object) ? PyLong_AsLong(object) : -1;

    PyErr_Clear();
    return number;
}

static long number_of_object(PyObject *object)
{
    PyObject *value = PyObject_CallMethod(object, "fileno", NULL);
    long number = number_of(value);

    PyErr_Clear();
    Py_XDECREF(value);
    return number;
}

/* ---- before and after a call; an exception that is on its way stays as it is ---- */

static bool closes_its_descriptor(PyObject *self)
{
    PyObject *flag = PyObject_GetAttrString(self, "closefd");
    bool closes = flag == NULL || PyObject_IsTrue(flag) == 1;

    PyErr_Clear();
    Py_XDECREF(flag);
    return closes;
}

/* The number that the system gives to what is opened next, as long as no other thread opens something. */
static int next_number(void)
{
    int number = open("/", O_PATH | O_CLOEXEC);

    if (number >= 0) {
        close(number);
    }
    return number;
}

/* Is what that number stands for the file at that path? */
static bool is_file_at(int number, PyObject *path)
{
    PyObject *bytes = NULL;
    struct stat opened, named;
    bool is_it = path != NULL && PyUnicode_FSConverter(path, &bytes) != 0 &&
                 fstat(number, &opened) == 0 && stat(PyBytes_AS_STRING(bytes), &named) == 0 &&
                 opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;

    PyErr_Clear();
    Py_XDECREF(bytes);
    return is_it;
}

/* Closing is reported before it happens: afterwards the number may already be another thread's. Returns what `after` wants to
 * know. */
static int before(int place, PyObject *self, PyObject *argument)
{
    PyObject *type, *value, *traceback;
    int number = -1;

    if (hooks_target() == NULL) {
        return number;
    }
    PyErr_Fetch(&type, &value, &traceback);
    if (meanings[place] == CLOSES_ARGUMENT) {
        report_close(number_of(argument));
    } else if (meanings[place] == CLOSES_SELF && closes_its_descriptor(self)) {
        report_close(number_of_object(self));
    } else if (meanings[place] == ENDS_PROCESS) {
        hooks_end_recording(number_of(argument));
    } else if (meanings[place] == OPENS_BENEATH) {
        number = next_number();
    }
    PyErr_Restore(type, value, traceback);
    return number;
}

static PyObject *item(PyObject *tuple, Py_ssize_t index)
{
    return PyTuple_Check(tuple) && PyTuple_GET_SIZE(tuple) > index ? PyTuple_GET_ITEM(tuple, index)
                                                                   : NULL;
}

static void after(int place, PyObject *argument, PyObject *result, int number)
{
    if (hooks_target() == NULL || result == NULL) {
        return;
    }
    switch (meanings[place]) {
    case MAKES_ONE: report_open(number_of(result), argument); break;
    case MAKES_PAIR:
        report_open(number_of(item(result, 0)), NULL);
        report_open(number_of(item(result, 1)), NULL);
        break;
    case MAKES_FIRST: report_open(number_of(item(result, 0)), NULL); break;
    case MAKES_SOCKETS:
        for (Py_ssize_t i = 0; i < 2 && item(result, i) != NULL; i++) {
            report_open(number_of_object(item(result, i)), NULL);
        }
        break;
    case OPENS_BENEATH:
        if (is_file_at(number, argument)) {
            report_open(number, argument);
        }
        break;
    default: break;
    }
}

/* ---- trampolines ---- */

typedef PyObject *(*with_array)(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *(*with_names)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
typedef PyObject *(*with_class)(PyObject *, PyTypeObject *, PyObject *const *, Py_ssize_t,
                                PyObject *);
typedef void (*any_function)(void);

static PyObject *first_of(PyObject *const *arguments, Py_ssize_t count)
{
    return count > 0 ? arguments[0] : NULL;
}

/* `argument` is the only one, none, or the tuple of all of them. */
static PyObject *call_one(int place, PyObject *self, PyObject *argument)
{
    bool is_tuple = (hooked[place].method->ml_flags & METH_VARARGS) != 0;
    PyObject *first = is_tuple ? item(argument, 0) : argument;
    int number = before(place, self, first);
    PyObject *result = hooked[place].original(self, argument);

    after(place, first, result, number);
    return result;
}

static PyObject *call_both(int place, PyObject *self, PyObject *arguments, PyObject *names)
{
    PyObject *first = item(arguments, 0);
    int number = before(place, self, first);
    PyObject *result =
        ((PyCFunctionWithKeywords)(any_function)hooked[place].original)(self, arguments, names);

    after(place, first, result, number);
    return result;
}

static PyObject *call_array(int place, PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    int number = before(place, self, first_of(arguments, count));
    PyObject *result = ((with_array)(any_function)hooked[place].original)(self, arguments, count);

    after(place, first_of(arguments, count), result, number);
    return result;
}

static PyObject *call_names(int place, PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                            PyObject *names)
{
    Py_ssize_t all = count + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    int number = before(place, self, first_of(arguments, all));
    PyObject *result =
        ((with_names)(any_function)hooked[place].original)(self, arguments, count, names);

    after(place, first_of(arguments, all), result, number);
    return result;
}

static PyObject *call_class(int place, PyObject *self, PyTypeObject *defining,
                            PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    int number = before(place, self, first_of(arguments, count));
    PyObject *result =
        ((with_class)(any_function)hooked[place].original)(self, defining, arguments, count, names);

    after(place, first_of(arguments, count), result, number);
    return result;
}

#define TRAMPOLINES(name, meaning)                                                                 \
    static PyObject *name##_one(PyObject *self, PyObject *argument)                                \
    {                                                                                              \
        return call_one(AT_##name, self, argument);                                                \
    }                                                                                              \
    static PyObject *name##_both(PyObject *self, PyObject *arguments, PyObject *names)             \
    {                                                                                              \
        return call_both(AT_##name, self, arguments, names);                                       \
    }                                                                                              \
    static PyObject *name##_array(PyObject *self, PyObject *const *arguments, Py_ssize_t count)    \
    {                                                                                              \
        return call_array(AT_##name, self, arguments, count);                                      \
    }                                                                                              \
    static PyObject *name##_names(PyObject *self, PyObject *const *arguments, Py_ssize_t count,    \
                                  PyObject *names)                                                 \
    {                                                                                              \
        return call_names(AT_##name, self, arguments, count, names);                               \
    }                                                                                              \
    static PyObject *name##_class(PyObject *self, PyTypeObject *defining,                          \
                                  PyObject *const *arguments, Py_ssize_t count, PyObject *names)   \
    {                                                                                              \
        return call_class(AT_##name, self, defining, arguments, count, names);                     \
    }
HOOKED_NAMES(TRAMPOLINES)

typedef struct trampolines {
    any_function one, both, array, names, defining;
} trampolines;

#define TRAMPOLINE_ROW(name, meaning)                                                              \
    {(any_function)name##_one, (any_function)name##_both, (any_function)name##_array,              \
     (any_function)name##_names, (any_function)name##_class},
static const trampolines ours[HOOKED_COUNT] = {HOOKED_NAMES(TRAMPOLINE_ROW)};

/* The trampoline for a method's calling convention, or NULL for one that is not known here. */
static any_function fitting(int place, int flags)
{
    switch (flags &
            (METH_VARARGS | METH_KEYWORDS | METH_NOARGS | METH_O | METH_FASTCALL | METH_METHOD)) {
    case METH_NOARGS:
    case METH_O:
    case METH_VARARGS: return ours[place].one;
    case METH_VARARGS | METH_KEYWORDS: return ours[place].both;
    case METH_FASTCALL: return ours[place].array;
    case METH_FASTCALL | METH_KEYWORDS: return ours[place].names;
    case METH_FASTCALL | METH_KEYWORDS | METH_METHOD: return ours[place].defining;
    default: return NULL;
    }
}

/* ---- putting in and taking out ---- */

static void swap(int place, PyMethodDef *method)
{
    any_function function = method == NULL ? NULL : fitting(place, method->ml_flags);

    if (function != NULL && hooked[place].method == NULL) {
        hooked[place] = (hooked_method){.method = method, .original = method->ml_meth};
        method->ml_meth = (PyCFunction)function;
    }
}

static void swap_function(int place, PyObject *module, const char *name)
{
    PyObject *function = module == NULL ? NULL : PyObject_GetAttrString(module, name);

    if (function != NULL && PyCFunction_CheckExact(function)) {
        swap(place, ((PyCFunctionObject *)function)->m_ml);
    }
    PyErr_Clear();
    Py_XDECREF(function);
}

static void swap_method(int place, PyObject *type, const char *name)
{
    PyObject *method = type == NULL ? NULL : PyObject_GetAttrString(type, name);

    if (method != NULL && Py_IS_TYPE(method, &PyMethodDescr_Type)) {
        swap(place, ((PyMethodDescrObject *)method)->d_method);
    }
    PyErr_Clear();
    Py_XDECREF(method);
}

/* A type's own calls go through tp_init, those of its subclasses through the wrapper of it in its dictionary. */
typedef struct hooked_type {
    PyTypeObject *type; /* NULL: not hooked */
    PyWrapperDescrObject *wrapper;
    initproc original;
} hooked_type;

static hooked_type file_type, socket_type;

/* open(7) and socket(fileno=7) adopt a descriptor that somebody else has opened, and reported. */
static bool adopts(PyObject *arguments, PyObject *names, Py_ssize_t position, const char *name)
{
    PyObject *value = item(arguments, position);

    if (value == NULL && names != NULL) {
        value = PyDict_GetItemString(names, name);
    }
    return value != NULL && value != Py_None && PyLong_Check(value);
}

static int file_init(PyObject *self, PyObject *arguments, PyObject *names)
{
    int result = file_type.original(self, arguments, names);

    if (result == 0 && hooks_target() != NULL && !adopts(arguments, names, 0, "file")) {
        PyObject *path = item(arguments, 0);
        if (path == NULL && names != NULL) {
            path = PyDict_GetItemString(names, "file");
        }
        report_open(number_of_object(self), path);
    }
    return result;
}

static int socket_init(PyObject *self, PyObject *arguments, PyObject *names)
{
    int result = socket_type.original(self, arguments, names);

    if (result == 0 && hooks_target() != NULL && !adopts(arguments, names, 3, "fileno")) {
        report_open(number_of_object(self), NULL);
    }
    return result;
}

static PyTypeObject *epoll_type; /* NULL: not hooked */

/* Its own is object's, which does nothing here; it has no subclasses. */
static int epoll_init(PyObject *self, PyObject *arguments, PyObject *names)
{
    (void)arguments;
    (void)names;
    if (hooks_target() != NULL) {
        PyObject *label = PyUnicode_FromString("anon_inode:[eventpoll]");
        PyErr_Clear();
        report_open(number_of_object(self), label);
        Py_XDECREF(label);
    }
    return 0;
}

static PyWrapperDescrObject *wrapper_of(PyObject *type)
{
    PyObject *wrapper = PyObject_GetAttrString(type, "__init__");

    if (wrapper != NULL && !Py_IS_TYPE(wrapper, &PyWrapperDescr_Type)) {
        Py_CLEAR(wrapper);
    }
    PyErr_Clear();
    return (PyWrapperDescrObject *)wrapper;
}

static void swap_init(hooked_type *slot, PyObject *type, initproc function)
{
    /* A static type may not have been made ready by its module: its slots are filled only then. */
    if (slot->type == NULL && type != NULL && PyType_Check(type) &&
        PyType_Ready((PyTypeObject *)type) == 0) {
        slot->type = (PyTypeObject *)Py_NewRef(type);
        slot->original = slot->type->tp_init;
        slot->type->tp_init = function;
        slot->wrapper = wrapper_of(type);
        if (slot->wrapper != NULL) {
            slot->wrapper->d_wrapped = (void *)(any_function)function;
        }
    }
}

static void swap_back(hooked_type *slot, initproc function)
{
    if (slot->type != NULL && slot->type->tp_init == function) {
        slot->type->tp_init = slot->original;
        if (slot->wrapper != NULL) {
            slot->wrapper->d_wrapped = (void *)(any_function)slot->original;
        }
        Py_CLEAR(slot->wrapper);
        Py_CLEAR(slot->type);
    }
}

void hook_files(void)
{
    PyObject *io = PyImport_ImportModule("_io");
    PyObject *os = PyImport_ImportModule("posix");
    PyObject *file = io == NULL ? NULL : PyObject_GetAttrString(io, "FileIO");

    PyErr_Clear();
    swap_init(&file_type, file, file_init);
    swap_method(AT_file_close, file, "close");
    swap_function(AT_os_open, os, "open");
    swap_function(AT_os_dup, os, "dup");
    swap_function(AT_os_dup2, os, "dup2");
    swap_function(AT_os_pipe, os, "pipe");
    swap_function(AT_os_pipe2, os, "pipe2");
    swap_function(AT_os_openpty, os, "openpty");
    swap_function(AT_os_eventfd, os, "eventfd");
    swap_function(AT_os_memfd_create, os, "memfd_create");
    swap_function(AT_os_close, os, "close");
    swap_function(AT_os__exit, os, "_exit");
    Py_XDECREF(file);
    Py_XDECREF(io);
    Py_XDECREF(os);
}

void hook_sockets(PyObject *module)
{
    PyObject *type = PyObject_GetAttrString(module, "socket");

    PyErr_Clear();
    swap_init(&socket_type, type, socket_init);
    swap_method(AT_socket_accept, type, "_accept");
    swap_method(AT_socket_close, type, "close");
    swap_function(AT_socket_pair, module, "socketpair");
    swap_function(AT_socket_dup, module, "dup");
    swap_function(AT_socket_closefd, module, "close");
    Py_XDECREF(type);
}

void hook_select(PyObject *module)
{
    PyObject *type = PyObject_GetAttrString(module, "epoll");

    PyErr_Clear();
    if (type != NULL && PyType_Check(type) && epoll_type == NULL &&
        ((PyTypeObject *)type)->tp_init == PyBaseObject_Type.tp_init) {
        epoll_type = (PyTypeObject *)Py_NewRef(type);
        epoll_type->tp_init = epoll_init;
    }
    swap_method(AT_epoll_close, type, "close");
    Py_XDECREF(type);
}

void hook_sqlite(PyObject *module)
{
    swap_function(AT_sqlite_connect, module, "connect");
}

void unhook_descriptors(void)
{
    for (int place = 0; place < HOOKED_COUNT; place++) {
        hooked_method *slot = &hooked[place];
        if (slot->method != NULL &&
            slot->method->ml_meth == (PyCFunction)fitting(place, slot->method->ml_flags)) {
            slot->method->ml_meth = slot->original;
            *slot = (hooked_method){0};
        }
    }
    swap_back(&file_type, file_init);
    swap_back(&socket_type, socket_init);
    if (epoll_type != NULL && epoll_type->tp_init == epoll_init) {
        epoll_type->tp_init = PyBaseObject_Type.tp_init;
        Py_CLEAR(epoll_type);
    }
}
