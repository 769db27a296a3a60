/* facts: what the explainers know of a run, gathered once: functions, libraries, threads, phases, waits, messages.
 *
 * Each sort is ordered by weight and has handles by its place: f1, t1, p1; findings have theirs (F1) from the host. */
#ifndef MICROLOG_ANALYZERS_COMMON_FACTS_H
#define MICROLOG_ANALYZERS_COMMON_FACTS_H

#include "common/counters.h"
#include "common/phases.h"

enum {
    FACT_FUNCTIONS = 12,
    FACT_LIBRARIES = 10,
    FACT_THREADS = 8,
    FACT_SITES = 5,
    FACT_THREAD_KINDS = 64,
    FACT_NAME_MAX = 96,
    FACT_STATES = ML_STATE_OTHER + 1,
};

typedef struct fact_function {
    uint32_t function;
    uint64_t charged_ns; /* running in it or in library code that it called */
    uint64_t self_ns, under_ns, waiting_ns;
} fact_function;

typedef struct fact_library {
    const char *name; /* up to its first dot */
    uint32_t origin;
    uint64_t self_ns;
} fact_library;

/* Threads whose names differ in numbers only. */
typedef struct fact_thread {
    char name[FACT_NAME_MAX]; /* numbers as '#' where there are several */
    uint32_t first, count;
    int is_main;
    uint64_t running_ns, waiting_ns;
    uint32_t function; /* own, outermost, with most of the time; or ML_NONE */
} fact_thread;

typedef struct fact_site {
    uint32_t function; /* own, or the leaf's where there is none */
    uint32_t state;
    uint64_t ns;
} fact_site;

typedef struct facts {
    const ml_host *host;
    const ml_model *model;
    const ml_documents *documents;
    stack_times times;
    own_code own;
    phases phases;
    fact_function functions[FACT_FUNCTIONS];
    fact_library libraries[FACT_LIBRARIES];
    fact_thread threads[FACT_THREADS];
    fact_site sites[FACT_SITES];
    size_t function_count, library_count, thread_count, site_count;
    size_t thread_kinds; /* more than thread_count where some are left out */
    uint64_t own_self_ns, library_self_ns;
    uint64_t state_ns[FACT_STATES]; /* of all threads */
    uint64_t cpu_ns;
    int64_t peak_rss;     /* 0 where not known */
    uint64_t levels[6];   /* log records by level / 10 */
    uint64_t kinds[6];    /* messages by kind */
    uint64_t first_error; /* row of messages, or UINT64_MAX */
} facts;

/* The innermost own function of each stack, ML_NONE where there is none. */
static inline uint32_t *facts_innermost(const facts *of)
{
    const ml_stacks *stacks = of->model->stacks;
    uint32_t *own = (uint32_t *)ml_alloc(of->host, stacks->count, sizeof *own);
    for (uint32_t i = 0; own && i < stacks->count; i++)
        own[i] = i && function_is_own(&of->own, of->model, stacks->function[i])
                     ? stacks->function[i]
                 : i ? own[stacks->parent[i]]
                     : ML_NONE;
    return own;
}

/* The outermost own function of each stack but for the module's own code, where there is another. */
static inline uint32_t *facts_outermost(const facts *of)
{
    const ml_stacks *stacks = of->model->stacks;
    uint32_t *own = (uint32_t *)ml_alloc(of->host, stacks->count, sizeof *own);
    for (uint32_t i = 0; own && i < stacks->count; i++) {
        uint32_t function = stacks->function[i];
        own[i] = i ? own[stacks->parent[i]] : ML_NONE;
        if (i && function_is_own(&of->own, of->model, function) &&
            (own[i] == ML_NONE || strcmp(ml_function_name(of->model, own[i]), "<module>") == 0))
            own[i] = function;
    }
    return own;
}

/* ---------------------------------------------------------------- functions */

static inline void facts_sum_function(const facts *of, fact_function *all, const uint32_t *inner)
{
    const ml_stacks *stacks = of->model->stacks;
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t function = stacks->function[i];
        if (of->times.is_import[i])
            continue;
        if (inner[i] != ML_NONE) {
            all[inner[i]].charged_ns += of->times.running_ns[i];
            all[inner[i]].waiting_ns += of->times.waiting_ns[i];
        }
        all[function].self_ns += of->times.running_ns[i];
        if (!phase_is_repeated(stacks, i))
            all[function].under_ns += of->times.under_ns[i];
    }
}

static inline void facts_pick_functions(facts *to, fact_function *all)
{
    uint32_t count = to->model->functions->count;
    while (to->function_count < FACT_FUNCTIONS) {
        uint32_t best = ML_NONE;
        for (uint32_t i = 0; i < count; i++)
            if (all[i].charged_ns > (best == ML_NONE ? 0 : all[best].charged_ns))
                best = i;
        if (best == ML_NONE)
            return;
        to->functions[to->function_count] = all[best];
        to->functions[to->function_count++].function = best;
        all[best].charged_ns = 0;
    }
}

