#include "calls.h"

/* True if a frame further out already makes the call from one group to the other. */
static int is_made_before(const grouping *groups, uint32_t stack, uint32_t from, uint32_t to)
{
    const ml_stacks *stacks = groups->times->model->stacks;
    uint32_t at, inner = groups_of_stack(groups, stack, &at);
    while (at) {
        uint32_t outer = groups_of_stack(groups, stacks->parent[at], &at);
        if (outer == from && inner == to)
            return 1;
        inner = outer;
    }
    return 0;
}

static void add_stacks(call_table *to)
{
    const grouping *groups = to->groups;
    const ml_stacks *stacks = groups->times->model->stacks;
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t at, callee = groups->of_function[stacks->function[i]], caller;
        if (callee == ML_NONE || !groups->under_ns[i] || groups->times->is_import[i])
            continue;
        caller = groups_of_stack(groups, stacks->parent[i], &at);
        if (caller == ML_NONE || caller == callee || is_made_before(groups, at, caller, callee))
            continue;
        to->cells[caller][callee].ns += groups->under_ns[i];
    }
}

/* `counts` is by row of stacks, all 0. */
static void add_stretches(call_table *to, uint64_t *counts)
{
    const grouping *groups = to->groups;
    const ml_model *model = groups->times->model;
    for (uint64_t i = 0; i < model->calls->count; i++)
        counts[model->calls->stack[i]]++;
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t at, caller, callee = groups->of_function[model->stacks->function[i]];
        if (!counts[i] || callee == ML_NONE || groups->times->is_import[i])
            continue;
        caller = groups_of_stack(groups, model->stacks->parent[i], &at);
        if (caller != ML_NONE && caller != callee)
            to->cells[caller][callee].stretches += counts[i];
    }
}

ml_status calls_fill(call_table *to, const grouping *groups)
{
    const ml_host *host = groups->times->host;
    uint64_t *counts =
        (uint64_t *)ml_alloc(host, groups->times->model->stacks->count, sizeof *counts);
    to->groups = groups;
    to->cells = (call_sum(*)[CALLS_SIDE])ml_alloc(host, CALLS_SIDE, sizeof *to->cells);
    if (!to->cells || !counts)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the calls between groups");
    add_stacks(to);
    add_stretches(to, counts);
    return ML_OK;
}

/* ---------------------------------------------------------------- cycles */

static int is_link(const call_table *in, uint32_t from, uint32_t to, uint64_t least_ns)
{
    const group *groups = in->groups->groups;
    return groups[from].sort == SORT_OWN && groups[to].sort == SORT_OWN && !groups[from].merged &&
           !groups[to].merged && in->cells[from][to].ns >= least_ns;
}

/* Marks what can be reached from `start`, along the calls or against them. */
static void mark_reached(const call_table *in, uint64_t least_ns, uint32_t start, int against,
                         uint8_t *reached)
{
    uint32_t pending[CALLS_SIDE], count = 0;
    memset(reached, 0, CALLS_SIDE);
    pending[count++] = start;
    reached[start] = 1;
    while (count) {
        uint32_t at = pending[--count];
        for (uint32_t i = 0; i < in->groups->count; i++) {
            int linked = against ? is_link(in, i, at, least_ns) : is_link(in, at, i, least_ns);
            if (linked && !reached[i]) {
                reached[i] = 1;
                pending[count++] = i;
            }
        }
    }
}

uint32_t calls_next_cycle(const call_table *in, uint64_t least_ns, uint8_t *done, uint8_t *member)
{
    for (uint32_t start = 0; start < in->groups->count; start++) {
        uint8_t ahead[CALLS_SIDE], back[CALLS_SIDE];
        uint32_t count = 0;
        if (done[start])
            continue;
        mark_reached(in, least_ns, start, 0, ahead);
        mark_reached(in, least_ns, start, 1, back);
        memset(member, 0, CALLS_SIDE);
        for (uint32_t i = 0; i < in->groups->count; i++) {
            member[i] = ahead[i] && back[i];
            done[i] |= member[i];
            count += member[i];
        }
        if (count > 1)
            return count;
    }
    return 0;
}
