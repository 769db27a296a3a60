#include "schedule.h"

#include <stdio.h>

void schedule_open(schedule *target, uint64_t period_ns, uint64_t seed, bool unlimited)
{
    *target = (schedule){.period_ns = period_ns, .seed = seed, .stride = 1, .unlimited = unlimited};
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

void schedule_note_reading(schedule *target, uint64_t took_ns)
{
    target->reading_ns += took_ns < SCHEDULE_READING_MOST_NS ? took_ns : SCHEDULE_READING_MOST_NS;
}

bool schedule_is_due(schedule *target, uint64_t now_ns)
{
    uint64_t span = target->since_ns == 0 ? SCHEDULE_FIRST_SPAN_NS : SCHEDULE_SPAN_NS;

    target->looks++;
    return !target->unlimited && now_ns - target->since_ns >= span;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : (double)part / (double)whole;
}

/* The stride with which both are within what they may be: the CPU is dear for reasons that more than looks may have, so it
 * only doubles for that; readings become as much rarer as looks do. */
static uint64_t better_stride(uint64_t stride, double cpu, double reading)
{
    if (cpu <= 1 && reading <= 1) {
        return stride > 1 && cpu < 0.25 && reading < 0.25 ? stride / 2 : stride;
    }
    do {
        stride *= 2;
        reading /= 2;
    } while (reading > 1 && stride < SCHEDULE_STRIDE_MAX);
    return stride < SCHEDULE_STRIDE_MAX ? stride : SCHEDULE_STRIDE_MAX;
}

bool schedule_keep_budget(schedule *target, uint64_t now_ns, uint64_t cpu_ns, char *text,
                          size_t size)
{
    uint64_t before = target->stride, asked = target->looks * target->stride;
    uint64_t ticks = (now_ns - target->since_ns) / target->period_ns;
    bool is_first = target->since_ns == 0; /* its CPU is that of the start, too */
    double cpu = is_first ? 0.0 : share(cpu_ns - target->since_cpu_ns, ticks * SCHEDULE_BUDGET_NS);
    double reading = share(target->reading_ns, asked * (target->period_ns / SCHEDULE_READING_PART +
                                                        SCHEDULE_READING_NS));

    target->stride = better_stride(before, cpu, reading);
    snprintf(
        text, size,
        "the recorder used %.1f %% of the CPU that it may, and reading stacks %.1f %% of the time "
        "that it may, in %llu looks: it looks at every %llu. tick from here on",
        100 * cpu, 100 * reading, (unsigned long long)target->looks,
        (unsigned long long)target->stride);
    target->since_ns = now_ns;
    target->since_cpu_ns = cpu_ns;
    target->looks = target->reading_ns = 0;
    return target->stride != before;
}
