/* clock: the clocks that a recording is written against. Nanoseconds, always. */
#ifndef ML_BASE_CLOCK_H
#define ML_BASE_CLOCK_H

#include <stdint.h>

#define ML_SECOND UINT64_C(1000000000)

uint64_t ml_clock_monotonic(void); /* CLOCK_MONOTONIC */
int64_t ml_clock_wall(void);       /* since 1970-01-01 UTC */
uint64_t ml_clock_process(void);   /* CPU time of all threads of this process */
uint64_t ml_clock_thread(void);    /* CPU time of the calling thread */

/* A time that the system gave, as nanoseconds; years beyond 2262 wrap around. */
struct timespec;
int64_t ml_clock_nanoseconds(const struct timespec *time);

#endif
