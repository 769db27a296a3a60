/* facts: what a recording says about itself: what was sampled, what was missed, how it ended. */
#ifndef MICROLOG_ANALYZERS_QUALITY_FACTS_H
#define MICROLOG_ANALYZERS_QUALITY_FACTS_H

#include <microlog/sdk.h>

typedef struct facts {
    uint64_t samples; /* really taken, of all threads */
    uint64_t
        running_samples; /* of threads that were using the CPU: only their stacks can be missed */
    uint64_t unread_samples;  /* the stack changed while it was being read */
    uint64_t unknown_samples; /* a function on the stack has no name */
    uint64_t ticks_planned;   /* taken and missed */
    uint64_t ticks_missed;    /* without those that were taken and then lost */
    uint64_t
        gap_ns; /* in which no thread has a sample, though a process ran and nothing was lost */
    uint64_t longest_gap_ns, longest_gap_start_ns;
    uint32_t open_ends; /* processes whose recording was not closed */
    uint32_t journals;  /* … whose last part came from the journal */
    uint32_t losses;    /* stretches of which the recording itself says that something is missing */
    uint64_t lost_ns, lost_ticks, lost_samples, lost_events;
    uint32_t first_loss; /* row of ml_gaps; the earliest */
} facts;

/* Times without a sample that are shorter than this are no gaps. */
uint64_t facts_gap_least(const ml_model *model);

/* ML_ERROR_MEMORY with a cause when there is no memory. */
ml_status facts_find(const ml_host *host, facts *out);

#endif
