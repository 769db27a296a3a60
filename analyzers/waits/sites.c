#include "sites.h"

#include "common/counters.h"

#include <stdlib.h>

enum { PART_PERIODS = 2, PARTS_MOST = 1 << 16 };

/* ---------------------------------------------------------------- counters */

/* The value of a counter at a time, by a straight line between its points. */
static double value_at(const ml_model *model, uint32_t counter, uint64_t time)
{
    const ml_counters *counters = model->counters;
    uint64_t first = counters->first[counter], low = first;
    uint64_t last = first + counters->points[counter] - 1, high = last;
    double span, part;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (counters->time_ns[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == first || counters->time_ns[low] <= time)
        return (double)counters->value[low];
    span = (double)(counters->time_ns[low] - counters->time_ns[low - 1]);
    part = span > 0 ? (double)(time - counters->time_ns[low - 1]) / span : 1;
    return (double)counters->value[low - 1] +
           part * ((double)counters->value[low] - (double)counters->value[low - 1]);
}

cpu_clock cpu_clock_of(const ml_model *model, uint32_t process)
{
    cpu_clock clock;
    clock.user = counter_find(model, "cpu_user", process);
    clock.system = counter_find(model, "cpu_system", process);
    if (clock.user == ML_NONE || clock.system == ML_NONE || model->counters->points[clock.user] < 2)
        clock.user = clock.system = ML_NONE;
    return clock;
}

double cpu_clock_at(const ml_model *model, cpu_clock clock, uint64_t time_ns)
{
    if (clock.user == ML_NONE)
        return 0;
    return (value_at(model, clock.user, time_ns) + value_at(model, clock.system, time_ns)) * 1000;
}

/* ---------------------------------------------------------------- the main flow */

typedef struct span {
    uint64_t start_ns, end_ns;
} span;

/* When the main thread of a process waits for other threads, in order. */
typedef struct spans {
    span *all;
    size_t count;
} spans;

static uint32_t main_thread_of(const ml_model *model, uint32_t process)
{
    for (uint32_t i = 0; i < model->threads->count; i++)
        if (model->threads->process[i] == process && model->threads->is_main[i])
            return i;
    return ML_NONE;
}

static ml_status find_spans(const wait_sites *from, uint32_t process, spans *out)
{
    const ml_model *model = from->model;
    uint32_t thread = main_thread_of(model, process);
    out->count = 0;
    out->all = NULL;
    if (thread == ML_NONE)
        return ML_OK;
    out->all = (span *)ml_alloc(from->host, model->threads->sample_count[thread], sizeof *out->all);
    if (!out->all)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the waits of a main thread");
    ML_EACH_SAMPLE(model, thread, i) {
        span one = {model->samples->start_ns[i],
                    model->samples->start_ns[i] + model->samples->wall_ns[i]};
        if (wait_cause_of_run(model, from->causes, i) == WAIT_THREAD)
            out->all[out->count++] = one;
    }
    return ML_OK;
}

static int holds_up(wait_cause cause)
{
    return cause != WAIT_NONE && cause != WAIT_GIL && cause != WAIT_THREAD && cause != WAIT_WORK &&
           cause != WAIT_EVENT;
}

/* The part of a run of another thread in which the main thread waited for threads. */
static uint64_t overlap(const spans *with, size_t *at, span run)
{
    uint64_t sum = 0;
    while (*at < with->count && with->all[*at].end_ns <= run.start_ns)
        (*at)++;
    for (size_t i = *at; i < with->count && with->all[i].start_ns < run.end_ns; i++) {
        uint64_t start = with->all[i].start_ns, end = with->all[i].end_ns;
        start = start > run.start_ns ? start : run.start_ns;
        end = end < run.end_ns ? end : run.end_ns;
        sum += end - start;
    }
    return sum;
}

/* ---------------------------------------------------------------- what the process does meanwhile */

/* How long threads of a process were running before the end of each of equal parts of the run. On a machine that is
 * busy with others the CPU counters do not tell that the process had something to do. */
typedef struct running {
    double *before_ns;
    size_t parts;
    double part_ns;
} running;

static void add_running(running *to, double start, double end)
{
    for (size_t i = (size_t)(start / to->part_ns); i < to->parts; i++) {
        double from = to->part_ns * (double)i, until = from + to->part_ns;
        if (from >= end)
            break;
        to->before_ns[i + 1] += (until < end ? until : end) - (from > start ? from : start);
    }
}

static ml_status find_running(const wait_sites *from, uint32_t process, running *out)
{
    const ml_model *model = from->model;
    const ml_samples *samples = model->samples;
    out->parts =
        model->period_ns ? (size_t)(model->duration_ns / model->period_ns / PART_PERIODS) + 1 : 1;
    out->parts = out->parts < PARTS_MOST ? out->parts : PARTS_MOST;
    out->part_ns = (double)model->duration_ns / (double)out->parts;
    out->before_ns = (double *)ml_alloc(from->host, out->parts + 1, sizeof *out->before_ns);
    if (!out->before_ns)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for %zu parts of the run",
                       out->parts);
    for (uint64_t i = 0; out->part_ns > 0 && i < samples->count; i++)
        if (model->threads->process[samples->thread[i]] == process && samples->stack[i] &&
            wait_cause_of_run(model, from->causes, i) == WAIT_NONE)
            add_running(out, (double)samples->start_ns[i],
                        (double)(samples->start_ns[i] + samples->wall_ns[i]));
    for (size_t i = 0; i < out->parts; i++)
        out->before_ns[i + 1] += out->before_ns[i];
    return ML_OK;
}

