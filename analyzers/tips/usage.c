#include "usage.h"

#include <stdlib.h>

enum { SAMPLES_LEAST = 5, WORDS = TIPS_MAX / 64 };

/* A bit for each tip. */
typedef struct tip_set {
    uint64_t words[WORDS];
} tip_set;

/* A line of a function, with time. */
typedef struct site {
    uint32_t function, line;
    uint64_t ns;
} site;

typedef struct survey {
    const ml_host *host;
    const ml_model *model;
    const catalogue *from;
    tip_set *of_function;           /* tips that the function matches */
    tip_set *of_stack;              /* tips that any function of the stack matches */
    uint64_t *running_ns, *wall_ns; /* by stack, at its leaf */
    uint64_t *running_samples, *wall_samples;
    uint64_t all_running_ns;
} survey;

/* ---------------------------------------------------------------- sets */

static int has(const tip_set *set, uint32_t which)
{
    return (int)(set->words[which / 64] >> which % 64 & 1);
}

static void add(tip_set *set, uint32_t which)
{
    set->words[which / 64] |= UINT64_C(1) << which % 64;
}

static int is_empty(const tip_set *set)
{
    return !(set->words[0] | set->words[1]);
}

/* ---------------------------------------------------------------- what is where */

static int is_of_version(const tip *about, int minor)
{
    return minor < 0 ? about->from < 0 && about->until > 999
                     : minor >= about->from && minor <= about->until;
}

static void mark_functions(survey *on)
{
    const ml_model *model = on->model;
    int minor = catalogue_minor_of(model->python);
    for (uint32_t i = 0; i < model->functions->count; i++) {
        uint32_t module = ml_function_module(model, i);
        if (!(ml_module_flags(model, module) & (ML_MODULE_STDLIB | ML_MODULE_THIRD_PARTY)))
            continue;
        for (uint32_t which = 0; which < on->from->tip_count; which++)
            if (is_of_version(&on->from->tips[which], minor) &&
                catalogue_matches(on->from->tips[which].where, ml_module_name(model, module),
                                  ml_function_name(model, i)))
                add(&on->of_function[i], which);
    }
}

static void mark_stacks(survey *on)
{
    const ml_stacks *stacks = on->model->stacks;
    for (uint32_t i = 1; i < stacks->count; i++) {
        const tip_set *own = &on->of_function[stacks->function[i]];
        const tip_set *above = &on->of_stack[stacks->parent[i]];
        for (int word = 0; word < WORDS; word++)
            on->of_stack[i].words[word] = own->words[word] | above->words[word];
    }
}

static void weigh_stacks(survey *on)
{
    const ml_samples *samples = on->model->samples;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK, stack = samples->stack[i];
        if (!stack)
            continue;
        on->wall_ns[stack] += samples->wall_ns[i];
        on->wall_samples[stack] += samples->taken[i];
        if (state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN)
            continue;
        on->running_ns[stack] += samples->wall_ns[i];
        on->running_samples[stack] += samples->taken[i];
        on->all_running_ns += samples->wall_ns[i];
    }
}

static ml_status open_survey(survey *on, const ml_host *host, const catalogue *from)
{
    const ml_model *model = ml_get_model(host);
    size_t stacks = model->stacks->count;
    memset(on, 0, sizeof *on);
    on->host = host;
    on->model = model;
    on->from = from;
    on->of_function = (tip_set *)ml_alloc(host, model->functions->count, sizeof(tip_set));
    on->of_stack = (tip_set *)ml_alloc(host, stacks, sizeof(tip_set));
    on->running_ns = (uint64_t *)ml_alloc(host, stacks, sizeof(uint64_t));
    on->wall_ns = (uint64_t *)ml_alloc(host, stacks, sizeof(uint64_t));
    on->running_samples = (uint64_t *)ml_alloc(host, stacks, sizeof(uint64_t));
    on->wall_samples = (uint64_t *)ml_alloc(host, stacks, sizeof(uint64_t));
    if (!on->of_function || !on->of_stack || !on->running_ns || !on->wall_ns ||
        !on->running_samples || !on->wall_samples)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the tips of %zu stacks", stacks);
    mark_functions(on);
    mark_stacks(on);
    weigh_stacks(on);
    return ML_OK;
}

/* ---------------------------------------------------------------- one tip */

/* Does the time at that stack's leaf count for the tip? */
static int counts(const survey *on, uint32_t which, uint32_t stack)
{
    if (on->from->tips[which].measure == MEASURE_SELF)
        return has(&on->of_function[on->model->stacks->function[stack]], which);
    return has(&on->of_stack[stack], which);
}

