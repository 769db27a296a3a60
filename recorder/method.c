#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "method.h"

#include "arena.h"
#include "codes.h"
#include "frames.h"

#include "core/format/mlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 128, TRIES = 1000, LOCK_WAIT_NS = 100000 };

/* One attempt with one way of reading. */
typedef struct attempt {
    frames_reader reader;
    const method_choice *chosen;
    frames_thread *threads; /* FRAMES_THREADS */
    uint8_t *lines;         /* CODES_LINES */
    frames_entry entries[ENTRIES];
    int count;
    unsigned calls, in_place;
    bool tries_in_place;
    const char *wrong; /* NULL: nothing so far */
} attempt;

const char *method_name(uint64_t kind)
{
    return kind == ML_MLOG_METHOD_DIRECT    ? "direct"
           : kind == ML_MLOG_METHOD_SYSCALL ? "syscall"
                                            : "gil";
}

/* ---- one look at the calling thread ---- */

/* True if the list says of the calling thread what is true of it. */
static bool knows_itself(const attempt *now, const frames_thread *view)
{
    uint64_t native_id = view->native_id;
    uint32_t learnt = 0;

    if (now->chosen->native_id_offset != 0 &&
        copier_read(now->reader.copier, view->ident + now->chosen->native_id_offset, &learnt,
                    sizeof(learnt))) {
        native_id = learnt;
    }
    return view->id == frames_own_id() && view->ident == PyThread_get_thread_ident() &&
           native_id == (uint64_t)syscall(SYS_gettid) && view->holds_gil && !view->collecting;
}

static void walk_own_stack(attempt *now, const frames_thread *own)
{
    size_t join;

    now->count = FRAMES_FOREIGN;
    if (now->tries_in_place) {
        arena_enter();
        now->count = frames_walk_in_place(&now->reader, own, NULL, 0, now->entries, ENTRIES, &join);
        arena_leave();
        now->in_place += now->count > 0 && now->reader.pieces > 0;
    }
    frames_begin(&now->reader);
    for (int i = 0; i < TRIES && now->count < 0; i++) {
        now->count = frames_walk(&now->reader, own, true, now->entries, ENTRIES);
    }
}

/* Reads the calling thread's stack as the sampler would. */
static const char *read_own_stack(attempt *now)
{
    const frames_thread *own = NULL;
    const char *wrong = "the calling thread is not in the list";
    size_t count;

    if (!layout_lock_within(TRIES, LOCK_WAIT_NS)) {
        return "the list of threads is never free";
    }
    count = frames_threads(&now->chosen->layout, now->threads, FRAMES_THREADS);
    for (size_t i = 0; i < count && own == NULL; i++) {
        if (now->threads[i].state == (uintptr_t)PyThreadState_Get()) {
            own = &now->threads[i];
        }
    }
    if (own != NULL) {
        wrong =
            knows_itself(now, own) ? NULL : "the list says something else of the calling thread";
        if (wrong == NULL) {
            walk_own_stack(now, own);
        }
    }
    layout_unlock();
    return wrong != NULL ? wrong : now->count < 0 ? "the stack cannot be walked" : NULL;
}

/* Compares one frame with what the public API says. */
static const char *compare_frame(const attempt *now, const frames_entry *entry,
                                 PyFrameObject *frame)
{
    PyCodeObject *code = PyFrame_GetCode(frame);
    const char *wrong = NULL;
    codes_text *text = PyMem_RawMalloc(sizeof(*text));

    if ((uintptr_t)code != entry->code) {
        wrong = "a frame differs";
    } else if (text == NULL ||
               !codes_read(&now->chosen->layout, now->reader.copier, entry->code, text) ||
               (int)text->first_line != code->co_firstlineno) {
        wrong = "a code object cannot be read";
    } else if ((int)codes_line(&now->chosen->layout, now->reader.copier, entry->code,
                               entry->position, now->lines) != PyFrame_GetLineNumber(frame)) {
        wrong = "a line differs";
    }
    PyMem_RawFree(text);
    Py_DECREF(code);
    return wrong;
}

static const char *compare_stack(const attempt *now)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    const char *wrong = NULL;
    int i;

    for (i = 0; i < now->count && frame != NULL && wrong == NULL; i++) {
        PyFrameObject *back = PyFrame_GetBack(frame);
        wrong = compare_frame(now, &now->entries[i], frame);
        Py_DECREF(frame);
        frame = back;
    }
    if (wrong == NULL && now->count < ENTRIES && (i != now->count || frame != NULL)) {
        wrong = "the stack has another length";
    }
    Py_XDECREF(frame);
    return wrong;
}

static PyObject *probe(PyObject *self, PyObject *unused)
{
    attempt *now = PyCapsule_GetPointer(self, NULL);

    (void)unused;
    if (now == NULL) {
        return NULL;
    }
    now->calls++;
    if (now->wrong == NULL) {
        now->wrong = read_own_stack(now);
    }
    if (now->wrong == NULL) {
        now->wrong = compare_stack(now);
    }
    Py_RETURN_NONE;
}

