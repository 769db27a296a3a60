/* ending: when a process is about to end.
 *
 * Then main returns, and what its variables kept is freed and closed at once: what a recording says from there on is not
 * what the program did before. */
#ifndef MICROLOG_ANALYZERS_COMMON_ENDING_H
#define MICROLOG_ANALYZERS_COMMON_ENDING_H

#include <microlog/sdk.h>

/* The last hundredth of the process's life, or its last 100 ms if that is longer, begins. */
static inline uint64_t ending_of_process(const ml_model *model, uint32_t process)
{
    const uint64_t least = 100000000;
    uint64_t end = model->processes->end_ns[process];
    uint64_t part = (end - model->processes->start_ns[process]) / 100;
    part = part > least ? part : least;
    return end > part ? end - part : 0;
}

#endif
