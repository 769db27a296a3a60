/* Sources: CPython's own headers of each version (Include/internal/pycore_runtime.h, pycore_interp.h, pycore_frame.h,
 * pycore_debug_offsets.h and what they include; Include/cpython/pystate.h, code.h, frameobject.h). */
#define Py_BUILD_CORE 1
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <frameobject.h>

#include "layout.h"

#include "locations.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define BETWEEN(from, to) (PY_VERSION_HEX >= (from) && PY_VERSION_HEX < (to))

#if BETWEEN(0x03090000, 0x03100000) && !defined(Py_GIL_DISABLED)
#define KNOWN 1
#else
#define KNOWN 0
#endif

#if KNOWN
#include "internal/pycore_interp.h"
#include "internal/pycore_runtime.h"
#endif
#if KNOWN
#include "internal/pycore_ceval.h"
#endif
#if KNOWN && PY_VERSION_HEX >= 0x030B0000
#include "internal/pycore_frame.h"
#endif
#if KNOWN && PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_debug_offsets.h"
#include "internal/pycore_interpframe_structs.h"
#endif

uint32_t layout_line(const uint8_t *table, size_t length, uint32_t first_line, size_t unit)
{
#if PY_VERSION_HEX >= 0x030B0000
    return locations_line(table, length, first_line, unit);
#elif PY_VERSION_HEX >= 0x030A0000
    return locations_line_ranges(table, length, first_line, unit);
#else
    return locations_line_steps(table, length, first_line, unit);
#endif
}

uintptr_t layout_main_interpreter(void)
{
    return (uintptr_t)PyInterpreterState_Main();
}

/* ---- what the collector knows ---- */

#if PY_VERSION_HEX >= 0x030C0000

void layout_visit_objects(int (*visit)(PyObject *object, void *owner), void *owner)
{
    PyUnstable_GC_VisitObjects(visit, owner);
}

#else

/* The lowest bit of a link is the collector's own. */
static PyGC_Head *next_in_generation(const PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_next & ~(uintptr_t)1);
}

static bool visit_generation(struct gc_generation *generation,
                             int (*visit)(PyObject *object, void *owner), void *owner)
{
    PyGC_Head *end = &generation->head;

    for (PyGC_Head *at = next_in_generation(end); at != end; at = next_in_generation(at)) {
        if (!visit((PyObject *)(at + 1), owner)) {
            return false;
        }
    }
    return true;
}

void layout_visit_objects(int (*visit)(PyObject *object, void *owner), void *owner)
{
    struct _gc_runtime_state *collector = &PyInterpreterState_Get()->gc;
    bool goes_on = visit_generation(&collector->permanent_generation, visit, owner);

    for (int i = 0; goes_on && i < NUM_GENERATIONS; i++) {
        goes_on = visit_generation(&collector->generations[i], visit, owner);
    }
}

#endif

bool layout_call_soon(int (*function)(void *))
{
#if !KNOWN
    return Py_AddPendingCall(function, NULL) == 0;
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyEval_AddPendingCall(PyInterpreterState_Main(), function, NULL, 0) == 0;
#else
    /* The public function asks the thread that holds the lock for its interpreter, which we have not stopped. */
    return _PyEval_AddPendingCall(PyInterpreterState_Main(), function, NULL) == 0;
#endif
}

bool layout_is_known(void)
{
    return KNOWN;
}

bool layout_lock_within(int attempts, long wait_ns)
{
    struct timespec wait = {.tv_nsec = wait_ns};

    for (int attempt = 0; attempt < attempts; attempt++) {
        if (layout_lock()) {
            return true;
        }
        nanosleep(&wait, NULL);
    }
    return false;
}

bool layout_lock_in_tick(void)
{
    enum { TRIES = 3, WAIT_NS = 50000 };

    return layout_lock_within(TRIES, WAIT_NS);
}

#if !KNOWN

bool layout_find(layout *out, char *reason, size_t size)
{
    *out = (layout){0};
    snprintf(reason, size, "no frame layout for CPython %s in this build", PY_VERSION);
    return false;
}

void layout_decode(const layout *source, const void *bytes, layout_frame *out)
{
    (void)source;
    (void)bytes;
    *out = (layout_frame){0};
}

bool layout_lock(void)
{
    return false;
}

void layout_unlock(void) {}

