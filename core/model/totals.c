#include "core/model/build.h"

typedef struct stack_weight {
    uint64_t wall_ns, cpu_ns, samples;
} stack_weight;

typedef struct time_columns {
    uint64_t *self_ns, *total_ns, *self_cpu_ns, *total_cpu_ns, *self_samples, *total_samples;
} time_columns;

/* The tree turned round: from a stack to those below it. Stack 0 is nobody's child. */
typedef struct child_links {
    uint32_t *first, *next;
} child_links;

static void add_weight(stack_weight *to, const stack_weight *more)
{
    to->wall_ns = ml_sum(to->wall_ns, more->wall_ns);
    to->cpu_ns = ml_sum(to->cpu_ns, more->cpu_ns);
    to->samples = ml_sum(to->samples, more->samples);
}

/* What was sampled with each stack as the whole stack. */
static void weigh_stacks(const ml_build *build, stack_weight *weights)
{
    const ml_samples *samples = &build->tables.samples;

    for (uint64_t i = 0; i < build->rows[ML_EXTENT_SAMPLES]; i++) {
        stack_weight one = {samples->wall_ns[i], samples->cpu_ns[i], samples->taken[i]};
        add_weight(&weights[samples->stack[i]], &one);
    }
}

static void add_self(const ml_build *build, const stack_weight *weights, time_columns *columns)
{
    for (uint32_t row = 1; row < build->rows[ML_EXTENT_STACKS]; row++) {
        uint32_t function = build->tables.stacks.function[row];
        columns->self_ns[function] = ml_sum(columns->self_ns[function], weights[row].wall_ns);
        columns->self_cpu_ns[function] =
            ml_sum(columns->self_cpu_ns[function], weights[row].cpu_ns);
        columns->self_samples[function] =
            ml_sum(columns->self_samples[function], weights[row].samples);
    }
}

/* Makes each stack's weight include those below it, which have higher rows. */
static void sum_upwards(const ml_build *build, stack_weight *weights)
{
    for (uint32_t row = (uint32_t)build->rows[ML_EXTENT_STACKS]; row-- > 1;) {
        uint32_t parent = build->tables.stacks.parent[row];
        if (parent != 0) {
            add_weight(&weights[parent], &weights[row]);
        }
    }
}

static void link_children(const ml_build *build, child_links *children)
{
    for (uint32_t row = (uint32_t)build->rows[ML_EXTENT_STACKS]; row-- > 1;) {
        uint32_t parent = build->tables.stacks.parent[row];
        children->next[row] = children->first[parent];
        children->first[parent] = row;
    }
}

static void add_total(time_columns *columns, uint32_t function, const stack_weight *weight)
{
    columns->total_ns[function] = ml_sum(columns->total_ns[function], weight->wall_ns);
    columns->total_cpu_ns[function] = ml_sum(columns->total_cpu_ns[function], weight->cpu_ns);
    columns->total_samples[function] = ml_sum(columns->total_samples[function], weight->samples);
}

/* Visits the tree depth first by its links. A function's total takes the weight of a stack only where the
 * function is not already open above it; `open` counts that. */
static void add_totals(const ml_build *build, const stack_weight *weights,
                       const child_links *children, uint32_t *open, time_columns *columns)
{
    const ml_stacks *stacks = &build->tables.stacks;
    uint32_t row = children->first[0];

    while (row != 0) {
        if (open[stacks->function[row]]++ == 0) {
            add_total(columns, stacks->function[row], &weights[row]);
        }
        if (children->first[row] != 0) {
            row = children->first[row];
            continue;
        }
        for (;;) {
            open[stacks->function[row]]--;
            if (children->next[row] != 0 || stacks->parent[row] == 0) {
                row = children->next[row];
                break;
            }
            row = stacks->parent[row];
        }
    }
}

static ml_status make_room(ml_build *build, time_columns *columns)
{
    uint64_t **all[] = {&columns->self_ns,      &columns->total_ns,     &columns->self_cpu_ns,
                        &columns->total_cpu_ns, &columns->self_samples, &columns->total_samples};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        *all[i] =
            ml_build_array(build, build->rows[ML_EXTENT_FUNCTIONS], sizeof(**all[i]), "functions");
        if (*all[i] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return ML_OK;
}

ml_status ml_build_totals(ml_build *build)
{
    uint64_t stacks = build->rows[ML_EXTENT_STACKS];
    stack_weight *weights = ml_build_array(build, stacks, sizeof(*weights), "stacks");
    uint32_t *open =
        ml_build_array(build, build->rows[ML_EXTENT_FUNCTIONS], sizeof(*open), "functions");
    child_links children = {
        .first = ml_build_array(build, stacks, sizeof(*children.first), "stacks"),
        .next = ml_build_array(build, stacks, sizeof(*children.next), "stacks")};
    ml_functions *functions = &build->tables.functions;
    time_columns columns;

    if (weights == NULL || open == NULL || children.first == NULL || children.next == NULL) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(make_room(build, &columns));
    weigh_stacks(build, weights);
    add_self(build, weights, &columns);
    sum_upwards(build, weights);
    link_children(build, &children);
    add_totals(build, weights, &children, open, &columns);
    functions->self_ns = columns.self_ns;
    functions->total_ns = columns.total_ns;
    functions->self_cpu_ns = columns.self_cpu_ns;
    functions->total_cpu_ns = columns.total_cpu_ns;
    functions->self_samples = columns.self_samples;
    functions->total_samples = columns.total_samples;
    return ML_OK;
}
