#include "schedule.h"

#include <stdio.h>

void schedule_open(schedule *target, uint64_t period_ns, uint64_t seed)
{
    *target = (schedule){.period_ns = period_ns, .seed = seed, .stride = 1};
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint64_t schedule_due(const schedule *source, uint64_t k)
{
    uint64_t part = mix(source->seed + k) >> 32;

    return k * source->period_ns + ((part * source->period_ns) >> 32);
}

static void set_stride(schedule *target, uint64_t used, uint64_t allowed)
{
    if (used > allowed && target->stride < SCHEDULE_STRIDE_MAX) {
        target->stride *= 2;
    } else if (used < allowed / 4 && target->stride > 1) {
        target->stride /= 2;
    }
}

bool schedule_is_due(schedule *target, uint64_t now_ns)
{
    target->looks++;
    return now_ns - target->since_ns >= SCHEDULE_SPAN_NS;
}

bool schedule_keep_budget(schedule *target, uint64_t now_ns, uint64_t cpu_ns, char *text,
                          size_t size)
{
    uint64_t before = target->stride, used, allowed;

    used = cpu_ns - target->since_cpu_ns;
    allowed = (now_ns - target->since_ns) / target->period_ns * SCHEDULE_BUDGET_NS;
    set_stride(target, used, allowed);
    snprintf(text, size,
             "the recorder used %llu us of CPU for each of %llu looks, %.1f %% of what it may: it "
             "looks at every %llu. tick from here on",
             (unsigned long long)(used / target->looks / 1000), (unsigned long long)target->looks,
             allowed == 0 ? 0.0 : 100.0 * (double)used / (double)allowed,
             (unsigned long long)target->stride);
    target->since_ns = now_ns;
    target->since_cpu_ns = cpu_ns;
    target->looks = 0;
    return target->stride != before;
}