void layout_collections(const layout *source, const safe_copy *copier, uintptr_t interpreter,
                        int64_t counts[3])
{
    (void)source;
    (void)copier;
    (void)interpreter;
    counts[0] = counts[1] = counts[2] = -1;
}

int64_t layout_tracked(const layout *source, uintptr_t interpreter)
{
    (void)source;
    (void)interpreter;
    return -1;
}

uintptr_t layout_coroutine_frame(PyObject *coroutine)
{
    (void)coroutine;
    return 0;
}

#else

uintptr_t layout_coroutine_frame(PyObject *coroutine)
{
#if PY_VERSION_HEX >= 0x030B0000
    return (uintptr_t) & ((PyCoroObject *)coroutine)->cr_iframe;
#else
    return (uintptr_t)((PyCoroObject *)coroutine)->cr_frame;
#endif
}

/* ---- what the headers say ---- */

static void find_process(layout *out)
{
    out->interpreters = (uintptr_t)&_PyRuntime.interpreters.head;
    out->finalizing = (uintptr_t)&_PyRuntime._finalizing;
    out->gil.holder = offsetof(struct _gil_runtime_state, last_holder);
    out->gil.locked = offsetof(struct _gil_runtime_state, locked);
    out->gil.size = sizeof(struct _gil_runtime_state);
#if PY_VERSION_HEX < 0x030C0000
    out->gil.address = (uintptr_t)&_PyRuntime.ceval.gil;
#endif
}

/* Within the collector's state. From 3.14 on it counts every object as it comes and goes; before, only those that a full
 * collection left, those that became old since, and those that are new. */
#if PY_VERSION_HEX >= 0x030E0000
enum { TRACKED = offsetof(struct _gc_runtime_state, heap_size) };
#else
enum {
    TRACKED = offsetof(struct _gc_runtime_state, long_lived_total),
    TRACKED_OLD = offsetof(struct _gc_runtime_state, long_lived_pending) - TRACKED,
    TRACKED_NEW = offsetof(struct _gc_runtime_state, generations[0].count)
};
#endif

static void find_interpreter(layout *out)
{
    out->interpreter.next = offsetof(PyInterpreterState, next);
    out->interpreter.id = offsetof(PyInterpreterState, id);
    out->interpreter.collecting = offsetof(PyInterpreterState, gc.collecting);
    out->interpreter.collections = offsetof(PyInterpreterState, gc.generation_stats);
    out->interpreter.tracked = offsetof(PyInterpreterState, gc) + TRACKED;
#if PY_VERSION_HEX >= 0x030B0000
    out->interpreter.threads = offsetof(PyInterpreterState, threads.head);
#else
    out->interpreter.threads = offsetof(PyInterpreterState, tstate_head);
#endif
#if PY_VERSION_HEX >= 0x030C0000
    out->interpreter.modules = offsetof(PyInterpreterState, imports.modules);
    out->interpreter.gil = offsetof(PyInterpreterState, ceval.gil);
#else
    out->interpreter.modules = offsetof(PyInterpreterState, modules);
#endif
}

static void find_thread(layout *out)
{
    out->thread.next = offsetof(PyThreadState, next);
    out->thread.ident = offsetof(PyThreadState, thread_id);
    out->thread.id = offsetof(PyThreadState, id);
#if PY_VERSION_HEX >= 0x030B0000
    out->thread.native_id = offsetof(PyThreadState, native_thread_id);
    out->thread.chunk = offsetof(PyThreadState, datastack_chunk);
#endif
#if PY_VERSION_HEX >= 0x030D0000
    out->thread.frame = offsetof(PyThreadState, current_frame);
#elif PY_VERSION_HEX >= 0x030B0000
    out->thread.linkage = offsetof(PyThreadState, cframe);
    out->thread.frame = offsetof(_PyCFrame, current_frame);
#else
    out->thread.frame = offsetof(PyThreadState, frame);
#endif
}

