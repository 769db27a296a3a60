#include "likes.h"

#include "common/stack_times.h"

#include <stdlib.h>

enum { FEW_RUNS = 16 };

/* ---------------------------------------------------------------- work */

static int is_waiting(const ml_samples *samples, uint64_t row)
{
    uint32_t state = samples->state[row] & ML_STATE_MASK;
    return state != ML_STATE_UNKNOWN && state != ML_STATE_RUNNING && state != ML_STATE_GIL_WAIT;
}

static ml_status add_up_work(likes *into)
{
    const ml_samples *samples = into->model->samples;
    into->work_before =
        (double *)ml_alloc(into->host, samples->count + 1, sizeof *into->work_before);
    if (!into->work_before)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for the work of %llu runs",
                       (unsigned long long)samples->count);
    for (uint64_t i = 0; i < samples->count; i++)
        into->work_before[i + 1] = into->work_before[i] + (double)samples->cpu_ns[i] +
                                   (is_waiting(samples, i) ? (double)samples->wall_ns[i] : 0);
    return ML_OK;
}

/* The first sample run of the thread that begins (or, `by_end`, ends) at that time or later. */
static uint64_t first_run(const ml_model *model, uint32_t thread, uint64_t time_ns, int by_end)
{
    const ml_samples *samples = model->samples;
    uint64_t low = model->threads->sample_first[thread];
    uint64_t high = low + model->threads->sample_count[thread];
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (samples->start_ns[middle] + (by_end ? samples->wall_ns[middle] : 0) < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first sample run of the thread that ends after that time, from `run` on. */
static uint64_t run_after(const ml_model *model, uint32_t thread, uint64_t run, uint64_t time_ns)
{
    const ml_samples *samples = model->samples;
    uint64_t end = model->threads->sample_first[thread] + model->threads->sample_count[thread];
    while (run < end && samples->start_ns[run] + samples->wall_ns[run] <= time_ns)
        run++;
    return run;
}

/* Work between two times; `first` is the first sample run that ends after the former. */
static double work_from(const likes *about, uint32_t thread, uint64_t first, uint64_t start_ns,
                        uint64_t end_ns)
{
    const ml_model *model = about->model;
    uint64_t end = model->threads->sample_first[thread] + model->threads->sample_count[thread];
    uint64_t last = first;
    /* Most calls are short. */
    while (last < end && last - first < FEW_RUNS && model->samples->start_ns[last] < end_ns)
        last++;
    last = last - first < FEW_RUNS ? last : first_run(model, thread, end_ns, 0);
    if (model->threads->cpu_ns[thread] == 0 || last <= first)
        return end_ns > start_ns ? (double)(end_ns - start_ns) : 0;
    return about->work_before[last] - about->work_before[first];
}

double like_work_between(const likes *about, uint32_t thread, uint64_t start_ns, uint64_t end_ns)
{
    uint64_t first = first_run(about->model, thread, start_ns + 1, 1);
    return work_from(about, thread, first, start_ns, end_ns);
}

/* ---------------------------------------------------------------- calls */

static uint32_t deepest_stack(const ml_model *model)
{
    uint32_t deepest = 0;
    for (uint64_t i = 0; i < model->calls->count; i++)
        deepest = model->calls->depth[i] > deepest ? model->calls->depth[i] : deepest;
    return deepest;
}

/* The calls that are open at a row: they come in pre-order, so these are known by their depth. */
typedef struct open_calls {
    const ml_model *model;
    uint32_t *functions; /* by depth - 1 */
    uint32_t *nesting;   /* by function: how many are open */
    uint32_t depth;
    uint32_t own; /* how many are of the project or of a library */
} open_calls;

static int is_own(const ml_model *model, uint32_t function)
{
    return (ml_function_origin(model, function) & (ML_MODULE_PROJECT | ML_MODULE_THIRD_PARTY)) != 0;
}

static void close_to(open_calls *open, uint32_t depth)
{
    while (open->depth > depth) {
        uint32_t function = open->functions[--open->depth];
        open->nesting[function]--;
        open->own -= (uint32_t)is_own(open->model, function);
    }
}

/* What the standard library does on its own, as at the bottom of a thread, is no call of the program; what the importer
 * calls is another module each time, and none is like another. */
static int open_and_judge(open_calls *open, uint32_t function)
{
    int is_call = open->nesting[function] == 0 && function_is_real(open->model, function) &&
                  !function_is_importer(open->model, function);
    open->functions[open->depth++] = function;
    open->nesting[function]++;
    open->own += (uint32_t)is_own(open->model, function);
    return is_call && open->own > 0;
}

/* Marks the rows of calls that are compared with their like. */
static ml_status mark(likes *into, uint8_t *marks)
{
    const ml_calls *calls = into->model->calls;
    uint32_t functions = into->model->functions->count, deepest = deepest_stack(into->model);
    open_calls open = {into->model, NULL, NULL, 0, 0};
    open.functions = (uint32_t *)ml_alloc(into->host, deepest, sizeof *open.functions);
    open.nesting = (uint32_t *)ml_alloc(into->host, functions, sizeof *open.nesting);
    if (!open.functions || !open.nesting)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for %u open calls",
                       (unsigned)deepest);
    for (uint64_t i = 0; i < calls->count; i++) {
        close_to(&open, calls->depth[i] - 1);
        marks[i] = (uint8_t)open_and_judge(&open, calls->function[i]);
    }
    return ML_OK;
}

static int compare_kinds(const like_call *a, const like_call *b)
{
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return (a->caller > b->caller) - (a->caller < b->caller);
}

static int compare_calls(const void *left, const void *right)
{
    const like_call *a = (const like_call *)left, *b = (const like_call *)right;
    int order = compare_kinds(a, b);
    if (order)
        return order;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Where the calls of a function begin when they are in order of functions, by function. */
static size_t *starts_of_functions(likes *of, const uint8_t *marks)
{
    const ml_calls *calls = of->model->calls;
    uint32_t functions = of->model->functions->count;
    size_t *start = (size_t *)ml_alloc(of->host, (uint64_t)functions + 1, sizeof *start);
    if (!start)
        return NULL;
    for (uint64_t i = 0; i < calls->count; i++)
        start[calls->function[i] + 1] += marks[i];
    for (uint32_t f = 0; f < functions; f++)
        start[f + 1] += start[f];
    of->call_count = start[functions];
    return start;
}

static int is_in_order(const like_call *calls, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare_calls(&calls[i - 1], &calls[i]) > 0)
            return 0;
    return 1;
}

/* Puts the calls in order of their functions. `*run` is the one of its thread in which the row before began. */
static void collect(likes *into, const uint8_t *marks, size_t *next)
{
    const ml_model *model = into->model;
    const ml_calls *calls = model->calls;
    uint64_t run = 0;
    for (uint64_t i = 0; i < calls->count; i++) {
        uint32_t thread = calls->thread[i];
        like_call *one;
        if (i == 0 || thread != calls->thread[i - 1])
            run = model->threads->sample_first[thread];
        run = run_after(model, thread, run, calls->start_ns[i]);
        if (!marks[i])
            continue;
        one = &into->calls[next[calls->function[i]]++];
        one->function = calls->function[i];
        one->caller = calls->parent[i] < calls->count ? calls->function[calls->parent[i]] : ML_NONE;
        one->row = i;
        one->start_ns = calls->start_ns[i];
        one->duration_ns = calls->end_ns[i] - calls->start_ns[i];
        one->work_ns = work_from(into, thread, run, calls->start_ns[i], calls->end_ns[i]);
    }
}

/* By function, caller, time. Functions first, in one pass: within one the calls mostly are in order as they come. */
static ml_status collect_in_order(likes *into)
{
    uint8_t *marks = (uint8_t *)ml_alloc(into->host, into->model->calls->count, sizeof *marks);
    ml_status status = marks ? mark(into, marks) : ML_ERROR_MEMORY;
    size_t *next = status == ML_OK ? starts_of_functions(into, marks) : NULL;
    size_t begin = 0;
    if (next)
        into->calls = (like_call *)ml_alloc(into->host, into->call_count, sizeof *into->calls);
    if (!into->calls)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for %llu calls",
                       (unsigned long long)into->model->calls->count);
    collect(into, marks, next);
    for (uint32_t f = 0; f < into->model->functions->count; f++) {
        like_call *first = &into->calls[begin];
        size_t count = next[f] - begin;
        if (!is_in_order(first, count))
            qsort(first, count, sizeof *first, compare_calls);
        begin = next[f];
    }
    return ML_OK;
}