/* The thread with the most of it: of several that wait at once, the time would count several times. */
static void weigh_longest_thread(const survey *on, uint32_t which, fired *out)
{
    const ml_samples *samples = on->model->samples;
    uint64_t ns = 0, taken = 0;
    for (uint64_t i = 0; i < samples->count; i++) {
        if (i && samples->thread[i] != samples->thread[i - 1])
            ns = taken = 0;
        if (!samples->stack[i] || !counts(on, which, samples->stack[i]))
            continue;
        ns += samples->wall_ns[i];
        taken += samples->taken[i];
        if (ns > out->ns) {
            out->ns = ns;
            out->samples = taken;
        }
    }
}

static void weigh(const survey *on, uint32_t which, fired *out)
{
    uint64_t whole = on->all_running_ns;
    memset(out, 0, sizeof *out);
    out->about = &on->from->tips[which];
    if (out->about->measure == MEASURE_WALL) {
        weigh_longest_thread(on, which, out);
        whole = on->model->duration_ns;
    } else {
        for (uint32_t i = 1; i < on->model->stacks->count; i++)
            if (counts(on, which, i)) {
                out->ns += on->running_ns[i];
                out->samples += on->running_samples[i];
            }
    }
    out->share = whole ? (double)out->ns / (double)whole : 0;
}

/* Of the matching functions: innermost for "self", else anywhere on the stack. */
static uint32_t most_seen_function(const survey *on, uint32_t which)
{
    const ml_functions *functions = on->model->functions;
    const uint64_t *samples = on->from->tips[which].measure == MEASURE_SELF
                                  ? functions->self_samples
                                  : functions->total_samples;
    uint32_t best = ML_NONE;
    for (uint32_t i = 0; i < functions->count; i++)
        if (has(&on->of_function[i], which) && (best == ML_NONE || samples[i] > samples[best]))
            best = i;
    return best;
}

/* The frame of the project that called the innermost matching function; 0 if there is none. */
static uint32_t caller_in_project(const survey *on, uint32_t which, uint32_t stack)
{
    int is_above = 0;
    ML_EACH_FRAME(on->model, stack, frame) {
        uint32_t function = on->model->stacks->function[frame];
        if (is_above && (ml_function_origin(on->model, function) & ML_MODULE_PROJECT))
            return frame;
        is_above |= has(&on->of_function[function], which);
    }
    return 0;
}

static int compare_sites(const void *left, const void *right)
{
    const site *a = (const site *)left, *b = (const site *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* `sites` has room for a row a stack. */
static void find_caller(const survey *on, uint32_t which, site *sites, fired *out)
{
    const ml_stacks *stacks = on->model->stacks;
    const uint64_t *ns = out->about->measure == MEASURE_WALL ? on->wall_ns : on->running_ns;
    uint64_t best = 0, sum = 0;
    size_t count = 0;
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t frame = ns[i] && counts(on, which, i) ? caller_in_project(on, which, i) : 0;
        if (!frame)
            continue;
        sites[count].function = stacks->function[frame];
        sites[count].line = stacks->line[frame];
        sites[count++].ns = ns[i];
    }
    qsort(sites, count, sizeof *sites, compare_sites);
    out->caller = ML_NONE;
    for (size_t i = 0; i < count; i++) {
        sum = i && compare_sites(&sites[i - 1], &sites[i]) == 0 ? sum + sites[i].ns : sites[i].ns;
        if (sum > best) {
            best = sum;
            out->caller = sites[i].function;
            out->caller_line = sites[i].line;
        }
    }
}

/* ---------------------------------------------------------------- all tips */

static tip_set tips_seen(const survey *on)
{
    tip_set seen = {{0}};
    for (uint32_t i = 1; i < on->model->stacks->count; i++)
        if (!is_empty(&on->of_stack[i]) && on->wall_samples[i])
            for (int word = 0; word < WORDS; word++)
                seen.words[word] |= on->of_stack[i].words[word];
    return seen;
}

/* Keeps the list in order of time; equal ones in order of the catalogue. */
static void insert(usage *into, const fired *one)
{
    uint32_t place = into->count++;
    for (; place > 0 && into->all[place - 1].ns < one->ns; place--)
        into->all[place] = into->all[place - 1];
    into->all[place] = *one;
}

ml_status usage_find(const ml_host *host, const catalogue *from, usage *out)
{
    site *sites = (site *)ml_alloc(host, ml_get_model(host)->stacks->count, sizeof *sites);
    survey on;
    tip_set seen;
    ml_status status = open_survey(&on, host, from);
    memset(out, 0, sizeof *out);
    out->all = (fired *)ml_alloc(host, TIPS_MAX, sizeof *out->all);
    if (!sites || !out->all)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the tips");
    if (status != ML_OK)
        return status;
    out->running_ns = on.all_running_ns;
    seen = tips_seen(&on);
    for (uint32_t which = 0; which < from->tip_count; which++) {
        fired one;
        if (!has(&seen, which))
            continue;
        weigh(&on, which, &one);
        if (one.samples < SAMPLES_LEAST || one.share < one.about->least)
            continue;
        one.function = most_seen_function(&on, which);
        find_caller(&on, which, sites, &one);
        insert(out, &one);
    }
    return ML_OK;
}
