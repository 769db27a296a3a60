#include "core/model/build.h"

typedef struct stack_key {
    uint32_t parent, function, line;
} stack_key;

/* The tree while it grows; there is room for as many rows as there are nodes. */
typedef struct stack_tree {
    ml_index index;
    uint32_t *parent, *function, *line, *depth;
    uint32_t count;
} stack_tree;

static int same_stack(const void *owner, uint32_t row, const void *key)
{
    const stack_tree *tree = owner;
    const stack_key *stack = key;

    return tree->parent[row] == stack->parent && tree->function[row] == stack->function &&
           tree->line[row] == stack->line;
}

static ml_status find_stack(stack_tree *tree, stack_key key, uint32_t *row)
{
    uint64_t hash = ml_index_hash(&tree->index, &key, sizeof(key));

    *row = ml_index_find(&tree->index, hash, same_stack, tree, &key);
    if (*row != ML_NONE) {
        return ML_OK;
    }
    *row = tree->count++;
    tree->parent[*row] = key.parent;
    tree->function[*row] = key.function;
    tree->line[*row] = key.line;
    tree->depth[*row] = tree->depth[key.parent] + 1;
    return ml_index_add(&tree->index, hash, *row);
}

static ml_status add_nodes(ml_build *build, stack_tree *tree, ml_member *member)
{
    const ml_tables *tables = &member->recording->tables;

    member->stack_row = ml_build_array(build, (uint64_t)tables->node_count + 1,
                                       sizeof(*member->stack_row), "stacks");
    if (member->stack_row == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t id = 1; id < tables->node_count; id++) {
        uint32_t frame = tables->node_frame[id];
        stack_key key = {.parent = member->stack_row[tables->node_parent[id]],
                         .function = member->function_row[tables->frame_code[frame]],
                         .line = tables->frame_line[frame]};
        ML_TRY(find_stack(tree, key, &member->stack_row[id]));
    }
    return ML_OK;
}

static ml_status make_room(ml_build *build, stack_tree *tree, uint64_t nodes)
{
    uint32_t **columns[] = {&tree->parent, &tree->function, &tree->line, &tree->depth};

    if (nodes >= ML_NONE) {
        return ml_error_set(build->error, ML_ERROR_TOO_LARGE, "more than 2^32 - 2 stacks");
    }
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        *columns[i] = ml_build_array(build, nodes, sizeof(**columns[i]), "stacks");
        if (*columns[i] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return ML_OK;
}

ml_status ml_build_stacks(ml_build *build)
{
    stack_tree tree = {.count = 1};
    uint64_t nodes = 1;

    ml_index_init(&tree.index, &build->arena);
    for (uint32_t i = 0; i < build->member_count; i++) {
        nodes += build->members[i].recording->tables.node_count;
    }
    ML_TRY(make_room(build, &tree, nodes));
    tree.function[0] = ML_NONE;
    for (uint32_t i = 0; i < build->member_count; i++) {
        ML_TRY(add_nodes(build, &tree, &build->members[i]));
    }
    build->tables.stacks = (ml_stacks){
        .parent = tree.parent, .function = tree.function, .line = tree.line, .depth = tree.depth};
    build->rows[ML_EXTENT_STACKS] = tree.count;
    return ML_OK;
}