static void find_frame(layout *out)
{
#if PY_VERSION_HEX >= 0x030B0000
    out->frame.size = offsetof(_PyInterpreterFrame, localsplus);
    out->frame.previous = offsetof(_PyInterpreterFrame, previous);
    out->frame.owner = offsetof(_PyInterpreterFrame, owner);
    out->frame.state_before =
        offsetof(PyGenObject, gi_iframe) - offsetof(PyGenObject, gi_frame_state);
    out->frame.state_executing = FRAME_EXECUTING;
#else
    out->frame.size = offsetof(PyFrameObject, f_blockstack);
    out->frame.previous = offsetof(PyFrameObject, f_back);
    out->frame.code = offsetof(PyFrameObject, f_code);
    out->frame.position = offsetof(PyFrameObject, f_lasti);
    out->frame.owner = offsetof(PyFrameObject, f_gen);
#if PY_VERSION_HEX >= 0x030A0000
    out->frame.executing = offsetof(PyFrameObject, f_state);
#else
    out->frame.executing = offsetof(PyFrameObject, f_executing);
#endif
#endif
#if PY_VERSION_HEX >= 0x030D0000
    out->frame.code = offsetof(_PyInterpreterFrame, f_executable);
    out->frame.position = offsetof(_PyInterpreterFrame, instr_ptr);
#elif PY_VERSION_HEX >= 0x030B0000
    out->frame.code = offsetof(_PyInterpreterFrame, f_code);
    out->frame.position = offsetof(_PyInterpreterFrame, prev_instr);
#endif
}

static void find_code(layout *out)
{
    out->code.file = offsetof(PyCodeObject, co_filename);
    out->code.first_line = offsetof(PyCodeObject, co_firstlineno);
    out->code.flags = offsetof(PyCodeObject, co_flags);
#if PY_VERSION_HEX >= 0x030B0000
    out->code.size = offsetof(PyCodeObject, co_code_adaptive);
    out->code.name = offsetof(PyCodeObject, co_qualname);
    out->code.bytecode = offsetof(PyCodeObject, co_code_adaptive);
#else
    out->code.size = sizeof(PyCodeObject);
    out->code.name = offsetof(PyCodeObject, co_name);
#endif
#if PY_VERSION_HEX >= 0x030A0000
    out->code.lines = offsetof(PyCodeObject, co_linetable);
#else
    out->code.lines = offsetof(PyCodeObject, co_lnotab);
#endif
}

/* ---- what the interpreter says ---- */

#if PY_VERSION_HEX >= 0x030D0000

/* True if a field of `size` bytes at `offset` is within a structure of `whole` bytes. */
static bool within(uint64_t offset, uint64_t size, uint64_t whole)
{
    return whole < (UINT64_C(1) << 24) && offset < whole && size <= whole - offset;
}

static bool is_sane(const _Py_DebugOffsets *said)
{
    const uint64_t pointer = sizeof(void *);

    return within(said->interpreter_state.next, pointer, said->interpreter_state.size) &&
           within(said->interpreter_state.id, 8, said->interpreter_state.size) &&
           within(said->interpreter_state.threads_head, pointer, said->interpreter_state.size) &&
           within(said->interpreter_state.imports_modules, pointer, said->interpreter_state.size) &&
           within(said->interpreter_state.ceval_gil, pointer, said->interpreter_state.size) &&
           within(said->interpreter_state.gc + said->gc.collecting, 4,
                  said->interpreter_state.size) &&
           within(said->thread_state.next, pointer, said->thread_state.size) &&
           within(said->thread_state.current_frame, pointer, said->thread_state.size) &&
           within(said->thread_state.thread_id, 8, said->thread_state.size) &&
           within(said->thread_state.native_thread_id, 8, said->thread_state.size) &&
           within(said->thread_state.datastack_chunk, 2 * pointer, said->thread_state.size) &&
           within(said->interpreter_frame.previous, pointer, said->interpreter_frame.localsplus) &&
           within(said->interpreter_frame.executable, pointer,
                  said->interpreter_frame.localsplus) &&
           within(said->interpreter_frame.instr_ptr, pointer, said->interpreter_frame.localsplus) &&
           within(said->interpreter_frame.owner, 1, said->interpreter_frame.localsplus) &&
           said->interpreter_frame.localsplus <= LAYOUT_FRAME_MAX &&
           within(said->code_object.qualname, pointer, said->code_object.co_code_adaptive) &&
           within(said->code_object.filename, pointer, said->code_object.co_code_adaptive) &&
           within(said->code_object.linetable, pointer, said->code_object.co_code_adaptive) &&
           within(said->code_object.firstlineno, 4, said->code_object.co_code_adaptive) &&
           said->code_object.co_code_adaptive <= sizeof(PyCodeObject);
}

/* Moves with its neighbour: both are appended to the same structure one after the other. */
static size_t beside(size_t field, size_t neighbour, uint64_t neighbour_now)
{
    return (size_t)neighbour_now + field - neighbour;
}

