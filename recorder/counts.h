/* counts: what hooks count, for the sampler, which knows nothing of Python. [any thread] */
#ifndef RECORDER_COUNTS_H
#define RECORDER_COUNTS_H

#include <stdint.h>

/* How long the program has stood still for the garbage collector since the recorder began to time it, in microseconds;
 * -1 while it does not (hook_collections.c). */
int64_t counts_collector_pause(void);

#endif
