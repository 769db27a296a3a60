/* idle: tells with three clock readings that no thread of the process but the calling one has run, so that a tick of a
 * waiting program costs next to nothing. It says "has run" rather than be wrong, but for one thing: the kernel adds
 * what a thread on another processor uses at its timer interrupts only, so that a thread that has been running for less
 * than that may be overlooked. Callers also look at who holds the interpreter's lock, without which no stack changes.
 */
#ifndef RECORDER_IDLE_H
#define RECORDER_IDLE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct idle {
    uint64_t most; /* that the others can have used by then; 0: nothing noted */
} idle;

/* Takes note of what has been used by now. To be called before the program is looked at. [sampler] */
void idle_note(idle *idle);

/* True if nothing has run since. [sampler] */
bool idle_nothing_ran(const idle *idle);

#endif