static PyMethodDef probe_definition = {"probe", probe, METH_NOARGS, NULL};

/* ---- the attempts ---- */

/* NULL, or what is wrong with one way of reading. */
static const char *run_exercise(PyObject *exercise, attempt *now)
{
    PyObject *capsule = PyCapsule_New(now, NULL, NULL);
    PyObject *function = capsule == NULL ? NULL : PyCFunction_New(&probe_definition, capsule);
    PyObject *result =
        function == NULL ? NULL : PyObject_CallFunctionObjArgs(exercise, function, NULL);

    Py_XDECREF(capsule);
    Py_XDECREF(function);
    if (result == NULL) {
        PyErr_Clear();
        return "the exercise failed";
    }
    Py_DECREF(result);
    if (now->calls == 0) {
        return "the exercise did nothing";
    }
    return now->wrong == NULL && now->tries_in_place && now->in_place == 0
               ? "the memory of frames was not found"
               : now->wrong;
}

static const char *attempt_method(PyObject *exercise, const method_choice *chosen,
                                  const safe_copy *copier, bool in_place)
{
    attempt *now = PyMem_RawCalloc(1, sizeof(*now));
    const char *wrong = "no memory";

    if (now == NULL) {
        return wrong;
    }
    now->chosen = chosen;
    now->reader = (frames_reader){.layout = &chosen->layout, .copier = copier};
    now->tries_in_place = in_place;
    now->reader.bytes = PyMem_RawMalloc(FRAMES_SCRATCH);
    now->lines = PyMem_RawMalloc(CODES_LINES);
    now->threads = PyMem_RawMalloc(FRAMES_THREADS * sizeof(*now->threads));
    if (now->reader.bytes != NULL && now->lines != NULL && now->threads != NULL) {
        wrong = run_exercise(exercise, now);
    }
    PyMem_RawFree(now->reader.bytes);
    PyMem_RawFree(now->lines);
    PyMem_RawFree(now->threads);
    PyMem_RawFree(now);
    return wrong;
}

/* Why frames are not even tried to be read in place, or NULL. */
static const char *why_not_in_place(const method_choice *chosen)
{
    if (chosen->layout.thread.chunk == LAYOUT_NONE) {
        return "frames have no memory of their own before CPython 3.11";
    }
#ifndef __x86_64__
    return "not tried on this processor yet";
#else
    return NULL;
#endif
}

static bool try_in_place(PyObject *exercise, method_choice *chosen, const safe_copy *copier,
                         bool wanted)
{
    const char *wrong = wanted ? why_not_in_place(chosen) : "not asked for";

    if (wrong == NULL) {
        arena_install();
        wrong = attempt_method(exercise, chosen, copier, true);
        if (wrong == NULL) {
            chosen->kind = ML_MLOG_METHOD_DIRECT;
            snprintf(chosen->reason, sizeof(chosen->reason), "self-check passed");
            return true;
        }
        arena_restore();
    }
    snprintf(chosen->reason, sizeof(chosen->reason), "not direct: %s", wrong);
    return false;
}

static bool try_copies(PyObject *exercise, method_choice *chosen, const safe_copy *copier)
{
    const char *wrong = attempt_method(exercise, chosen, copier, false);
    char before[METHOD_REASON];

    memcpy(before, chosen->reason, sizeof(before));
    if (wrong != NULL) {
        snprintf(chosen->reason, sizeof(chosen->reason), "not syscall: %s; %.200s", wrong, before);
        return false;
    }
    chosen->kind = ML_MLOG_METHOD_SYSCALL;
    snprintf(chosen->reason, sizeof(chosen->reason), "self-check passed, %s; %.200s",
             copier->memory < 0 ? "process_vm_readv" : "/proc/self/mem", before);
    return true;
}

void method_choose(PyObject *exercise, method_choice *out)
{
    const char *wanted = getenv("MICROLOG_METHOD");
    safe_copy copier;
    bool good = false;

    *out = (method_choice){.kind = ML_MLOG_METHOD_GIL};
    if (wanted != NULL && strcmp(wanted, "gil") == 0) {
        snprintf(out->reason, sizeof(out->reason), "asked for by MICROLOG_METHOD");
        return;
    }
    if (!layout_find(&out->layout, out->reason, sizeof(out->reason))) {
        return;
    }
    if (out->layout.thread.native_id == LAYOUT_NONE) {
        out->native_id_offset = frames_find_native_id();
    }
    if (copier_open(&copier)) {
        good = try_in_place(exercise, out, &copier,
                            wanted == NULL || strcmp(wanted, "syscall") != 0) ||
               try_copies(exercise, out, &copier);
        copier_close(&copier);
    } else {
        snprintf(out->reason, sizeof(out->reason), "memory cannot be copied safely here");
    }
    if (!good) {
        out->layout = (layout){0};
    }
}
