/* page: the few words that the tool and a worker share while a job runs.
 *
 * One page of shared memory for each worker. The worker's side may hold anything once a plugin went
 * wild: the tool copies it with bounds and makes its text valid before showing it.
 */
#ifndef ML_WORKER_PAGE_H
#define ML_WORKER_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum { ML_PAGE_TEXT = 120 };

typedef struct ml_page {
    _Atomic uint32_t cancelled; /* set by the tool: the job should end soon */
    /* How far the plugin last said it was; `what` is "" before that. */
    uint64_t done, total;
    char what[ML_PAGE_TEXT];
} ml_page;

#endif
