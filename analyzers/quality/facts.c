#include "facts.h"

#include <stdlib.h>

/* Names that the recorder gives when it has no better. */
static const char UNREAD[] = "<stack not read>";
static const char UNKNOWN[] = "<unknown code>";

typedef struct stretch {
    uint64_t start_ns, end_ns;
} stretch;

/* ---------------------------------------------------------------- samples */

static int is_running(uint32_t state)
{
    state &= ML_STATE_MASK;
    return state == ML_STATE_RUNNING || state == ML_STATE_UNKNOWN;
}

static void count_samples(const ml_model *model, facts *out)
{
    const ml_samples *samples = model->samples;
    for (uint64_t i = 0; i < samples->count; i++) {
        out->samples += samples->taken[i];
        if (is_running(samples->state[i]) && samples->stack[i])
            out->running_samples += samples->taken[i];
    }
}

static void count_unread(const ml_model *model, facts *out)
{
    const ml_functions *functions = model->functions;
    for (uint32_t i = 0; i < functions->count; i++) {
        const char *name = ml_function_name(model, i);
        if (!(ml_function_origin(model, i) & ML_MODULE_SYNTHETIC))
            continue;
        if (strcmp(name, UNREAD) == 0)
            out->unread_samples += functions->total_samples[i];
        else if (strcmp(name, UNKNOWN) == 0)
            out->unknown_samples += functions->total_samples[i];
    }
}

/* ---------------------------------------------------------------- what the recording says is missing */

static uint32_t loss_count(const ml_model *model)
{
    return model->gaps ? model->gaps->count : 0;
}

static void count_losses(const ml_model *model, facts *out)
{
    const ml_gaps *gaps = model->gaps;
    out->losses = loss_count(model);
    for (uint32_t i = 0; i < out->losses; i++) {
        out->lost_ns += gaps->end_ns[i] - gaps->start_ns[i];
        out->lost_ticks += gaps->ticks[i];
        out->lost_samples += gaps->samples[i];
        out->lost_events += gaps->events[i];
        if (gaps->start_ns[i] < gaps->start_ns[out->first_loss])
            out->first_loss = i;
    }
}

static void count_ticks(const ml_model *model, facts *out)
{
    out->ticks_missed =
        model->ticks_missed > out->lost_ticks ? model->ticks_missed - out->lost_ticks : 0;
    out->ticks_planned = model->ticks + model->ticks_missed;
}

static void count_ends(const ml_model *model, facts *out)
{
    for (uint32_t i = 0; i < model->processes->count; i++) {
        uint32_t flags = model->processes->flags[i];
        out->open_ends += !(flags & ML_PROCESS_CLEAN_END);
        out->journals += !(flags & ML_PROCESS_CLEAN_END) && (flags & ML_PROCESS_JOURNAL);
    }
}

/* ---------------------------------------------------------------- gaps */

static int compare_stretches(const void *left, const void *right)
{
    const stretch *a = (const stretch *)left, *b = (const stretch *)right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->end_ns < b->end_ns ? -1 : a->end_ns > b->end_ns;
}

uint64_t facts_gap_least(const ml_model *model)
{
    enum { PERIODS = 20 };
    const uint64_t second = 1000000000u;
    return model->period_ns > second / PERIODS ? model->period_ns * PERIODS : second;
}

static void add_gap(facts *out, uint64_t start, uint64_t end, uint64_t least)
{
    uint64_t length = end > start ? end - start : 0;
    if (length < least)
        return;
    out->gap_ns += length;
    if (length > out->longest_gap_ns) {
        out->longest_gap_ns = length;
        out->longest_gap_start_ns = start;
    }
}

/* What the stretches, in order of their start, leave open of the whole run. */
static void find_gaps(const ml_model *model, const stretch *stretches, size_t count, facts *out)
{
    uint64_t least = facts_gap_least(model), covered = 0;
    for (size_t i = 0; i < count; i++) {
        add_gap(out, covered, stretches[i].start_ns, least);
        covered = stretches[i].end_ns > covered ? stretches[i].end_ns : covered;
    }
    add_gap(out, covered, model->duration_ns, least);
}

/* Does the run go on where the one before of its thread ended, or so soon that there is no gap? */
static int goes_on(const ml_samples *samples, uint64_t row, const stretch *before, uint64_t least)
{
    return row > 0 && samples->thread[row] == samples->thread[row - 1] &&
           samples->start_ns[row] >= before->end_ns &&
           samples->start_ns[row] - before->end_ns < least;
}

/* Where there are samples, and where it is known why there are none; returns how many stretches that is. */
static size_t put_stretches(const ml_model *model, stretch *stretches)
{
    const ml_samples *samples = model->samples;
    uint64_t least = facts_gap_least(model);
    size_t count = 0;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint64_t end = samples->start_ns[i] + samples->wall_ns[i];
        if (count && goes_on(samples, i, &stretches[count - 1], least)) {
            stretches[count - 1].end_ns = end;
            continue;
        }
        stretches[count].start_ns = samples->start_ns[i];
        stretches[count++].end_ns = end;
    }
    for (uint32_t i = 0; i < loss_count(model); i++) {
        if (model->gaps->ticks[i] == 0)
            continue;
        stretches[count].start_ns = model->gaps->start_ns[i];
        stretches[count++].end_ns = model->gaps->end_ns[i];
    }
    return count;
}

ml_status facts_find(const ml_host *host, facts *out)
{
    const ml_model *model = ml_get_model(host);
    size_t most = (size_t)model->samples->count + loss_count(model);
    stretch *stretches = (stretch *)ml_alloc(host, most, sizeof *stretches);
    size_t count;
    memset(out, 0, sizeof *out);
    if (!stretches)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %llu runs of samples",
                       (unsigned long long)model->samples->count);
    count_samples(model, out);
    count_unread(model, out);
    count_losses(model, out);
    count_ticks(model, out);
    count_ends(model, out);
    count = put_stretches(model, stretches);
    qsort(stretches, count, sizeof *stretches, compare_stretches);
    find_gaps(model, stretches, count, out);
    return ML_OK;
}
