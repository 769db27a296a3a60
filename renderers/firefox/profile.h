/* profile: what the parts of this renderer share: the profile being written, and which rows its tables have. */
#ifndef MICROLOG_RENDERERS_FIREFOX_PROFILE_H
#define MICROLOG_RENDERERS_FIREFOX_PROFILE_H

#include "common/json_text.h"

#include <inttypes.h>

enum { MESSAGES_MOST = 100000, NO_ROW = -1 };

/* The first strings of the table, by state of a thread and by kind of message; names of functions and files follow. */
enum { STATES = 7, KINDS = 6, S_UNKNOWN = STATES + KINDS, S_FIXED };

/* Categories of frames, in the order in which firefox.c tells them. */
enum { OTHER, IDLE, PROGRAM, THIRD, STDLIB };

/* A stack with a state below it. */
typedef struct waiting {
    uint32_t stack, state;
} waiting;

typedef struct profile {
    sink *out;
    const ml_model *model;
    uint32_t *row_of; /* by stack and state: 1 + index in `waits`, or 0 */
    waiting *waits;   /* in the order in which they were met */
    uint32_t wait_count;
    uint32_t *first_message, *next_message; /* by thread, by message: 1 + a message, or 0 */
} profile;

static inline void put_milliseconds(sink *out, uint64_t ns)
{
    sink_format(out, "%" PRIu64 ".%06u", ns / 1000000, (unsigned)(ns % 1000000));
}

/* What all threads share: stacks, frames, functions, files, strings. After the threads, which tell what stacks there are. */
void tables_put(const profile *self);

/* How many rows of the table of stacks are the model's; `waits` follow. */
uint32_t tables_stack_rows(const profile *self);

/* Puts each message into its thread's list; of no thread, into the first one's. */
void markers_find(profile *self);

/* The markers of a thread: its messages. */
void markers_put(const profile *self, uint32_t thread);

#endif
