#include "groups.h"

#include <stdlib.h>

/* A function and the group it would like to be in. */
typedef struct wish {
    const char *name;
    int sort;
    uint32_t function;
} wish;

/* ---------------------------------------------------------------- names */

static int sort_of(const ml_model *model, const own_code *own, uint32_t function)
{
    if (function_is_own(own, model, function))
        return SORT_OWN;
    return ml_function_origin(model, function) & ML_MODULE_STDLIB ? SORT_STDLIB : SORT_PACKAGE;
}

/* The class, or the function outside of classes, that a qualified name begins with; "" for the module. */
static void put_part(char *part, size_t size, const char *qualified)
{
    size_t length = strcspn(qualified, ".");
    if (qualified[0] == '<')
        length = 0;
    ml_format(part, size, "%.*s", (int)(length < size ? length : size - 1), qualified);
}

static void put_name(char *name, size_t size, const ml_model *model, uint32_t function, int sort,
                     int detail)
{
    const char *module = ml_module_name(model, ml_function_module(model, function));
    char part[NAME_MAX_LENGTH];
    put_part(part, sizeof part, ml_function_name(model, function));
    if (sort != SORT_OWN)
        ml_format(name, size, "%.*s", (int)(top_part(module) < size ? top_part(module) : size - 1),
                  module);
    else if (detail == DETAIL_MODULES || !part[0])
        ml_format(name, size, "%s", module);
    else if (detail == DETAIL_ALONE)
        ml_format(name, size, "%s", part);
    else
        ml_format(name, size, "%s.%s", module, part);
}

/* ---------------------------------------------------------------- gathering */

static int compare_wishes(const void *left, const void *right)
{
    const wish *a = (const wish *)left, *b = (const wish *)right;
    int order = a->sort - b->sort;
    if (!order)
        order = strcmp(a->name, b->name);
    if (!order)
        order = a->function < b->function ? -1 : a->function > b->function;
    return order;
}

/* Every real function with the group that it belongs to, those of one group next to each other. */
static wish *gather(const stack_times *times, const own_code *own, int detail, size_t *count)
{
    const ml_model *model = times->model;
    wish *wishes = (wish *)ml_alloc(times->host, model->functions->count, sizeof *wishes);
    *count = 0;
    for (uint32_t i = 0; wishes && i < model->functions->count; i++) {
        char name[NAME_MAX_LENGTH];
        char *copy;
        int sort = sort_of(model, own, i);
        if (!function_is_real(model, i) || function_is_importer(model, i))
            continue;
        put_name(name, sizeof name, model, i, sort, detail);
        copy = (char *)ml_alloc(times->host, strlen(name) + 1, 1);
        if (!copy)
            return NULL;
        memcpy(copy, name, strlen(name));
        wishes[(*count)++] = (wish){copy, sort, i};
    }
    if (wishes)
        qsort(wishes, *count, sizeof *wishes, compare_wishes);
    return wishes;
}

static void name_groups(grouping *to, const wish *wishes, size_t count)
{
    const ml_model *model = to->times->model;
    for (uint32_t i = 0; i < model->functions->count; i++)
        to->of_function[i] = ML_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t module = ml_function_module(model, wishes[i].function);
        int is_new = i == 0 || wishes[i - 1].sort != wishes[i].sort ||
                     strcmp(wishes[i - 1].name, wishes[i].name) != 0;
        if (is_new)
            to->groups[to->count++] = (group){wishes[i].name, wishes[i].sort, module, 0, 0, 0};
        else if (to->groups[to->count - 1].module != module)
            to->groups[to->count - 1].module = ML_NONE;
        to->of_function[wishes[i].function] = to->count - 1;
    }
}

/* ---------------------------------------------------------------- times */

uint32_t groups_of_stack(const grouping *in, uint32_t stack, uint32_t *at)
{
    const ml_stacks *stacks = in->times->model->stacks;
    while (stack && in->of_function[stacks->function[stack]] == ML_NONE)
        stack = stacks->parent[stack];
    *at = stack;
    return stack ? in->of_function[stacks->function[stack]] : ML_NONE;
}

/* True if a frame further out is of the same group. */
static int is_repeated(const grouping *in, uint32_t stack, uint32_t wanted)
{
    const ml_stacks *stacks = in->times->model->stacks;
    for (uint32_t i = stacks->parent[stack]; i; i = stacks->parent[i])
        if (in->of_function[stacks->function[i]] == wanted)
            return 1;
    return 0;
}

static void sum_times(grouping *to)
{
    const ml_stacks *stacks = to->times->model->stacks;
    for (uint32_t i = stacks->count; i-- > 1;) {
        if (!to->times->is_import[i])
            to->under_ns[i] += to->times->running_ns[i];
        to->under_ns[stacks->parent[i]] += to->under_ns[i];
    }
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t at = to->of_function[stacks->function[i]];
        if (at == ML_NONE || to->times->is_import[i])
            continue;
        to->all_ns += to->times->running_ns[i];
        to->groups[at].self_ns += to->times->running_ns[i];
        if (to->under_ns[i] && !is_repeated(to, i, at))
            to->groups[at].under_ns += to->under_ns[i];
    }
}