static double running_at(const running *from, uint64_t time_ns)
{
    double place = from->part_ns > 0 ? (double)time_ns / from->part_ns : 0;
    size_t part = place < (double)from->parts ? (size_t)place : from->parts - 1;
    double rest = place < (double)from->parts ? place - (double)part : 1;
    return from->before_ns[part] + rest * (from->before_ns[part + 1] - from->before_ns[part]);
}

/* ---------------------------------------------------------------- collecting */

static wait_site site_of_run(const ml_model *model, uint64_t row, wait_cause cause)
{
    const ml_samples *samples = model->samples;
    uint32_t frame = ml_stack_own_frame(model, samples->stack[row]);
    wait_site one;
    memset(&one, 0, sizeof one);
    one.function = ml_stack_function(model, frame);
    one.line = ml_stack_line(model, frame);
    one.thread = samples->thread[row];
    one.cause = cause;
    one.leaf = samples->stack[row];
    one.waiting_ns = one.longest_run_ns = samples->wall_ns[row];
    one.cpu_ns = samples->cpu_ns[row];
    one.samples = samples->taken[row];
    one.stretches = 1;
    one.first_ns = samples->start_ns[row];
    one.last_ns = one.first_ns + one.waiting_ns;
    one.longest_ns = one.stretch_ns = one.waiting_ns;
    return one;
}

/* ---------------------------------------------------------------- event loops */

/* What a function is to an event loop of asyncio. */
enum { LOOP_NOTHING, LOOP_ITSELF, LOOP_CALLBACK };

static uint8_t loop_role(const ml_model *model, uint32_t function)
{
    const char *file = ml_function_file(model, function);
    const char *name = ml_function_name(model, function), *dot = strrchr(name, '.');
    name = dot ? dot + 1 : name;
    if (strcmp(name, "_run") == 0 && wait_ends_with(file, "asyncio/events.py"))
        return LOOP_CALLBACK;
    if (strcmp(name, "_run_once") == 0 && wait_ends_with(file, "asyncio/base_events.py"))
        return LOOP_ITSELF;
    return LOOP_NOTHING;
}

static ml_status find_roles(const wait_sites *from, uint8_t **out)
{
    const ml_model *model = from->model;
    *out = (uint8_t *)ml_alloc(from->host, model->functions->count, sizeof **out);
    if (!*out)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the roles of %u functions",
                       (unsigned)model->functions->count);
    for (uint32_t i = 0; i < model->functions->count; i++)
        (*out)[i] = loop_role(model, i);
    return ML_OK;
}

/* Is the innermost frame of an event loop on the stack that of a callback, not the loop's own wait? */
static int is_in_callback(const ml_model *model, const uint8_t *roles, uint32_t stack)
{
    ML_EACH_FRAME(model, stack, frame) {
        uint32_t function = model->stacks->function[frame];
        if (function < model->functions->count && roles[function] != LOOP_NOTHING)
            return roles[function] == LOOP_CALLBACK;
    }
    return 0;
}

/* ---------------------------------------------------------------- places */

/* Stacks that come from one line have one number, which is below the number of stacks. */
typedef struct numbering {
    uint32_t *of_stack; /* by row of stacks: the number of its line */
    uint32_t
        *site; /* by number and cause: one more than the site of the thread that was there last */
} numbering;

typedef struct stack_line {
    uint32_t stack, function, line;
} stack_line;