/* ---------------------------------------------------------------- libraries */

static inline void facts_add_library(fact_library *list, size_t *count, const char *name,
                                     uint32_t origin, uint64_t ns)
{
    size_t i = 0;
    while (i < *count && !(same_top_part(list[i].name, name) && list[i].origin == origin))
        i++;
    if (i == *count)
        list[(*count)++] = (fact_library){name, origin, 0};
    list[i].self_ns += ns;
}

static inline int facts_gather_libraries(facts *to)
{
    const ml_model *model = to->model;
    uint32_t modules = model->modules->count;
    uint64_t *sums = (uint64_t *)ml_alloc(to->host, modules, sizeof *sums);
    fact_library *list = (fact_library *)ml_alloc(to->host, modules, sizeof *list);
    size_t count = 0;
    if (!sums || !list)
        return 0;
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t function = model->stacks->function[i];
        uint32_t module = ml_function_module(model, function);
        if (to->times.is_import[i] || !function_is_real(model, function) || module >= modules)
            continue;
        if (to->own.is_own[module])
            to->own_self_ns += to->times.running_ns[i];
        else
            sums[module] += to->times.running_ns[i];
    }
    for (uint32_t i = 0; i < modules; i++) {
        to->library_self_ns += sums[i];
        if (sums[i])
            facts_add_library(list, &count, ml_module_name(model, i), model->modules->flags[i],
                              sums[i]);
    }
    while (to->library_count < FACT_LIBRARIES) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (list[i].self_ns > (best == count ? 0 : list[best].self_ns))
                best = i;
        if (best == count)
            break;
        to->libraries[to->library_count++] = list[best];
        list[best].self_ns = 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- threads */

/* The name with each number as '#'. */
static inline void facts_pattern(char *pattern, const char *name)
{
    size_t used = 0;
    for (; *name && used < FACT_NAME_MAX - 1; name++) {
        int is_digit = *name >= '0' && *name <= '9';
        if (!is_digit || !used || pattern[used - 1] != '#')
            pattern[used++] = (char)(is_digit ? '#' : *name);
    }
    pattern[used] = '\0';
}

/* Returns the kind that it is of; FACT_THREAD_KINDS: none, there are too many. */
static inline uint32_t facts_add_thread(fact_thread *kinds, size_t *count, const ml_model *model,
                                        uint32_t thread)
{
    const ml_samples *samples = model->samples;
    uint64_t first = model->threads->sample_first[thread];
    uint64_t end = first + model->threads->sample_count[thread];
    char pattern[FACT_NAME_MAX];
    size_t i = 0;
    facts_pattern(pattern, ml_text_of(model, model->threads->name[thread]));
    while (i < *count && strcmp(kinds[i].name, pattern) != 0)
        i++;
    if (i == FACT_THREAD_KINDS)
        return FACT_THREAD_KINDS;
    if (i == *count) {
        memcpy(kinds[i].name, pattern, sizeof pattern);
        kinds[i].first = thread;
        (*count)++;
    }
    kinds[i].count++;
    kinds[i].is_main |= model->threads->is_main[thread] != 0;
    for (uint64_t row = first; row < end; row++) {
        if (stack_state_is_running(samples->state[row]))
            kinds[i].running_ns += samples->wall_ns[row];
        else
            kinds[i].waiting_ns += samples->wall_ns[row];
    }
    return (uint32_t)i;
}

/* The outermost own function with most time, running or waiting, in the threads of that kind. */
static inline uint32_t facts_function_of_threads(const facts *of, const uint32_t *kind_of,
                                                 uint32_t kind, const uint32_t *outer,
                                                 uint64_t *sums)
{
    const ml_model *model = of->model;
    uint32_t best = ML_NONE;
    memset(sums, 0, model->functions->count * sizeof *sums);
    for (uint32_t thread = 0; thread < model->threads->count; thread++) {
        uint64_t first = model->threads->sample_first[thread];
        uint64_t end = first + model->threads->sample_count[thread];
        for (uint64_t i = kind_of[thread] == kind ? first : end; i < end; i++)
            if (outer[model->samples->stack[i]] != ML_NONE)
                sums[outer[model->samples->stack[i]]] += model->samples->wall_ns[i];
    }
    for (uint32_t i = 0; i < model->functions->count; i++)
        if (sums[i] > (best == ML_NONE ? 0 : sums[best]))
            best = i;
    return best;
}

