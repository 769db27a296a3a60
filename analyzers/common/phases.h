/* phases: the stretches of a run in which it did the same things.
 *
 * The run is cut into bins of equal length; each has shares of what was done in it: waiting, importing, the
 * functions of the program's own code that stand outermost. The cuts are those which make the description of all
 * bins shortest: a piece costs its length times the entropy of its shares, and each piece costs PIECE_COST times
 * the logarithm of the number of bins more; found exactly by dynamic programming, as B. Jackson et al., "An
 * Algorithm for Optimal Partitioning of Data on an Interval", IEEE Signal Processing Letters 12(2), 2005. */
#ifndef MICROLOG_ANALYZERS_COMMON_PHASES_H
#define MICROLOG_ANALYZERS_COMMON_PHASES_H

#include "common/own_code.h"

#include <math.h>

enum { PHASES_MAX = 8, PHASE_BINS = 200, PHASE_BINS_LEAST = 8, PHASE_KINDS = 14, PHASE_NAMED = 10 };

/* What is done: one of these, or from DOES_NAMED on an entry of phases.functions. */
enum { DOES_WAITING, DOES_IMPORTS, DOES_LIBRARY, DOES_OTHER, DOES_NAMED };

static const double PIECE_COST = 3.0, PIECE_COST_GROWS = 1.5;

typedef struct phase {
    uint64_t start_ns, end_ns;
    double share[PHASE_KINDS]; /* of its time; sum 1 */
} phase;

typedef struct phases {
    phase list[PHASES_MAX];
    size_t count;
    uint32_t functions[PHASE_NAMED]; /* rows of functions; ML_NONE where there are fewer */
} phases;

/* What the search works on. */
typedef struct phase_search {
    const stack_times *times;
    const own_code *own;
    uint32_t *doing; /* by stack: the function that names it, or ML_NONE */
    uint8_t *settled;
    uint64_t *under_ns,
        *deeper_ns; /* by function: running below it, and below another own function under it */
    double (*sums)[PHASE_KINDS]; /* of the bins before */
    size_t bins;
} phase_search;

/* ---------------------------------------------------------------- what a stack does */

static inline int phase_is_repeated(const ml_stacks *stacks, uint32_t stack)
{
    for (uint32_t i = stacks->parent[stack]; i; i = stacks->parent[i])
        if (stacks->function[i] == stacks->function[stack])
            return 1;
    return 0;
}

/* under_ns and deeper_ns of every own function. */
static inline int phase_sum_functions(phase_search *search)
{
    const ml_model *model = search->times->model;
    const ml_stacks *stacks = model->stacks;
    uint64_t *deeper = (uint64_t *)ml_alloc(search->times->host, stacks->count, sizeof *deeper);
    for (uint32_t i = deeper ? stacks->count : 0; i-- > 1;)
        deeper[stacks->parent[i]] +=
            function_is_own(search->own, model, stacks->function[i]) && !search->times->is_import[i]
                ? search->times->under_ns[i]
                : deeper[i];
    for (uint32_t i = 1; deeper && i < stacks->count; i++) {
        uint32_t function = stacks->function[i];
        if (search->times->is_import[i] || !function_is_own(search->own, model, function) ||
            phase_is_repeated(stacks, i))
            continue;
        search->under_ns[function] += search->times->under_ns[i];
        search->deeper_ns[function] += deeper[i];
    }
    return deeper != NULL;
}

/* True for a function that only leads to others, like main: nearly everything is below it, and below other own
 * functions under it. */
static inline int phase_passes_through(const phase_search *search, uint32_t function)
{
    const ml_model *model = search->times->model;
    uint64_t all = search->times->all_ns - search->times->imports_ns,
             under = search->under_ns[function];
    int is_module = strcmp(ml_function_name(model, function), "<module>") == 0;
    return (is_module && search->deeper_ns[function] > 0) ||
           (under >= all / 5 * 4 && search->deeper_ns[function] >= under / 5 * 4);
}

/* The outermost own function that does not only lead to others. */
static inline void phase_name_stacks(phase_search *search)
{
    const ml_model *model = search->times->model;
    search->doing[0] = ML_NONE;
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t parent = model->stacks->parent[i], function = model->stacks->function[i];
        search->doing[i] = search->doing[parent];
        search->settled[i] = search->settled[parent];
        if (search->settled[i] || search->times->is_import[i] ||
            !function_is_own(search->own, model, function))
            continue;
        search->doing[i] = function;
        search->settled[i] = !phase_passes_through(search, function);
    }
}

/* The functions that name most running time. */
static inline int phase_choose_functions(phases *to, const phase_search *search)
{
    const ml_model *model = search->times->model;
    uint64_t *sums =
        (uint64_t *)ml_alloc(search->times->host, model->functions->count, sizeof *sums);
    for (uint32_t i = 1; sums && i < model->stacks->count; i++)
        if (search->doing[i] != ML_NONE && !search->times->is_import[i])
            sums[search->doing[i]] += search->times->running_ns[i];
    for (size_t i = 0; i < PHASE_NAMED; i++) {
        uint32_t best = ML_NONE;
        for (uint32_t j = 0; sums && j < model->functions->count; j++)
            if (sums[j] > (best == ML_NONE ? 0 : sums[best]))
                best = j;
        to->functions[i] = best;
        if (best != ML_NONE)
            sums[best] = 0;
    }
    return sums != NULL;
}

