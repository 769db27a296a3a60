#include "idle.h"

#include "core/base/clock.h"

void idle_note(idle *target)
{
    uint64_t own = ml_clock_thread();

    target->most = ml_clock_process() - own;
}

bool idle_nothing_ran(const idle *source)
{
    uint64_t process = ml_clock_process();

    /* Our own time goes on between the two readings: what the others have used is at least this. */
    return process - ml_clock_thread() <= source->most;
}
