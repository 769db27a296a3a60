/* activity: what the threads did over the run, in equal buckets of time. */
#ifndef MICROLOG_RENDERERS_COMMON_ACTIVITY_H
#define MICROLOG_RENDERERS_COMMON_ACTIVITY_H

#include <microlog/sdk.h>

enum { ACTIVITY_CPU, ACTIVITY_RUNNING, ACTIVITY_PRESENT };

static inline uint64_t activity_weight(const ml_samples *samples, uint64_t row, int what)
{
    uint32_t state = samples->state[row] & ML_STATE_MASK;
    if (what == ACTIVITY_CPU)
        return samples->cpu_ns[row];
    return what == ACTIVITY_PRESENT || state == ML_STATE_RUNNING ? samples->wall_ns[row] : 0;
}

/* Spreads `weight` evenly over [start, start + length) of buckets that cover the run. */
static inline void activity_spread(const ml_model *model, double *buckets, size_t count,
                                   uint64_t start, uint64_t length, double weight)
{
    double scale = (double)count / (double)model->duration_ns;
    double from = (double)start * scale, to = (double)(start + length) * scale;
    size_t first = from >= (double)count ? count - 1 : (size_t)from;
    for (size_t i = first; i < count && (double)i < to; i++) {
        double left = from > (double)i ? from : (double)i;
        double right = to < (double)(i + 1) ? to : (double)(i + 1);
        if (right > left && to > from)
            buckets[i] += weight * (right - left) / (to - from);
    }
}

/* Adds to each bucket the share of its time, 1.0 for one thread or core all the time. `thread` is a row of
 * threads, or ML_NONE for all. */
static inline void activity_fill(const ml_model *model, uint32_t thread, int what, double *buckets,
                                 size_t count)
{
    const ml_samples *samples = model->samples;
    uint64_t first = 0, end = samples->count;
    double bucket_ns = (double)model->duration_ns / (double)count;
    if (!model->duration_ns)
        return;
    if (thread != ML_NONE) {
        first = model->threads->sample_first[thread];
        end = first + model->threads->sample_count[thread];
    }
    for (uint64_t i = first; i < end; i++) {
        uint64_t weight = activity_weight(samples, i, what);
        if (weight)
            activity_spread(model, buckets, count, samples->start_ns[i], samples->wall_ns[i],
                            (double)weight / bucket_ns);
    }
}

#endif