static bool ask_interpreter(layout *out, char *reason, size_t size)
{
    const _Py_DebugOffsets *said = &_PyRuntime.debug_offsets;

    if (memcmp(said->cookie, _Py_Debug_Cookie, sizeof(said->cookie)) != 0 ||
        said->version != Py_Version || said->free_threaded != 0 || !is_sane(said)) {
        snprintf(reason, size, "the interpreter's table of offsets is not one this build knows");
        return false;
    }
    out->interpreters = (uintptr_t)&_PyRuntime + said->runtime_state.interpreters_head;
    out->finalizing = (uintptr_t)&_PyRuntime + said->runtime_state.finalizing;
    out->interpreter.next = said->interpreter_state.next;
    out->interpreter.id = said->interpreter_state.id;
    out->interpreter.threads = said->interpreter_state.threads_head;
    out->interpreter.collections = beside(out->interpreter.collections, out->interpreter.collecting,
                                          said->interpreter_state.gc + said->gc.collecting);
    out->interpreter.tracked = beside(out->interpreter.tracked, out->interpreter.collecting,
                                      said->interpreter_state.gc + said->gc.collecting);
    out->interpreter.collecting = said->interpreter_state.gc + said->gc.collecting;
    out->interpreter.modules = said->interpreter_state.imports_modules;
    out->interpreter.gil = said->interpreter_state.ceval_gil;
    out->gil.holder = said->interpreter_state.gil_runtime_state_holder -
                      said->interpreter_state.gil_runtime_state;
    out->gil.locked = said->interpreter_state.gil_runtime_state_locked -
                      said->interpreter_state.gil_runtime_state;
    out->thread.id = beside(out->thread.id, out->thread.chunk, said->thread_state.datastack_chunk);
    out->thread.next = said->thread_state.next;
    out->thread.ident = said->thread_state.thread_id;
    out->thread.native_id = said->thread_state.native_thread_id;
    out->thread.chunk = said->thread_state.datastack_chunk;
#if PY_VERSION_HEX >= 0x030F0000
    out->thread.base = said->thread_state.base_frame;
#endif
    out->thread.frame = said->thread_state.current_frame;
    out->frame.size = said->interpreter_frame.localsplus;
    out->frame.previous = said->interpreter_frame.previous;
    out->frame.code = said->interpreter_frame.executable;
    out->frame.position = said->interpreter_frame.instr_ptr;
    out->frame.owner = said->interpreter_frame.owner;
    out->code.flags = beside(out->code.flags, out->code.first_line, said->code_object.firstlineno);
    out->code.first_line = said->code_object.firstlineno;
    out->code.file = said->code_object.filename;
    out->code.name = said->code_object.qualname;
    out->code.lines = said->code_object.linetable;
    out->code.size = out->code.bytecode = said->code_object.co_code_adaptive;
    return true;
}

#else

static bool ask_interpreter(layout *out, char *reason, size_t size)
{
    (void)out;
    (void)reason;
    (void)size;
    return true;
}

#endif

bool layout_find(layout *out, char *reason, size_t size)
{
    unsigned minor = 0;

    *out = (layout){0};
    if (sscanf(Py_GetVersion(), "3.%u", &minor) != 1 || minor != PY_MINOR_VERSION) {
        snprintf(reason, size, "built for %s, running %.20s", PY_VERSION, Py_GetVersion());
        return false;
    }
    find_process(out);
    find_interpreter(out);
    find_thread(out);
    find_frame(out);
    find_code(out);
    return ask_interpreter(out, reason, size);
}

/* ---- frames ---- */

static uintptr_t word_at(const void *bytes, size_t offset)
{
    uintptr_t word;

    memcpy(&word, (const char *)bytes + offset, sizeof(word));
    return word;
}