static inline size_t phase_kind(const phases *to, const phase_search *search, uint32_t stack)
{
    if (search->times->is_import[stack])
        return DOES_IMPORTS;
    if (search->doing[stack] == ML_NONE)
        return DOES_LIBRARY;
    for (size_t i = 0; i < PHASE_NAMED; i++)
        if (to->functions[i] == search->doing[stack])
            return DOES_NAMED + i;
    return DOES_OTHER;
}

/* ---------------------------------------------------------------- bins */

static inline void phase_spread(phase_search *search, uint64_t start, uint64_t length, size_t kind)
{
    double scale = (double)search->bins / (double)search->times->model->duration_ns;
    double from = (double)start * scale, to = (double)(start + length) * scale;
    for (size_t i = from < (double)search->bins ? (size_t)from : search->bins;
         i < search->bins && (double)i < to; i++) {
        double left = from > (double)i ? from : (double)i;
        double right = to < (double)(i + 1) ? to : (double)(i + 1);
        search->sums[i + 1][kind] += right - left;
    }
}

/* Running threads of one bin share it; where fewer than one was running, the rest is waiting. Then the sums of all
 * bins before. */
static inline void phase_fill_bins(const phases *to, phase_search *search)
{
    const ml_samples *samples = search->times->model->samples;
    for (uint64_t i = 0; i < samples->count; i++)
        if (stack_state_is_running(samples->state[i]) && samples->stack[i])
            phase_spread(search, samples->start_ns[i], samples->wall_ns[i],
                         phase_kind(to, search, samples->stack[i]));
    for (size_t i = 1; i <= search->bins; i++) {
        double sum = 0;
        for (size_t kind = 0; kind < PHASE_KINDS; kind++)
            sum += search->sums[i][kind];
        search->sums[i][DOES_WAITING] += sum < 1 ? 1 - sum : 0;
        for (size_t kind = 0; kind < PHASE_KINDS; kind++)
            search->sums[i][kind] =
                search->sums[i - 1][kind] + search->sums[i][kind] / (sum < 1 ? 1 : sum);
    }
}

/* ---------------------------------------------------------------- cuts */

static inline double phase_cost(const phase_search *search, size_t from, size_t to)
{
    double length = (double)(to - from), cost = 0;
    for (size_t kind = 0; kind < PHASE_KINDS; kind++) {
        double part = search->sums[to][kind] - search->sums[from][kind];
        if (part > 1e-9)
            cost -= part * log(part / length);
    }
    return cost;
}

/* The cuts of the cheapest partition, last first; returns their number, the start of the run included. */
static inline size_t phase_cut(const phase_search *search, double piece, size_t *cuts)
{
    double best[PHASE_BINS + 1] = {0};
    size_t before[PHASE_BINS + 1] = {0}, count = 0;
    for (size_t to = 1; to <= search->bins; to++) {
        best[to] = INFINITY;
        for (size_t from = 0; from < to; from++) {
            double cost = best[from] + piece + phase_cost(search, from, to);
            if (cost < best[to] - 1e-9) {
                best[to] = cost;
                before[to] = from;
            }
        }
    }
    for (size_t at = search->bins; at > 0; at = before[at])
        cuts[count++] = before[at];
    return count;
}

static inline void phase_make(phases *to, const phase_search *search)
{
    size_t cuts[PHASE_BINS + 1], end = search->bins;
    uint64_t duration = search->times->model->duration_ns;
    double piece = PIECE_COST * log((double)search->bins);
    while ((to->count = phase_cut(search, piece, cuts)) > PHASES_MAX)
        piece *= PIECE_COST_GROWS;
    for (size_t i = 0; i < to->count; i++) {
        phase *one = &to->list[to->count - 1 - i];
        size_t start = cuts[i];
        one->start_ns = (uint64_t)((double)duration * (double)start / (double)search->bins);
        one->end_ns = (uint64_t)((double)duration * (double)end / (double)search->bins);
        for (size_t kind = 0; kind < PHASE_KINDS; kind++)
            one->share[kind] =
                (search->sums[end][kind] - search->sums[start][kind]) / (double)(end - start);
        end = start;
    }
}

/* No phases where the run is too short for them. */
static inline ml_status phases_find(phases *to, const stack_times *times, const own_code *own)
{
    const ml_model *model = times->model;
    phase_search search;
    uint64_t ticks = model->period_ns ? model->duration_ns / model->period_ns : 0;
    memset(to, 0, sizeof *to);
    memset(&search, 0, sizeof search);
    if (ticks < PHASE_BINS_LEAST)
        return ML_OK;
    search.times = times;
    search.own = own;
    search.bins = ticks < PHASE_BINS ? (size_t)ticks : PHASE_BINS;
    search.doing = (uint32_t *)ml_alloc(times->host, model->stacks->count, sizeof *search.doing);
    search.settled = (uint8_t *)ml_alloc(times->host, model->stacks->count, 1);
    search.under_ns = (uint64_t *)ml_alloc(times->host, model->functions->count, sizeof(uint64_t));
    search.deeper_ns = (uint64_t *)ml_alloc(times->host, model->functions->count, sizeof(uint64_t));
    search.sums = ml_alloc(times->host, search.bins + 1, sizeof *search.sums);
    if (!search.doing || !search.settled || !search.under_ns || !search.deeper_ns || !search.sums ||
        !phase_sum_functions(&search))
        return ml_fail(times->host, ML_ERROR_MEMORY, "no memory for the phases of the run");
    phase_name_stacks(&search);
    if (!phase_choose_functions(to, &search))
        return ml_fail(times->host, ML_ERROR_MEMORY, "no memory for the phases of the run");
    phase_fill_bins(to, &search);
    phase_make(to, &search);
    return ML_OK;
}

#endif
