/* Map: thread list, the process. */
#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "frames_pieces.h"

/* ---- thread list ---- */

static uintptr_t holder_of(const layout *source, uintptr_t gil)
{
    return gil != 0 && frames_load_int(gil + source->gil.locked) == 1
               ? frames_load(gil + source->gil.holder)
               : 0;
}

static uintptr_t gil_of(const layout *source, uintptr_t interpreter)
{
    return source->interpreter.gil == LAYOUT_NONE
               ? source->gil.address
               : frames_load(interpreter + source->interpreter.gil);
}

static size_t interpreter_threads(const layout *source, uintptr_t interpreter, frames_thread *out,
                                  size_t room)
{
    uintptr_t gil = gil_of(source, interpreter);
    uintptr_t holder = holder_of(source, gil);
    bool collecting = frames_load_int(interpreter + source->interpreter.collecting) != 0;
    uint64_t id = frames_load(interpreter + source->interpreter.id);
    size_t count = 0;

    for (uintptr_t state = frames_load(interpreter + source->interpreter.threads);
         state != 0 && count < room; state = frames_load(state + source->thread.next)) {
        out[count++] = (frames_thread){
            .state = state,
            .id = frames_load(state + source->thread.id),
            .interpreter = id,
            .ident = frames_load(state + source->thread.ident),
            .native_id = source->thread.native_id == LAYOUT_NONE
                             ? 0
                             : frames_load(state + source->thread.native_id),
            .gil = gil,
            .holds_gil = holder == state,
            .collecting = collecting,
        };
    }
    return count;
}

size_t frames_threads(const layout *source, frames_thread *out, size_t room)
{
    uintptr_t interpreter = frames_load(source->interpreters);
    size_t count = 0;

    for (int i = 0; i < FRAMES_INTERPRETERS && interpreter != 0; i++) {
        count += interpreter_threads(source, interpreter, out + count, room - count);
        interpreter = frames_load(interpreter + source->interpreter.next);
    }
    return count;
}

/* ---- the process ---- */

bool frames_running(const layout *source)
{
    uintptr_t gil = source->gil.size == 0 ? 0 : gil_of(source, layout_main_interpreter());

    return gil == 0 || frames_load_int(gil + source->gil.locked) != 0;
}

bool frames_finalizing(const layout *source)
{
    if (source->finalizing != 0) {
        return frames_load(source->finalizing) != 0;
    }
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

void frames_counts(const layout *source, const safe_copy *copier, int64_t *modules,
                   int64_t gc[FRAMES_GC_COUNTS])
{
    uintptr_t interpreter = layout_main_interpreter();
    PyDictObject dict;

    *modules = gc[0] = gc[1] = gc[2] = gc[FRAMES_GC_TRACKED] = -1;
    if (source->interpreter.modules != LAYOUT_NONE) {
        if (copier_read(copier, frames_load(interpreter + source->interpreter.modules), &dict,
                        sizeof(dict))) {
            *modules = dict.ma_used;
        }
        layout_collections(source, copier, interpreter, gc);
        gc[FRAMES_GC_TRACKED] = layout_tracked(source, interpreter);
    }
}
