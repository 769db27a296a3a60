#include "core/base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * ML_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t ml_clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t ml_clock_wall(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME);
}

uint64_t ml_clock_process(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t ml_clock_thread(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t ml_clock_nanoseconds(const struct timespec *time)
{
    return (int64_t)((uint64_t)time->tv_sec * ML_SECOND + (uint64_t)time->tv_nsec);
}
