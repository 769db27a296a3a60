/* Map: where a thread's number lies, the calling thread's own frames. */
#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "frames.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- identity ---- */

enum { THREAD_WORDS = 512 };

/* Which of the first words behind a thread's identity are its number. */
typedef struct thread_match {
    bool word[THREAD_WORDS];
} thread_match;

static void *match_own_number(void *argument)
{
    thread_match *match = argument;
    const volatile int *number = (const volatile int *)(uintptr_t)pthread_self();
    int own = (int)syscall(SYS_gettid);

    for (size_t i = 0; i < THREAD_WORDS; i++) {
        match->word[i] = number[i] == own;
    }
    return NULL;
}

size_t frames_find_native_id(void)
{
    thread_match here, there;
    pthread_t other;
    size_t offset = 0;

    match_own_number(&here);
    if (pthread_create(&other, NULL, match_own_number, &there) != 0) {
        return 0;
    }
    pthread_join(other, NULL);
    for (size_t i = THREAD_WORDS; i > 0; i--) {
        if (here.word[i - 1] && there.word[i - 1]) {
            offset = (i - 1) * sizeof(int);
        }
    }
    return offset;
}

/* ---- own thread ---- */

/* Where a thread state names the frame that runs. Not the internal layout: the public headers have it. */
#if PY_VERSION_HEX >= 0x030D0000
#define CURRENT_FRAME(state) ((state)->current_frame)
#elif PY_VERSION_HEX >= 0x030B0000
#define CURRENT_FRAME(state) ((state)->cframe->current_frame)
#else
#define CURRENT_FRAME(state) ((state)->frame)
#endif

uint64_t frames_own_id(void)
{
    return PyThreadState_GetID(PyThreadState_Get());
}

void *frames_hide(void)
{
    PyThreadState *state = PyThreadState_Get();
    void *hidden = CURRENT_FRAME(state);

#if PY_VERSION_HEX >= 0x030F0000
    CURRENT_FRAME(state) = state->base_frame; /* where a stack ends from here on */
#else
    CURRENT_FRAME(state) = NULL;
#endif
    return hidden;
}

void frames_show(void *hidden)
{
    CURRENT_FRAME(PyThreadState_Get()) = hidden;
}

size_t frames_own(const layout *source, frames_entry *out, size_t room)
{
    uintptr_t at = (uintptr_t)CURRENT_FRAME(PyThreadState_Get());
    size_t count = 0;

    while (at != 0 && count < room) {
        layout_frame frame;
        layout_decode(source, (const void *)at, &frame);
        if (!frame.shim) {
            out[count++] = (frames_entry){.frame = at,
                                          .code = frame.code,
                                          .position = frame.position,
                                          .generator = frame.generator};
        }
        at = frame.previous;
    }
    return count;
}

uint32_t frames_own_line(const frames_entry *entry)
{
    PyCodeObject *code = (PyCodeObject *)entry->code;
    int line = code->co_firstlineno;

    if (entry->position != 0) {
        line = PyCode_Addr2Line(code, ((int)entry->position - 1) * 2);
    }
    return line > 0 ? (uint32_t)line : 0;
}
