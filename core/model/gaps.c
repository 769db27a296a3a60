#include "core/model/build.h"

typedef struct gap_columns {
    uint32_t *process, *cause, *system_error;
    uint64_t *start_ns, *end_ns, *ticks, *samples, *events;
} gap_columns;

static ml_status make_room(ml_build *build, gap_columns *columns, uint64_t rows)
{
    uint32_t **const narrow[] = {&columns->process, &columns->cause, &columns->system_error, NULL};
    uint64_t **const wide[] = {&columns->start_ns, &columns->end_ns, &columns->ticks,
                               &columns->samples,  &columns->events, NULL};

    ML_TRY(ml_build_narrow(build, rows, "gaps", narrow));
    return ml_build_wide(build, rows, "gaps", wide);
}

static uint32_t narrow_number(uint64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void put_gap(ml_build *build, gap_columns *columns, uint64_t row, uint32_t process,
                    const ml_gap *gap)
{
    const ml_member *member = &build->members[process];

    columns->process[row] = process;
    columns->cause[row] = narrow_number(gap->cause);
    columns->system_error[row] = narrow_number(gap->system_error);
    columns->start_ns[row] = ml_build_time(build, member, gap->start_ns);
    columns->end_ns[row] = ml_build_time(build, member, ml_sum(gap->start_ns, gap->span_ns));
    columns->ticks[row] = gap->ticks;
    columns->samples[row] = gap->samples;
    columns->events[row] = gap->events;
}

ml_status ml_build_gaps(ml_build *build)
{
    uint64_t count = 0;
    uint64_t row = 0;
    gap_columns columns;

    for (uint32_t i = 0; i < build->member_count; i++) {
        count += build->members[i].recording->gap_count;
    }
    if (count >= ML_NONE) {
        return ml_error_set(build->error, ML_ERROR_TOO_LARGE, "more than 2^32 - 2 gaps");
    }
    ML_TRY(make_room(build, &columns, count));
    for (uint32_t i = 0; i < build->member_count; i++) {
        const ml_recording *recording = build->members[i].recording;
        for (size_t k = 0; k < recording->gap_count; k++) {
            put_gap(build, &columns, row++, i, &recording->gaps[k]);
        }
    }
    build->tables.gaps = (ml_gaps){.process = columns.process,
                                   .cause = columns.cause,
                                   .system_error = columns.system_error,
                                   .start_ns = columns.start_ns,
                                   .end_ns = columns.end_ns,
                                   .ticks = columns.ticks,
                                   .samples = columns.samples,
                                   .events = columns.events};
    build->rows[ML_EXTENT_GAPS] = count;
    return ML_OK;
}