void layout_decode(const layout *source, const void *bytes, layout_frame *out)
{
    uintptr_t code = word_at(bytes, source->frame.code);
#if PY_VERSION_HEX >= 0x030B0000
    uintptr_t first, position = word_at(bytes, source->frame.position);
    char owner = ((const char *)bytes)[source->frame.owner];
    code &= ~(uintptr_t)3; /* tagged from 3.14 on */
    first = code + source->code.bytecode;
    out->position =
        position < first ? 0 : (uint32_t)((position - first) / sizeof(_Py_CODEUNIT)) + 1;
    out->generator = owner == FRAME_OWNED_BY_GENERATOR;
    out->shim = owner >= 3; /* FRAME_OWNED_BY_CSTACK, FRAME_OWNED_BY_INTERPRETER */
    /* A chain ends where C has called the interpreter; from 3.12 on there is a mark. */
#if PY_VERSION_HEX >= 0x030C0000
    out->outermost = out->shim;
#else
    out->outermost = ((const char *)bytes)[offsetof(_PyInterpreterFrame, is_entry)] != 0;
#endif
    out->executing = true;
#else
    int index;
    memcpy(&index, (const char *)bytes + source->frame.position, sizeof(index));
#if PY_VERSION_HEX < 0x030A0000
    index = index < 0 ? index : index / 2;
    out->executing = ((const char *)bytes)[source->frame.executing] != 0;
#else
    out->executing = ((const char *)bytes)[source->frame.executing] == FRAME_EXECUTING;
#endif
    out->position = index < 0 ? 0 : (uint32_t)index + 1;
    out->generator = word_at(bytes, source->frame.owner) != 0;
    out->shim = false;
    out->outermost = !out->generator;
#endif
    out->code = code;
    out->previous = word_at(bytes, source->frame.previous);
}

/* ---- the lock over the lists ---- */

#if PY_VERSION_HEX >= 0x030D0000

bool layout_lock(void)
{
    uint8_t unlocked = 0;

    return __atomic_compare_exchange_n(&_PyRuntime.interpreters.mutex._bits, &unlocked, 1, 0,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

void layout_unlock(void)
{
    PyMutex_Unlock(&_PyRuntime.interpreters.mutex);
}

#else

bool layout_lock(void)
{
    return PyThread_acquire_lock(_PyRuntime.interpreters.mutex, NOWAIT_LOCK) == PY_LOCK_ACQUIRED;
}

void layout_unlock(void)
{
    PyThread_release_lock(_PyRuntime.interpreters.mutex);
}

#endif

/* ---- the collector ---- */

int64_t layout_tracked(const layout *source, uintptr_t interpreter)
{
    const char *at = (const char *)interpreter + source->interpreter.tracked;
    Py_ssize_t count, old = 0;
    int new = 0;

    memcpy(&count, at, sizeof(count));
#if PY_VERSION_HEX < 0x030E0000
    memcpy(&old, at + TRACKED_OLD, sizeof(old));
    memcpy(&new, at + TRACKED_NEW - TRACKED, sizeof(new));
#endif
    return (int64_t)count + old + new;
}

#if PY_VERSION_HEX >= 0x030F0000

/* Each generation keeps its last few counts in a ring; `index` is the newest. */
#define NEWEST(ring, size)                                                                         \
    ((ring).items[(ring).index >= 0 && (ring).index < (size) ? (ring).index : 0])

void layout_collections(const layout *source, const safe_copy *copier, uintptr_t interpreter,
                        int64_t counts[3])
{
    uintptr_t address = word_at((const void *)interpreter, source->interpreter.collections);
    struct gc_stats stats;

    counts[0] = counts[1] = counts[2] = -1;
    if (copier_read(copier, address, &stats, sizeof(stats))) {
        const struct gc_generation_stats last[3] = {NEWEST(stats.young, GC_YOUNG_STATS_SIZE),
                                                    NEWEST(stats.old[0], GC_OLD_STATS_SIZE),
                                                    NEWEST(stats.old[1], GC_OLD_STATS_SIZE)};
        counts[0] = last[0].collections + last[1].collections + last[2].collections;
        counts[1] = last[0].collected + last[1].collected + last[2].collected;
        counts[2] = last[0].uncollectable + last[1].uncollectable + last[2].uncollectable;
    }
}

#else

void layout_collections(const layout *source, const safe_copy *copier, uintptr_t interpreter,
                        int64_t counts[3])
{
    struct gc_generation_stats stats[NUM_GENERATIONS];

    (void)copier;
    counts[0] = counts[1] = counts[2] = 0;
    memcpy(stats, (const char *)interpreter + source->interpreter.collections, sizeof(stats));
    for (int i = 0; i < NUM_GENERATIONS; i++) {
        counts[0] += stats[i].collections;
        counts[1] += stats[i].collected;
        counts[2] += stats[i].uncollectable;
    }
}

#endif
#endif
