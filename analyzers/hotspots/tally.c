#include "tally.h"

#include <stdlib.h>

static const double WARNING_SHARE = 0.30, WARNING_CPU_SHARE = 0.30;

void amount_add(amount *to, const amount *other)
{
    to->running_ns += other->running_ns;
    to->waiting_ns += other->waiting_ns;
    to->cpu_ns += other->cpu_ns;
    to->running_cpu_ns += other->running_cpu_ns;
    to->running_samples += other->running_samples;
    to->waiting_samples += other->waiting_samples;
}

static amount amount_of_run(const ml_samples *samples, uint64_t row)
{
    amount one = {0};
    uint32_t state = samples->state[row] & ML_STATE_MASK;
    one.cpu_ns = samples->cpu_ns[row];
    if (state == ML_STATE_RUNNING || state == ML_STATE_UNKNOWN) {
        one.running_cpu_ns = one.cpu_ns;
        one.running_ns = samples->wall_ns[row];
        one.running_samples = samples->taken[row];
    } else {
        one.waiting_ns = samples->wall_ns[row];
        one.waiting_samples = samples->taken[row];
    }
    return one;
}

static int is_synthetic(const ml_model *model, uint32_t stack)
{
    return (ml_function_origin(model, model->stacks->function[stack]) & ML_MODULE_SYNTHETIC) != 0;
}

ml_status tally_fill(tally *into, const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    const ml_samples *samples = model->samples;
    memset(into, 0, sizeof *into);
    into->host = host;
    into->model = model;
    into->stacks = (amount *)ml_alloc(host, model->stacks->count, sizeof(amount));
    into->functions = (amount *)ml_alloc(host, model->functions->count, sizeof(amount));
    into->threads = (amount *)ml_alloc(host, model->threads->count, sizeof(amount));
    if (!into->stacks || !into->functions || !into->threads)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the sums of %u stacks",
                       (unsigned)model->stacks->count);
    for (uint64_t i = 0; i < samples->count; i++) {
        amount one = amount_of_run(samples, i);
        amount_add(&into->stacks[samples->stack[i]], &one);
        if (samples->thread[i] < model->threads->count && samples->stack[i])
            amount_add(&into->threads[samples->thread[i]], &one);
    }
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t function = model->stacks->function[i];
        amount_add(&into->functions[function], &into->stacks[i]);
        if (!is_synthetic(model, i))
            amount_add(&into->all, &into->stacks[i]);
    }
    return ML_OK;
}

static int compare_sites(const void *left, const void *right)
{
    const site *a = (const site *)left, *b = (const site *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static size_t merge_equal(site *sites, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept && compare_sites(&sites[kept - 1], &sites[i]) == 0)
            amount_add(&sites[kept - 1].sum, &sites[i].sum);
        else
            sites[kept++] = sites[i];
    }
    return kept;
}

static int has_time(const amount *sum)
{
    return sum->running_ns || sum->waiting_ns;
}

ml_status tally_sites(const tally *from, uint32_t function, site_kind kind, site_list *out)
{
    const ml_stacks *stacks = from->model->stacks;
    size_t count = 0;
    for (uint32_t i = 1; i < stacks->count; i++)
        count +=
            has_time(&from->stacks[i]) && (function == ML_NONE || stacks->function[i] == function);
    out->sites = (site *)ml_alloc(from->host, count, sizeof(site));
    out->count = 0;
    if (!out->sites)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the lines of %zu stacks", count);
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t frame = kind == SITE_LEAF ? i : ml_stack_own_frame(from->model, i);
        if (!has_time(&from->stacks[i]) ||
            (function != ML_NONE && stacks->function[i] != function) ||
            (kind == SITE_LIBRARY && (frame == i || is_synthetic(from->model, i))))
            continue;
        out->sites[out->count].function = stacks->function[frame];
        out->sites[out->count].line = stacks->line[frame];
        out->sites[out->count++].sum = from->stacks[i];
    }
    qsort(out->sites, out->count, sizeof(site), compare_sites);
    out->count = merge_equal(out->sites, out->count);
    return ML_OK;
}

uint32_t hot_confidence(const tally *from, const amount *sum)
{
    if (from->all.running_samples < SAMPLES_SURE || sum->running_samples < SAMPLES_LEAST)
        return ML_CONFIDENCE_LOW;
    return from->all.running_samples < SAMPLES_HIGH ? ML_CONFIDENCE_MEDIUM : ML_CONFIDENCE_HIGH;
}

int hot_is_warning(const tally *from, interval share, const amount *sum)
{
    return share.low >= WARNING_SHARE && hot_confidence(from, sum) > ML_CONFIDENCE_LOW &&
           (double)sum->running_cpu_ns >= (double)from->all.cpu_ns * WARNING_CPU_SHARE;
}
