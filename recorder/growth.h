/* growth: which stacks make the heap of objects grow.
 *
 * Whenever CPython maps more memory for small objects than it ever had in this recording, the stack of the thread that
 * wanted an object is recorded. A program that stays at its level costs nothing; what comes within a few milliseconds is
 * one event. The stack is put into the ring as it was walked: names are found by the sampler, since nothing may be made
 * while an object is being made. */
#ifndef RECORDER_GROWTH_H
#define RECORDER_GROWTH_H

#include "layout.h"
#include "names.h"
#include "ring.h"

enum { GROWTH_WAITING = 8 /* records that wait for the sampler's next tick; more are dropped */ };

/* Starts and stops reporting into `ring`. [program] */
void growth_open(ring *ring, const layout *layout);
void growth_close(void);

/* What the sampler has not named yet. */
typedef struct growth {
    uint8_t *records; /* GROWTH_WAITING × RING_RECORD */
    uint32_t count;
} growth;

/* Keeps a record of the ring for later. [sampler] */
void growth_take(growth *kept, const record_header *record);

/* Writes what was kept. Not while a stack is being named, and before names_snapshot: what died since the last one is not
 * believed. `thread_of` gives a thread as the writer knows it. [sampler] */
void growth_write(growth *kept, names *namer, uint64_t anchor_ns,
                  uint32_t (*thread_of)(void *owner, const record_header *record), void *owner);

#endif
