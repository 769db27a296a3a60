/* layout: where CPython keeps what the recorder reads. layout.c is the only file that sees the interpreter's internal
 * structures; everybody else reads through the offsets and functions below.
 *
 * CPython 3.9 to 3.12: offsets of the headers this was compiled with. From 3.13 on the interpreter publishes most of
 * them itself (_Py_DebugOffsets at the start of _PyRuntime), and that is what is believed, after checks. Neither is
 * trusted until frames_check has walked a stack with them. A new version is added here and nowhere else.
 */
#ifndef RECORDER_LAYOUT_H
#define RECORDER_LAYOUT_H

#include "copy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAYOUT_NONE = 0,       /* an offset that this version has nothing at */
    LAYOUT_FRAME_MAX = 160 /* bytes of a frame's fixed part */
};

typedef struct layout {
    uintptr_t interpreters; /* address of the pointer to the first interpreter */
    uintptr_t finalizing;   /* address of what is not 0 from the interpreter's end on */
    struct {
        size_t next, id, threads, modules;
        size_t collecting, collections; /* of the collector: its flag, its counts … */
        size_t tracked;                 /* … and what it knows of how many objects there are */
        size_t gil; /* of a pointer to the lock; LAYOUT_NONE: the process has one, `gil` below */
    } interpreter;
    struct {
        uintptr_t address; /* of the only lock, where there is one */
        size_t holder, locked, size;
    } gil;
    struct {
        size_t next, ident, id;
        size_t native_id; /* LAYOUT_NONE before 3.11 */
        size_t frame;     /* of the pointer to the frame that runs … */
        size_t linkage;   /* … in what this points to; LAYOUT_NONE: in the state itself */
        size_t base;      /* of the pointer to what chains end with; LAYOUT_NONE before 3.15 */
        size_t chunk;     /* of that to the newest frame memory; LAYOUT_NONE before 3.11 */
    } thread;
    struct {
        size_t size; /* bytes before the local variables */
        size_t code, previous, position, owner;
        size_t executing;     /* of a flag; LAYOUT_NONE from 3.11 on */
        size_t state_before;  /* how far before a generator's frame its state is; 0: not known */
        char state_executing; /* which is that while it is on a stack */
    } frame;
    struct {
        size_t size, file, name, lines, first_line, flags, bytecode;
    } code;
} layout;

/* A frame's fixed part, understood. */
typedef struct layout_frame {
    uintptr_t code, previous;
    uint32_t position; /* index of the instruction's code unit plus 1; 0: not started */
    bool generator;    /* linked to its caller only while it runs */
    bool shim;         /* runs no Python code: a mark on the C stack */
    bool outermost;    /* may be the last of a chain */
    bool executing;    /* false: known to be on no stack, so it was read when it was not there */
} layout_frame;

/* Fills the offsets for the running interpreter. False: not one this was built for; `reason` says why. [program] */
bool layout_find(layout *layout, char *reason, size_t size);

/* Understands `layout->frame.size` bytes copied from a frame. [any thread] */
void layout_decode(const layout *layout, const void *bytes, layout_frame *out);

/* True if this build knows the internals of the interpreter's version. [any thread] */
bool layout_is_known(void);

/* The lock over the lists of interpreters and threads: never waits. [sampler] */
bool layout_lock(void);
void layout_unlock(void);

/* layout_lock, tried up to `attempts` times with a sleep of `wait_ns` after each that failed. [sampler] */
bool layout_lock_within(int attempts, long wait_ns);

/* That, with the patience of a tick: program threads hold the lock for microseconds. [sampler] */
bool layout_lock_in_tick(void);

/* Collections, collected and uncollectable objects over all generations of an interpreter; -1 where not known.
 * [sampler] */
void layout_collections(const layout *layout, const safe_copy *copier, uintptr_t interpreter,
                        int64_t counts[3]);

/* About how many objects the collector of an interpreter follows: those that survived, and those that are new. [sampler] */
int64_t layout_tracked(const layout *layout, uintptr_t interpreter);

/* The line of code unit `unit` by a code object's table of lines, of whatever form this version has. [any thread] */
uint32_t layout_line(const uint8_t *table, size_t length, uint32_t first_line, size_t unit);

/* Where the frame of a coroutine object lies; 0: not known. [program] */
struct _object;
uintptr_t layout_coroutine_frame(struct _object *coroutine);

/* The main interpreter. [program] */
uintptr_t layout_main_interpreter(void);

/* Calls `visit` for every object that the collector of the calling thread's interpreter knows, until it answers 0. It must
 * not make or free objects, nor run Python code. [program] */
void layout_visit_objects(int (*visit)(struct _object *object, void *owner), void *owner);

/* Has `function` called with NULL, soon, by a program thread that is between two instructions of Python: by any from 3.12
 * on, by the main thread before. False: too many calls wait. May wait for the lock over the lists. [any thread] */
bool layout_call_soon(int (*function)(void *));

#endif