static size_t end_of_group(const likes *from, size_t begin)
{
    size_t end = begin + 1;
    while (end < from->call_count && compare_kinds(&from->calls[begin], &from->calls[end]) == 0)
        end++;
    return end;
}

ml_status likes_find(const ml_host *host, size_t least, likes *out)
{
    ml_status status;
    memset(out, 0, sizeof *out);
    out->host = host;
    out->model = ml_get_model(host);
    out->causes = wait_causes_of_stacks(host);
    if (!out->causes)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for what %u stacks wait for",
                       (unsigned)out->model->stacks->count);
    status = add_up_work(out);
    if (status == ML_OK)
        status = collect_in_order(out);
    if (status != ML_OK)
        return status;
    out->groups = (like_group *)ml_alloc(host, out->call_count / least, sizeof *out->groups);
    if (!out->groups)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for groups of calls");
    for (size_t i = 0, end; i < out->call_count; i = end) {
        end = end_of_group(out, i);
        if (end - i < least)
            continue;
        out->groups[out->count].calls = &out->calls[i];
        out->groups[out->count++].count = end - i;
    }
    return ML_OK;
}

/* ---------------------------------------------------------------- states */

call_states like_states_between(const likes *about, uint32_t thread, uint64_t start_ns,
                                uint64_t end_ns)
{
    const ml_model *model = about->model;
    const ml_samples *samples = model->samples;
    uint64_t longest = 0,
             last = model->threads->sample_first[thread] + model->threads->sample_count[thread];
    call_states states;
    memset(&states, 0, sizeof states);
    for (uint64_t i = first_run(model, thread, start_ns + 1, 1);
         i < last && samples->start_ns[i] < end_ns; i++) {
        wait_cause cause = wait_cause_of_run(model, about->causes, i);
        states.cpu_ns += samples->cpu_ns[i];
        states.gc_ns += samples->state[i] & ML_STATE_GC ? samples->wall_ns[i] : 0;
        if (samples->wall_ns[i] > longest) {
            longest = samples->wall_ns[i];
            states.leaf = samples->stack[i];
        }
        if (cause == WAIT_NONE) {
            states.running_ns += samples->wall_ns[i];
            continue;
        }
        states.waiting_ns[cause] += samples->wall_ns[i];
        states.all_waiting_ns += samples->wall_ns[i];
        if (states.waiting_ns[cause] > states.waiting_ns[states.cause])
            states.cause = cause;
    }
    return states;
}

call_states like_states(const likes *about, const like_call *call)
{
    const ml_calls *calls = about->model->calls;
    return like_states_between(about, calls->thread[call->row], call->start_ns,
                               calls->end_ns[call->row]);
}
