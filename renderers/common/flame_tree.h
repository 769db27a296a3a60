/* flame_tree: all stacks of a run merged by function, ready to be drawn from the root down. */
#ifndef MICROLOG_RENDERERS_COMMON_FLAME_TREE_H
#define MICROLOG_RENDERERS_COMMON_FLAME_TREE_H

#include <microlog/sdk.h>

typedef struct flame_tree_node {
    uint32_t function;
    uint32_t parent;      /* node */
    uint32_t first_child; /* node, ML_NONE: none; children are ordered by weight, largest first */
    uint32_t next;        /* sibling */
    uint64_t weight_ns;   /* with its children */
    uint64_t samples;
} flame_tree_node;

typedef struct flame_tree {
    flame_tree_node *nodes; /* node 0 is the root of all */
    uint32_t count;
    uint32_t *slots; /* by (parent, function), open addressing: node + 1, 0: free */
    uint32_t mask;
} flame_tree;

static inline uint32_t flame_tree_find_or_add(flame_tree *tree, uint32_t parent, uint32_t function)
{
    uint64_t hash = ((uint64_t)parent << 32 | function) * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t slot = (uint32_t)(hash >> 32) & tree->mask;
    while (tree->slots[slot]) {
        const flame_tree_node *node = tree->nodes + tree->slots[slot] - 1;
        if (node->parent == parent && node->function == function)
            return tree->slots[slot] - 1;
        slot = (slot + 1) & tree->mask;
    }
    tree->nodes[tree->count].parent = parent;
    tree->nodes[tree->count].function = function;
    tree->slots[slot] = ++tree->count;
    return tree->count - 1;
}

static inline ml_status flame_tree_open(flame_tree *tree, const ml_host *host, uint32_t stacks)
{
    uint32_t size = 16;
    while (size / 2 < stacks && size < 1u << 31)
        size *= 2;
    tree->mask = size - 1;
    tree->count = 1;
    tree->nodes = (flame_tree_node *)ml_alloc(host, (size_t)stacks + 1, sizeof *tree->nodes);
    tree->slots = (uint32_t *)ml_alloc(host, size, sizeof *tree->slots);
    if (!tree->nodes || !tree->slots)
        return ML_ERROR_MEMORY;
    tree->nodes[0].function = tree->nodes[0].parent = ML_NONE;
    return ML_OK;
}

/* Stacks that differ only in lines are one node; parents precede children in both. */
static inline void flame_tree_weigh(flame_tree *tree, const ml_model *model,
                                    const uint32_t *node_of)
{
    const ml_samples *samples = model->samples;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK;
        flame_tree_node *node = tree->nodes + node_of[samples->stack[i]];
        if (samples->stack[i] == 0 || (state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN))
            continue;
        node->weight_ns += samples->wall_ns[i];
        node->samples += samples->taken[i];
    }
    for (uint32_t i = tree->count; i-- > 1;) {
        tree->nodes[tree->nodes[i].parent].weight_ns += tree->nodes[i].weight_ns;
        tree->nodes[tree->nodes[i].parent].samples += tree->nodes[i].samples;
    }
}

static inline void flame_tree_link(flame_tree *tree, uint64_t least)
{
    flame_tree_node *nodes = tree->nodes;
    for (uint32_t i = 0; i < tree->count; i++)
        nodes[i].first_child = nodes[i].next = ML_NONE;
    for (uint32_t i = 1; i < tree->count; i++) {
        uint32_t *at = &nodes[nodes[i].parent].first_child;
        if (nodes[i].weight_ns <= least)
            continue;
        while (*at != ML_NONE && nodes[*at].weight_ns >= nodes[i].weight_ns)
            at = &nodes[*at].next;
        nodes[i].next = *at;
        *at = i;
    }
}

/* Weighs stacks by the time in which their threads were running; nodes of at most `least` of the whole are left
 * out. ML_ERROR_MEMORY without a cause when there is no memory. */
static inline ml_status flame_tree_build(const ml_host *host, const ml_model *model, double least,
                                         flame_tree *out)
{
    const ml_stacks *stacks = model->stacks;
    uint32_t *node_of = (uint32_t *)ml_alloc(host, stacks->count, sizeof *node_of);
    if (!node_of || flame_tree_open(out, host, stacks->count) != ML_OK)
        return ML_ERROR_MEMORY;
    for (uint32_t i = 1; i < stacks->count; i++)
        node_of[i] = flame_tree_find_or_add(out, node_of[stacks->parent[i]], stacks->function[i]);
    flame_tree_weigh(out, model, node_of);
    flame_tree_link(out, (uint64_t)((double)out->nodes[0].weight_ns * least));
    return ML_OK;
}

#endif
