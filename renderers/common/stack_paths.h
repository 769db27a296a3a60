/* stack_paths: stacks that differ only in lines as one, and what a thread spent on each of them. For formats that know
 * functions but no lines. */
#ifndef MICROLOG_RENDERERS_COMMON_STACK_PATHS_H
#define MICROLOG_RENDERERS_COMMON_STACK_PATHS_H

#include "flame_tree.h"

typedef struct stack_paths {
    flame_tree tree;
    uint32_t *node_of; /* by stack */
    uint64_t *slots;   /* of a thread, by node */
    uint32_t *touched; /* nodes with slots, in the order in which the thread came to them */
    uint32_t count;    /* of `touched` */
} stack_paths;

static inline ml_status stack_paths_open(stack_paths *out, const ml_host *host,
                                         const ml_model *model)
{
    const ml_stacks *stacks = model->stacks;
    memset(out, 0, sizeof *out);
    out->node_of = (uint32_t *)ml_alloc(host, stacks->count, sizeof *out->node_of);
    out->slots = (uint64_t *)ml_alloc(host, (size_t)stacks->count + 1, sizeof *out->slots);
    out->touched = (uint32_t *)ml_alloc(host, (size_t)stacks->count + 1, sizeof *out->touched);
    if (!out->node_of || !out->slots || !out->touched ||
        flame_tree_open(&out->tree, host, stacks->count) != ML_OK)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the stacks of this recording");
    for (uint32_t i = 1; i < stacks->count; i++)
        out->node_of[i] = flame_tree_find_or_add(&out->tree, out->node_of[stacks->parent[i]],
                                                 stacks->function[i]);
    return ML_OK;
}

/* Counts the slots in which the thread was running on each stack; those of the thread before are forgotten. */
static inline void stack_paths_of_thread(stack_paths *paths, const ml_model *model, uint32_t thread)
{
    const ml_samples *samples = model->samples;
    uint64_t first = model->threads->sample_first[thread];
    uint64_t end = first + model->threads->sample_count[thread];
    while (paths->count)
        paths->slots[paths->touched[--paths->count]] = 0;
    for (uint64_t i = first; i < end; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK;
        uint32_t node = paths->node_of[samples->stack[i]];
        if (node == 0 || (state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN))
            continue;
        if (!paths->slots[node])
            paths->touched[paths->count++] = node;
        paths->slots[node] += samples->wall_ns[i] / (model->period_ns ? model->period_ns : 1);
    }
}

#endif