/* ---------------------------------------------------------------- merging */

static int compare_weights(const void *left, const void *right)
{
    const group *a = *(const group *const *)left, *b = *(const group *const *)right;
    if (a->under_ns != b->under_ns)
        return a->under_ns > b->under_ns ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Marks what is merged: `merged` is 1. */
static ml_status choose_merged(grouping *in, uint32_t limit, double least)
{
    group **order = (group **)ml_alloc(in->times->host, in->count, sizeof *order);
    uint32_t kept = 0;
    if (!order)
        return ml_fail(in->times->host, ML_ERROR_MEMORY, "no memory for %u groups",
                       (unsigned)in->count);
    for (uint32_t i = 0; i < in->count; i++)
        order[i] = &in->groups[i];
    qsort(order, in->count, sizeof *order, compare_weights);
    for (uint32_t i = 0; i < in->count; i++) {
        int is_light =
            order[i]->sort != SORT_OWN && (double)order[i]->under_ns < least * (double)in->all_ns;
        order[i]->merged = is_light || kept == limit;
        kept += !order[i]->merged && order[i]->under_ns;
    }
    return ML_OK;
}

static const char *name_of_rest(const ml_host *host, int sort, uint32_t count)
{
    static const char *const names[] = {"other own code", "other packages",
                                        "other standard library"};
    char *name = (char *)ml_alloc(host, 1, NAME_MAX_LENGTH);
    if (!name)
        return "other";
    return ml_format(name, NAME_MAX_LENGTH, "%s (%u)", names[sort], (unsigned)count);
}

/* The place of group `old` in the final list: itself, or the rest of its sort, which is made when missing. Groups
 * in which no time was spent disappear. */
static uint32_t place_of(grouping *to, const group *old, uint32_t *rests)
{
    if (!old->under_ns)
        return ML_NONE;
    if (!old->merged) {
        to->groups[to->count] = *old;
        return to->count++;
    }
    if (rests[old->sort] == ML_NONE) {
        rests[old->sort] = to->count;
        to->groups[to->count++] = (group){"", old->sort, ML_NONE, 0, 0, 0};
    }
    to->groups[rests[old->sort]].merged++;
    return rests[old->sort];
}

static ml_status merge(grouping *in)
{
    const ml_model *model = in->times->model;
    const ml_host *host = in->times->host;
    grouping made = *in;
    uint32_t rests[OTHERS_MAX] = {ML_NONE, ML_NONE, ML_NONE};
    uint32_t *places = (uint32_t *)ml_alloc(host, in->count, sizeof *places);
    made.groups = (group *)ml_alloc(host, GROUPS_MAX + OTHERS_MAX, sizeof *made.groups);
    made.count = 0;
    made.all_ns = 0;
    if (!places || !made.groups)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %u groups", (unsigned)in->count);
    for (uint32_t i = 0; i < in->count; i++)
        places[i] = place_of(&made, &in->groups[i], rests);
    for (uint32_t i = 0; i < made.count; i++) {
        if (made.groups[i].merged)
            made.groups[i].name = name_of_rest(host, made.groups[i].sort, made.groups[i].merged);
        made.groups[i].self_ns = made.groups[i].under_ns = 0;
    }
    for (uint32_t i = 0; i < model->functions->count; i++)
        if (in->of_function[i] != ML_NONE)
            in->of_function[i] = places[in->of_function[i]];
    memset(made.under_ns, 0, model->stacks->count * sizeof *made.under_ns);
    *in = made;
    sum_times(in);
    return ML_OK;
}

ml_status groups_make(grouping *to, const stack_times *times, const own_code *own, int detail,
                      uint32_t limit, double least)
{
    const ml_model *model = times->model;
    size_t count = 0;
    wish *wishes = gather(times, own, detail, &count);
    ml_status status;
    memset(to, 0, sizeof *to);
    to->times = times;
    to->groups = (group *)ml_alloc(times->host, count, sizeof *to->groups);
    to->of_function =
        (uint32_t *)ml_alloc(times->host, model->functions->count, sizeof *to->of_function);
    to->under_ns = (uint64_t *)ml_alloc(times->host, model->stacks->count, sizeof *to->under_ns);
    if (!wishes || !to->groups || !to->of_function || !to->under_ns)
        return ml_fail(times->host, ML_ERROR_MEMORY, "no memory for the groups of %u functions",
                       (unsigned)model->functions->count);
    name_groups(to, wishes, count);
    sum_times(to);
    status = choose_merged(to, limit < GROUPS_MAX ? limit : GROUPS_MAX, least);
    return status == ML_OK ? merge(to) : status;
}
