/* schedule: when to look, and how often one can afford to. Numbers in, numbers out: it neither sleeps nor reads a clock.
 *
 * Tick k is due at (k + u)·period, u between 0 and 1 by a generator that a reader can run again from the seed in HEAD:
 * evenly spread, and never in step with a periodic program. */
#ifndef RECORDER_SCHEDULE_H
#define RECORDER_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the recorder may use: this much CPU for each tick that was asked for, looked at every so often. A recorder over
 * its budget (very many threads, a machine where waking up is dear) looks at every second tick, then every fourth … */
#define SCHEDULE_BUDGET_NS UINT64_C(100000)
#define SCHEDULE_SPAN_NS UINT64_C(10000000000)
/* Reading stacks takes from the program's processor the memory that it is about to write: the program loses about half as
 * much time as the reader takes. So reading may take one part in so many of the time, and this much for each tick that was
 * asked for besides: whoever asks for more ticks is ready to pay for them. First looked at early: most programs are short. */
enum { SCHEDULE_READING_PART = 100 };
#define SCHEDULE_READING_NS UINT64_C(3000)
#define SCHEDULE_FIRST_SPAN_NS UINT64_C(2000000000)
/* A reading that took longer was held up by others. */
#define SCHEDULE_READING_MOST_NS UINT64_C(100000)
enum { SCHEDULE_STRIDE_MAX = 64 };

typedef struct schedule {
    uint64_t period_ns, seed;
    uint64_t stride; /* ticks from one look to the next */
    bool unlimited;
    /* What has been since the budget was last looked at. */
    uint64_t looks, since_ns, since_cpu_ns, reading_ns;
} schedule;

/* `unlimited`: there is no budget. */
void schedule_open(schedule *schedule, uint64_t period_ns, uint64_t seed, bool unlimited);

/* When tick `k` is due, in nanoseconds after the anchor. */
uint64_t schedule_due(const schedule *schedule, uint64_t k);

/* To be called after each stack that was read in place, with the time it took. */
void schedule_note_reading(schedule *schedule, uint64_t took_ns);

/* To be called after each look: true when it is time to look at the budget. */
bool schedule_is_due(schedule *schedule, uint64_t now_ns);

/* Looks at the budget, with the CPU that the recorder has used so far. True when the stride has changed; `text` then
 * says why. Readings are held against the looks that there were: a time in which the recorder was kept from
 * looking does not count. */
bool schedule_keep_budget(schedule *schedule, uint64_t now_ns, uint64_t cpu_ns, char *text,
                          size_t size);

#endif
