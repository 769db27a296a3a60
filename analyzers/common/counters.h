/* counters: finds a counter of the model by name and looks along its points. */
#ifndef MICROLOG_ANALYZERS_COMMON_COUNTERS_H
#define MICROLOG_ANALYZERS_COMMON_COUNTERS_H

#include <microlog/sdk.h>

/* The row of the counter of that name in a process; ML_NONE where it was not recorded. */
static inline uint32_t counter_find(const ml_model *model, const char *name, uint32_t process)
{
    const ml_counters *counters = model->counters;
    for (uint32_t i = 0; i < counters->count; i++)
        if (counters->process[i] == process && counters->points[i] &&
            strcmp(ml_text_of(model, counters->name[i]), name) == 0)
            return i;
    return ML_NONE;
}

/* The largest value of a counter; 0 for ML_NONE. */
static inline int64_t counter_peak(const ml_model *model, uint32_t counter)
{
    const ml_counters *counters = model->counters;
    int64_t peak = 0;
    if (counter >= counters->count)
        return 0;
    for (uint64_t i = 0; i < counters->points[counter]; i++) {
        int64_t value = counters->value[counters->first[counter] + i];
        peak = value > peak ? value : peak;
    }
    return peak;
}

#endif
