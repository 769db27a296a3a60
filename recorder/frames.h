/* frames: the threads of the interpreter and their stacks, read without its lock.
 *
 * Three ways to read a stack. In place: what a thread of CPython 3.11 and newer has for itself, its memory of frames
 * (while unmapping is put off, arena.h) and its C stack (which is there while the thread lives). A walk then takes some
 * ten nanoseconds a frame. By copies: a chain that leads through the heap, as that of a generator does, is copied by
 * the kernel (copy.h), which cannot fault, in one call, as far as it is known from the walk before. And, in
 * public.c, through the public API. A walk may be torn by the thread that moves meanwhile; stacks.c makes something
 * certain of several.
 *
 * Functions tagged [sampler] run without the GIL; functions tagged [program] in a Python thread that holds it.
 */
#ifndef RECORDER_FRAMES_H
#define RECORDER_FRAMES_H

#include "copy.h"
#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a thread stands takes up to three pieces, before and after. */
_Static_assert(COPY_PIECES >= 200 + 8, "a batch holds all frames outside of the pieces");

enum {
    FRAMES_DEPTH = 1024,      /* frames of one stack that are kept; deeper ones lose their middle */
    FRAMES_THREADS = 4096,    /* threads that are looked at */
    FRAMES_INTERPRETERS = 64, /* interpreters that are looked at */
    FRAMES_INNERMOST = 4,     /* frames that a walk in place reads whatever is known */
    FRAMES_PIECES = 64,       /* pieces of one thread's frame memory that are known at a time */
    FRAMES_FOREIGN_MAX = 200, /* frames outside of it that are copied at once */
    FRAMES_SCRATCH = 1 << 20  /* bytes that are copied at once */
};

/* One thread state, as the interpreter's list has it. */
typedef struct frames_thread {
    uintptr_t state;
    uint64_t id; /* never used again within the process */
    uint64_t interpreter;
    uint64_t ident, native_id; /* native_id is 0 where the state does not have it */
    uintptr_t gil;             /* address of its interpreter's lock; 0: none */
    bool holds_gil, collecting;
} frames_thread;

/* One frame: what it runs, and where in it. Leaf first. */
typedef struct frames_entry {
    uintptr_t frame;
    uintptr_t code;
    uint32_t position;  /* as layout_frame has it */
    uint32_t generator; /* 1: of a generator or a coroutine */
} frames_entry;

/* What reading needs: offsets, the copier, and room for the copies of one walk. One for each thread that walks. */
typedef struct frames_reader {
    const layout *layout;
    const safe_copy *copier;
    bool in_place; /* this walk */
    bool through;  /* in place: frames that are not the thread's own are copied, one by one */
    char *bytes;   /* FRAMES_SCRATCH of room; not used in place */
    size_t used;
    size_t pieces;
    struct {
        uintptr_t start;
        size_t length;
        const char *bytes; /* what is there: a copy, or the place itself */
    } piece[FRAMES_PIECES];
    uintptr_t older;  /* the next piece that nobody has looked at; 0: none */
    uintptr_t newest; /* in place: when the walk began */
    /* Frames outside of the pieces: learnt by one walk, copied together with the rest by the next. */
    size_t foreign_count, batch_count, foreign_next, foreign_offset;
    bool learnt; /* this walk met one that was not copied with the rest */
    uintptr_t foreign[FRAMES_FOREIGN_MAX];
} frames_reader;

/* The threads of all interpreters. Needs layout_lock. [sampler] */
size_t frames_threads(const layout *layout, frames_thread *out, size_t room);

/* True if somebody holds the main interpreter's lock, or it cannot be told. [any thread] */
bool frames_running(const layout *layout);

/* True while or after the interpreter is torn down: nothing may be read. [any thread] */
bool frames_finalizing(const layout *layout);

/* Where the system's id of a thread lies in what its identity points to, before 3.11 (the C library's own business, so
 * found by looking); 0: not found. [program] */
