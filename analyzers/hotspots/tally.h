/* tally: sums over the samples of a run, by stack, and from there by function, line or package. */
#ifndef MICROLOG_ANALYZERS_HOTSPOTS_TALLY_H
#define MICROLOG_ANALYZERS_HOTSPOTS_TALLY_H

#include "common/statistics.h"

#include <microlog/sdk.h>

/* Of running samples: below the least nothing is said, and below those to be sure with low confidence. */
enum { SAMPLES_LEAST = 50, SAMPLES_SURE = 200, SAMPLES_HIGH = 1000 };

/* Time at the leaf. A slot is running if the thread used the CPU in it (or its state is not known), else it
 * is waiting: for the interpreter's lock, another lock, IO, a timer. */
typedef struct amount {
    uint64_t running_ns, waiting_ns, cpu_ns;
    uint64_t
        running_cpu_ns; /* of the CPU, that of running slots: a wait is charged what ran before it */
    uint64_t running_samples, waiting_samples; /* really taken */
} amount;

typedef struct tally {
    const ml_host *host;
    const ml_model *model;
    amount *stacks; /* by row of stacks: at the leaf of that stack */
    amount *functions;
    amount *threads;
    amount all; /* but for synthetic functions and empty stacks */
} tally;

/* A line of a function. */
typedef struct site {
    uint32_t function, line;
    amount sum;
} site;

typedef struct site_list {
    site *sites; /* ordered by function and line */
    size_t count;
} site_list;

/* ML_ERROR_MEMORY with a cause when there is no memory. */
ml_status tally_fill(tally *into, const ml_host *host);

/* Which line stands for a stack: its leaf's, or that of the innermost frame of the project (else of a library).
 * SITE_LIBRARY is the latter, of those stacks on which it is not the leaf. */
typedef enum site_kind { SITE_LEAF, SITE_OWN, SITE_LIBRARY } site_kind;

/* The lines where time was spent. With a function, only stacks that have it at the leaf. */
ml_status tally_sites(const tally *from, uint32_t function, site_kind kind, site_list *out);

/* Of a part of all running samples: from the numbers of both. */
uint32_t hot_confidence(const tally *from, const amount *sum);

/* Is the lower end of the part's interval at least 30 %, with more than low confidence, and did it use 30 % of the CPU while it was seen running? Those
 * that run and lack a core look the same in samples, and on a busy machine may be others than those that use it. */
int hot_is_warning(const tally *from, interval share, const amount *sum);

void amount_add(amount *to, const amount *other);

#endif
