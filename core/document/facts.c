#include "core/document/facts.h"

#include "core/document/names.h"

#include <string.h>

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int ml_facts_peak(const ml_model *model, const char *name, int64_t *out)
{
    const ml_counters *counters = model->counters;
    int is_known = 0;

    *out = 0;
    for (uint32_t i = 0; i < counters->count; i++) {
        int64_t peak = 0;
        if (strcmp(ml_model_text(model, counters->name[i]), name) != 0) {
            continue;
        }
        for (uint64_t point = 0; point < counters->points[i]; point++) {
            int64_t value = counters->value[counters->first[i] + point];
            peak = value > peak ? value : peak;
            is_known = 1;
        }
        *out = add(*out, peak);
    }
    return is_known;
}

uint64_t ml_facts_cpu_ns(const ml_model *model)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < model->processes->count; i++) {
        if (__builtin_add_overflow(sum, model->processes->cpu_ns[i], &sum)) {
            return UINT64_MAX;
        }
    }
    return sum;
}

uint64_t ml_facts_samples(const ml_model *model)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < model->samples->count; i++) {
        sum += model->samples->taken[i];
    }
    return sum;
}

uint64_t ml_facts_errors(const ml_model *model)
{
    enum { LEVEL_ERROR = 40 };
    uint64_t errors = 0;

    for (uint64_t i = 0; i < model->messages->count; i++) {
        errors += model->messages->level[i] >= LEVEL_ERROR;
    }
    return errors;
}

int64_t ml_facts_exit_code(const ml_model *model)
{
    return model->processes->count == 0 ? INT64_MIN : model->processes->exit_code[0];
}
