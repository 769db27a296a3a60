/* allocations: which lines allocated what stays, where tracemalloc was asked for. */
#ifndef MICROLOG_ANALYZERS_MEMLEAK_ALLOCATIONS_H
#define MICROLOG_ANALYZERS_MEMLEAK_ALLOCATIONS_H

#include "growth.h"

/* Names as evidence the lines whose memory has grown most since the warm-up of `about`. ML_ERROR_MEMORY with a cause. */
ml_status allocations_put(const ml_host *host, ml_draft finding, const growth *about);

#endif
