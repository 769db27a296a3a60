/* usage: how much time the functions took that a tip is about, and where the project called them. */
#ifndef MICROLOG_ANALYZERS_TIPS_USAGE_H
#define MICROLOG_ANALYZERS_TIPS_USAGE_H

#include "catalogue.h"

/* A tip that fired. */
typedef struct fired {
    const tip *about;
    uint64_t ns, samples;
    double share;
    uint32_t function;            /* of those matching, the one with the most samples */
    uint32_t caller, caller_line; /* the project's line that most of it comes from; ML_NONE */
} fired;

typedef struct usage {
    fired *all; /* by time, longest first */
    uint32_t count;
    uint64_t running_ns; /* of all threads, at any stack */
} usage;

/* ML_ERROR_MEMORY with a cause when there is no memory. */
ml_status usage_find(const ml_host *host, const catalogue *from, usage *out);

#endif
