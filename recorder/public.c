/* The last-resort method: stacks through the public API with the GIL held. Right on every version, but it sees a
 * program only where it lets go of the GIL, so shares are biased; the file says so. */
#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "layout.h"
#include "sampler.h"

#include <string.h>

enum { PUBLIC_THREADS = 256 };

void names_define_object(names *target, PyObject *code)
{
    PyObject *file, *name;
    const char *file_bytes, *name_bytes;
    Py_ssize_t file_length = 0, name_length = 0;
    uint32_t first_line, flags;
    uint64_t known;

    if (table_get(&target->codes, (uintptr_t)code, &known)) {
        return;
    }
    codes_own((uintptr_t)code, &file, &name, &first_line, &flags);
    file_bytes = PyUnicode_AsUTF8AndSize(file, &file_length);
    name_bytes = PyUnicode_AsUTF8AndSize(name, &name_length);
    PyErr_Clear();
    names_define_text(target, (uintptr_t)code, file_bytes,
                      file_bytes == NULL ? 0 : (size_t)file_length, name_bytes,
                      name_bytes == NULL ? 0 : (size_t)name_length, first_line, flags);
}

/* Reads one stack into `out` as a record has it, announcing nothing: names are defined directly. */
static size_t read_frames(sampler *target, PyFrameObject *frame, record_frame *out)
{
    size_t count = 0;

    while (frame != NULL && count < FRAMES_DEPTH) {
        PyFrameObject *back = PyFrame_GetBack(frame);
        PyCodeObject *code = PyFrame_GetCode(frame);
        int line = PyFrame_GetLineNumber(frame);
        names_define_object(&target->names, (PyObject *)code);
        out[count++] =
            (record_frame){.code = (uintptr_t)code, .line = line > 0 ? (uint32_t)line : 0};
        Py_DECREF(code);
        Py_DECREF(frame);
        frame = back;
    }
    Py_XDECREF(frame);
    return count;
}

/* What a thread's state says, and its innermost frame or NULL, owned. */
typedef struct public_thread {
    uint64_t id, ident;
    uint32_t native_id;
    PyFrameObject *top;
} public_thread;

/* From 3.12 on states of this interpreter come and go without its GIL: an interpreter with a GIL of its own makes one here
 * for each extension module that it imports, and deletes it when it holds only its own again. The lock over the lists
 * keeps them; making a frame object below it collects no garbage in those versions, which might want the lock, too. */
static bool keep_list(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return !layout_is_known() || layout_lock_in_tick();
#else
    return true;
#endif
}

static void leave_list(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (layout_is_known()) {
        layout_unlock();
    }
#endif
}

static size_t list_threads(public_thread *out, size_t room)
{
    PyThreadState *self = PyThreadState_Get();
    PyThreadState *state = PyInterpreterState_ThreadHead(PyThreadState_GetInterpreter(self));
    size_t count = 0;

    for (; state != NULL && count < room; state = PyThreadState_Next(state)) {
        if (state != self) {
            out[count] = (public_thread){.id = PyThreadState_GetID(state),
                                         .ident = state->thread_id,
                                         .top = PyThreadState_GetFrame(state)};
#if PY_VERSION_HEX >= 0x030B0000
            out[count].native_id = (uint32_t)state->native_thread_id;
#endif
            count++;
        }
    }
    return count;
}

/* Takes the thread's frame over. */
static uint32_t node_of(sampler *target, PyFrameObject *top)
{
    record_frame *frames = (record_frame *)target->second;
    size_t count = read_frames(target, top, frames);

    return count == 0 ? names_no_frame(&target->names)
                      : names_record_node(&target->names, frames, count);
}

static void take_sample(sampler *target, const public_thread *thread, size_t *count)
{
    uint64_t cpu;
    tick_sample *sample = &target->samples[*count];
    thread_slot *slot =
        sampler_slot(target, thread->id, thread->ident, thread->native_id, 0, NULL, 0);

    if (slot == NULL) {
        Py_XDECREF(thread->top);
        return;
    }
    /* Before 3.11 a state does not know its native id; an event of the thread tells it. */
    cpu = sampler_thread_cpu(slot->native_id);
    *sample = (tick_sample){.slot = slot};
    sample->cpu_ns = slot->seen_ns == 0 || cpu < slot->cpu_ns ? 0 : cpu - slot->cpu_ns;
    sample->state = sample->cpu_ns * 2 >= target->options.period_ns ? ML_MLOG_STATE_RUNNING
                                                                    : ML_MLOG_STATE_OTHER;
    slot->cpu_ns = cpu;
    slot->seen_ns = sampler_now(target);
    slot->node = node_of(target, thread->top);
    (*count)++;
}

int sampler_enter_public(void)
{
    return (int)PyGILState_Ensure();
}

void sampler_leave_public(int gil)
{
    PyGILState_Release((PyGILState_STATE)gil);
}

bool sampler_look_public(sampler *target, size_t *count)
{
    public_thread threads[PUBLIC_THREADS];
    size_t listed;

    /* Under the GIL nobody else puts into the ring, so what is in it now is older than what is read now. */
    sampler_drain(target);
    if (!keep_list()) {
        return false;
    }
    listed = list_threads(threads, PUBLIC_THREADS);
    leave_list();
    for (size_t i = 0; i < listed; i++) {
        take_sample(target, &threads[i], count);
    }
    return true;
}