/* Main threads first, then by running time. */
static inline int facts_gather_threads(facts *to)
{
    const ml_model *model = to->model;
    fact_thread *kinds = (fact_thread *)ml_alloc(to->host, FACT_THREAD_KINDS, sizeof *kinds);
    uint64_t *sums = (uint64_t *)ml_alloc(to->host, model->functions->count, sizeof *sums);
    uint32_t *outer = facts_outermost(to);
    uint32_t *kind_of = (uint32_t *)ml_alloc(to->host, model->threads->count, sizeof *kind_of);
    if (!kinds || !sums || !outer || !kind_of)
        return 0;
    for (uint32_t i = 0; i < model->threads->count; i++)
        kind_of[i] = facts_add_thread(kinds, &to->thread_kinds, model, i);
    while (to->thread_count < FACT_THREADS && to->thread_count < to->thread_kinds) {
        fact_thread *best = NULL;
        for (size_t i = 0; i < to->thread_kinds; i++)
            if (kinds[i].count &&
                (!best || kinds[i].is_main > best->is_main ||
                 (kinds[i].is_main == best->is_main && kinds[i].running_ns > best->running_ns)))
                best = &kinds[i];
        best->function =
            facts_function_of_threads(to, kind_of, (uint32_t)(best - kinds), outer, sums);
        to->threads[to->thread_count] = *best;
        if (best->count == 1)
            ml_format(to->threads[to->thread_count].name, FACT_NAME_MAX, "%s",
                      ml_text_of(model, model->threads->name[best->first]));
        to->thread_count++;
        best->count = 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- waits */

/* Time by function and state, for functions that waited. */
static inline int facts_gather_waits(facts *to, const uint32_t *inner)
{
    const ml_samples *samples = to->model->samples;
    uint32_t functions = to->model->functions->count;
    uint64_t *sums = (uint64_t *)ml_alloc(to->host, (size_t)functions * FACT_STATES, sizeof *sums);
    if (!sums)
        return 0;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK, stack = samples->stack[i];
        uint32_t function =
            inner[stack] != ML_NONE ? inner[stack] : to->model->stacks->function[stack];
        if (state >= FACT_STATES ||
            !function_is_real(to->model, to->model->stacks->function[stack]))
            continue;
        to->state_ns[state] += samples->wall_ns[i];
        if (!stack_state_is_running(state))
            sums[(size_t)function * FACT_STATES + state] += samples->wall_ns[i];
    }
    while (to->site_count < FACT_SITES) {
        size_t best = 0;
        for (size_t i = 1; i < (size_t)functions * FACT_STATES; i++)
            best = sums[i] > sums[best] ? i : best;
        if (!functions || !sums[best])
            break;
        to->sites[to->site_count++] =
            (fact_site){(uint32_t)(best / FACT_STATES), (uint32_t)(best % FACT_STATES), sums[best]};
        sums[best] = 0;
    }
    return 1;
}

/* ---------------------------------------------------------------- the rest */

static inline void facts_gather_messages(facts *to)
{
    const ml_messages *messages = to->model->messages;
    to->first_error = UINT64_MAX;
    for (uint64_t i = 0; i < messages->count; i++) {
        uint32_t kind = messages->kind[i], level = messages->level[i] / 10;
        to->kinds[kind < 6 ? kind : 0]++;
        if (kind == ML_MESSAGE_LOG)
            to->levels[level < 6 ? level : 5]++;
        if (to->first_error == UINT64_MAX &&
            (kind == ML_MESSAGE_EXCEPTION || (kind == ML_MESSAGE_LOG && level >= 4)))
            to->first_error = i;
    }
}

static inline void facts_gather_processes(facts *to)
{
    for (uint32_t i = 0; i < to->model->processes->count; i++) {
        to->cpu_ns += to->model->processes->cpu_ns[i];
        to->peak_rss += counter_peak(to->model, counter_find(to->model, "rss", i));
    }
}

static inline ml_status facts_gather(facts *to, const ml_host *host)
{
    fact_function *all;
    uint32_t *inner;
    ml_status status;
    memset(to, 0, sizeof *to);
    to->host = host;
    to->model = ml_get_model(host);
    to->documents = ml_get_documents(host);
    status = stack_times_fill(&to->times, host);
    if (status == ML_OK)
        status = own_code_find(&to->own, &to->times);
    if (status == ML_OK)
        status = phases_find(&to->phases, &to->times, &to->own);
    if (status != ML_OK)
        return status;
    all = (fact_function *)ml_alloc(host, to->model->functions->count, sizeof *all);
    inner = facts_innermost(to);
    if (!all || !inner || !facts_gather_libraries(to) || !facts_gather_threads(to) ||
        !facts_gather_waits(to, inner))
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the facts of the run");
    facts_sum_function(to, all, inner);
    facts_pick_functions(to, all);
    facts_gather_messages(to);
    facts_gather_processes(to);
    return ML_OK;
}

#endif