static int compare_lines(const void *left, const void *right)
{
    const stack_line *a = (const stack_line *)left, *b = (const stack_line *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static ml_status number_lines(const wait_sites *from, numbering *out)
{
    const ml_model *model = from->model;
    uint32_t count = model->stacks->count, number = 0;
    stack_line *lines = (stack_line *)ml_alloc(from->host, count, sizeof *lines);
    out->of_stack = (uint32_t *)ml_alloc(from->host, count, sizeof *out->of_stack);
    out->site = (uint32_t *)ml_alloc(from->host, (size_t)count * WAIT_CAUSES, sizeof *out->site);
    if (!lines || !out->of_stack || !out->site)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the lines of %u stacks",
                       (unsigned)count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t frame = ml_stack_own_frame(model, i);
        lines[i].stack = i;
        lines[i].function = ml_stack_function(model, frame);
        lines[i].line = ml_stack_line(model, frame);
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (uint32_t i = 0; i < count; i++) {
        number += i > 0 && compare_lines(&lines[i - 1], &lines[i]) != 0;
        out->of_stack[lines[i].stack] = number;
    }
    return ML_OK;
}

/* `other` comes later; `stretch_ns` holds the stretch that is going on while `to` grows. */
static void merge(wait_site *to, const wait_site *other)
{
    to->stretch_ns =
        other->first_ns == to->last_ns ? to->stretch_ns + other->waiting_ns : other->waiting_ns;
    to->stretches += other->first_ns != to->last_ns;
    to->longest_ns = to->stretch_ns > to->longest_ns ? to->stretch_ns : to->longest_ns;
    if (other->longest_run_ns > to->longest_run_ns) {
        to->longest_run_ns = other->longest_run_ns;
        to->leaf = other->leaf;
    }
    to->waiting_ns += other->waiting_ns;
    to->cpu_ns += other->cpu_ns;
    to->samples += other->samples;
    to->flow_ns += other->flow_ns;
    to->flow_cpu_ns += other->flow_cpu_ns;
    to->flow_running_ns += other->flow_running_ns;
    to->loop_ns += other->loop_ns;
    to->last_ns = other->last_ns;
}

/* The runs of a thread come one after the other, in order of time. */
static void add_site(wait_sites *into, const numbering *lines, const wait_site *one)
{
    uint32_t *site = &lines->site[(size_t)lines->of_stack[one->leaf] * WAIT_CAUSES + one->cause];
    if (*site && into->sites[*site - 1].thread == one->thread) {
        merge(&into->sites[*site - 1], one);
        return;
    }
    into->sites[into->count++] = *one;
    *site = (uint32_t)into->count;
}

static int compare_places(const void *left, const void *right)
{
    const wait_site *a = (const wait_site *)left, *b = (const wait_site *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->cause != b->cause)
        return a->cause < b->cause ? -1 : 1;
    return (a->thread > b->thread) - (a->thread < b->thread);
}

/* ---------------------------------------------------------------- threads */

/* What is the same for all threads of a process. */
typedef struct flow {
    const uint8_t *roles; /* of functions */
    const numbering *lines;
    spans joins;
    cpu_clock clock;
    running busy;
} flow;

static void set_flow(const ml_model *model, wait_site *one, const flow *process, uint64_t flow_ns)
{
    double used, ran, part = (double)flow_ns / (double)one->waiting_ns;
    one->flow_ns = flow_ns;
    if (!flow_ns)
        return;
    used = cpu_clock_at(model, process->clock, one->last_ns) -
           cpu_clock_at(model, process->clock, one->first_ns);
    ran = running_at(&process->busy, one->last_ns) - running_at(&process->busy, one->first_ns);
    if (used > 0)
        one->flow_cpu_ns = (uint64_t)(used * part);
    if (ran > 0)
        one->flow_running_ns = (uint64_t)(ran * part);
}

static void add_thread(wait_sites *into, uint32_t thread, const flow *process)
{
    const ml_model *model = into->model;
    size_t at = 0;
    ML_EACH_SAMPLE(model, thread, i) {
        wait_cause cause = wait_cause_of_run(model, into->causes, i);
        wait_site one;
        if (!model->samples->stack[i])
            continue;
        into->threads[thread][cause] += model->samples->wall_ns[i];
        if (cause == WAIT_NONE)
            continue;
        one = site_of_run(model, i, cause);
        if (ml_function_origin(model, one.function) & ML_MODULE_SYNTHETIC)
            continue;
        if (cause != WAIT_GIL && is_in_callback(model, process->roles, one.leaf))
            one.loop_ns = one.waiting_ns;
        if (holds_up(cause)) {
            span run = {one.first_ns, one.last_ns};
            set_flow(model, &one, process,
                     model->threads->is_main[thread] ? one.waiting_ns
                                                     : overlap(&process->joins, &at, run));
        }
        add_site(into, process->lines, &one);
    }
}

ml_status wait_sites_find(const ml_host *host, wait_sites *out)
{
    const ml_model *model = ml_get_model(host);
    uint8_t *roles;
    numbering lines;
    ml_status status;
    memset(out, 0, sizeof *out);
    out->host = host;
    out->model = model;
    out->sites = (wait_site *)ml_alloc(host, model->samples->count, sizeof *out->sites);
    out->threads =
        (uint64_t(*)[WAIT_CAUSES])ml_alloc(host, model->threads->count, sizeof *out->threads);
    out->causes = wait_causes_of_stacks(host);
    if (!out->sites || !out->threads || !out->causes)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %llu runs of samples",
                       (unsigned long long)model->samples->count);
    status = find_roles(out, &roles);
    if (status == ML_OK)
        status = number_lines(out, &lines);
    for (uint32_t process = 0; status == ML_OK && process < model->processes->count; process++) {
        flow common;
        common.roles = roles;
        common.lines = &lines;
        status = find_spans(out, process, &common.joins);
        if (status == ML_OK)
            status = find_running(out, process, &common.busy);
        if (status != ML_OK)
            return status;
        common.clock = cpu_clock_of(model, process);
        out->has_counters |= common.clock.user != ML_NONE;
        for (uint32_t i = 0; i < model->threads->count; i++)
            if (model->threads->process[i] == process)
                add_thread(out, i, &common);
    }
    if (status == ML_OK)
        qsort(out->sites, out->count, sizeof *out->sites, compare_places);
    return status;
}