size_t frames_find_native_id(void);

/* To be called once before the walks of one thread. */
void frames_begin(frames_reader *reader);

/* What a walk answers instead of a number of frames. */
enum {
    FRAMES_TORN = -1,   /* the thread moved under it */
    FRAMES_FOREIGN = -2 /* in place: the chain leads through memory that is not the thread's own */
};

/* A walk by copies. Walks that follow know more. A strict one also requires that the thread stood where it stood from
 * the first byte copied to the last. Needs layout_lock. [sampler] */
int frames_walk(frames_reader *reader, const frames_thread *thread, bool strict, frames_entry *out,
                size_t room);

/* Whether `callee` runs and was called from where `caller` stands, each read by the kernel several times, in one
 * call: a chain that moved in between is told by one of them, wherever the reader was held up. False also when the two
 * have moved on since they were seen. Takes no notice of the callee's own position. [sampler] */
bool frames_confirm_call(const frames_reader *reader, const frames_entry *callee,
                         const frames_entry *caller);

/* A walk in place, from where the thread stands down to the first frame that is the same (address, code and position)
 * in `known`, a stack of `known_count`, but FRAMES_INNERMOST frames at least: `*join` is its index there; `known_count`
 * if the walk went to the root.
 * Needs layout_lock and arena_enter, and a thread that lives. [sampler] */
int frames_walk_in_place(frames_reader *reader, const frames_thread *thread,
                         const frames_entry *known, size_t known_count, frames_entry *out,
                         size_t room, size_t *join);

/* The same with nothing known, and through frames outside of the thread's own memory, each of which is copied by itself: it may
 * be torn there. What is below the last of them is as good as any. Innermost frames without code are passed by: from CPython 3.15
 * on a frame that returns is wiped, but for who called it. [sampler] */
int frames_walk_through(frames_reader *reader, const frames_thread *thread, frames_entry *out,
                        size_t room);

/* How many calls of the root part of a stack go on: `entries`, leaf first, are what they were, each called by the next, and the
 * thread has not returned from them. Memory of what has returned still looks like a stack: so the top of the thread's memory
 * of frames is read between every few of them. What lies elsewhere is taken for what it was. Needs what
 * frames_walk_in_place does. [sampler] */
size_t frames_go_on(frames_reader *reader, const frames_thread *thread, const frames_entry *entries,
                    size_t count);

/* Whether the thread is within `callee`, wherever there (its position becomes what it is), called from where `caller` (NULL:
 * it is the root) stands, and the chain from where the thread stands leads there: a frame that is being made lies below the top, and
 * says what the one before it there did. False if it is not in the thread's own memory. As frames_go_on. [sampler] */
bool frames_are_within(frames_reader *reader, const frames_thread *thread, frames_entry *callee,
                       const frames_entry *caller);

/* How many frames of the root part of a stack lie in the thread's own memory. As frames_go_on. [sampler] */
size_t frames_own_part(frames_reader *reader, const frames_thread *thread,
                       const frames_entry *entries, size_t count);

/* Modules loaded; and of the collector: collections, collected and uncollectable objects over all generations, and about
 * how many it follows. -1 where not known. [sampler] */
enum { FRAMES_GC_TRACKED = 3, FRAMES_GC_COUNTS = 4 };
void frames_counts(const layout *layout, const safe_copy *copier, int64_t *modules,
                   int64_t gc[FRAMES_GC_COUNTS]);

/* The calling thread's own frames, exact, and the line of one of them. [program] */
size_t frames_own(const layout *layout, frames_entry *out, size_t room);
uint32_t frames_own_line(const frames_entry *entry);

/* Unique id of the calling thread's state. [program] */
uint64_t frames_own_id(void);

/* Makes the next frame that the calling thread pushes a root frame, as if nobody had called it; frames_show
 * undoes it. [program] */
void *frames_hide(void);
void frames_show(void *hidden);

#endif
