/* events: finds a kind of event and its fields by name, and goes through the events of a process. */
#ifndef MICROLOG_ANALYZERS_COMMON_EVENTS_H
#define MICROLOG_ANALYZERS_COMMON_EVENTS_H

#include <microlog/sdk.h>

/* The row of the kind `name` that has all of the fields `names`, whose positions go to `fields`; else ML_NONE. */
static inline uint32_t events_kind(const ml_model *model, const char *name,
                                   const char *const *names, uint32_t count, uint32_t *fields)
{
    const ml_events_table *events = model->events;
    for (uint32_t kind = 0; kind < events->kind_count; kind++) {
        uint32_t found = 0;
        if (strcmp(ml_text_of(model, events->kind_name[kind]), name) != 0)
            continue;
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t f = 0; f < events->kind_field_count[kind]; f++) {
                uint32_t field = events->field_name[events->kind_field_first[kind] + f];
                if (strcmp(ml_text_of(model, field), names[i]) == 0) {
                    fields[i] = f;
                    found++;
                    break;
                }
            }
        if (found == count)
            return kind;
    }
    return ML_NONE;
}

static inline int events_is(const ml_model *model, uint64_t row, uint32_t kind, uint32_t process)
{
    return kind != ML_NONE && model->events->kind[row] == kind &&
           model->events->process[row] == process;
}

/* The events of a kind and a process, in order of time; none of kind ML_NONE. */
#define ML_EACH_EVENT(model, of_kind, of_process, row)                                             \
    for (uint64_t row = 0; row < (model)->events->count; row++)                                    \
        if (events_is(model, row, of_kind, of_process))

static inline size_t events_count(const ml_model *model, uint32_t kind, uint32_t process)
{
    size_t count = 0;
    ML_EACH_EVENT(model, kind, process, row)
    count++;
    return count;
}

/* The values of an event's fields, by position. */
static inline const int64_t *events_fields(const ml_model *model, uint64_t row)
{
    return model->events->field + model->events->field_first[row];
}

#endif
