#include "core/model/build.h"

#include <string.h>

/* The walk over a thread's samples keeps the stretches that are open, one per depth. Where one sample's
 * functions part from the next one's is found in the tree of paths: stacks of equal functions, whatever their
 * lines, are one path, named by its first stack. Stepping up from both to where they meet costs as many
 * steps as stretches end or begin, so the walk costs what it makes. It is done twice: once to count, when it keeps
 * what the second needs to know of each sample. */

typedef struct call_columns {
    uint32_t *function, *thread, *depth, *stack;
    uint64_t *parent, *subtree_end, *start_ns, *end_ns, *samples;
} call_columns;

/* Deeper than any stack. */
#define KEPT_UNREAD UINT32_MAX

typedef struct call_walk {
    ml_build *build;
    const uint32_t *path; /* of each stack */
    uint32_t
        *kept; /* by row of samples: how deep the stack is that of the one before, or KEPT_UNREAD */
    uint64_t *open; /* rows by depth - 1 */
    uint32_t open_depth;
    uint32_t open_path;
    uint64_t end_ns;       /* of the sample before */
    uint64_t taken;        /* samples of the thread before the one at hand */
    uint64_t count;        /* rows so far */
    call_columns *columns; /* NULL: only counting */
} call_walk;

/* ---- paths ---- */

typedef struct path_key {
    uint32_t parent, function;
} path_key;

typedef struct path_map {
    const ml_stacks *stacks;
    uint32_t *path;
} path_map;

static int same_path(const void *owner, uint32_t row, const void *key)
{
    const path_map *paths = owner;
    const path_key *path = key;

    return paths->path[paths->stacks->parent[row]] == path->parent &&
           paths->stacks->function[row] == path->function;
}

static ml_status find_paths(ml_build *build, path_map *paths)
{
    ml_index index;

    ml_index_init(&index, &build->arena);
    for (uint32_t row = 1; row < build->rows[ML_EXTENT_STACKS]; row++) {
        path_key key = {paths->path[paths->stacks->parent[row]], paths->stacks->function[row]};
        uint64_t hash = ml_index_hash(&index, &key, sizeof(key));
        uint32_t found = ml_index_find(&index, hash, same_path, paths, &key);
        paths->path[row] = found != ML_NONE ? found : row;
        if (found == ML_NONE) {
            ML_TRY(ml_index_add(&index, hash, row));
        }
    }
    return ML_OK;
}

/* ---- the walk ---- */

/* How deep the path of the sample before and that of `stack` are the same. */
static uint32_t common_depth(const call_walk *walk, uint32_t stack)
{
    const ml_stacks *stacks = &walk->build->tables.stacks;
    uint32_t one = walk->open_path;
    uint32_t other = walk->path[stack];

    while (one != other) {
        uint32_t one_depth = stacks->depth[one];
        uint32_t other_depth = stacks->depth[other];
        one = one_depth >= other_depth ? walk->path[stacks->parent[one]] : one;
        other = other_depth >= one_depth ? walk->path[stacks->parent[other]] : other;
    }
    return stacks->depth[one];
}

static void close_to(call_walk *walk, uint32_t depth)
{
    if (walk->columns != NULL) {
        for (uint32_t i = depth; i < walk->open_depth; i++) {
            uint64_t row = walk->open[i];
            walk->columns->subtree_end[row] = walk->count;
            walk->columns->end_ns[row] = walk->end_ns;
            walk->columns->samples[row] = walk->taken - walk->columns->samples[row];
        }
    }
    walk->open_depth = depth;
}

/* Row of a stretch that begins with sample `sample` at `depth`, where its stack is `stack`. */
static void put_call(call_walk *walk, uint64_t sample, uint32_t stack, uint32_t depth)
{
    const ml_image_tables *tables = &walk->build->tables;
    call_columns *columns = walk->columns;
    uint64_t row = walk->count + depth - 1 - walk->open_depth;

    walk->open[depth - 1] = row;
    columns->function[row] = tables->stacks.function[stack];
    columns->thread[row] = tables->samples.thread[sample];
    columns->depth[row] = depth;
    columns->stack[row] = stack;
    columns->parent[row] = depth == 1                     ? UINT64_MAX
                           : depth - 1 > walk->open_depth ? row - 1
                                                          : walk->open[depth - 2];
    columns->start_ns[row] = tables->samples.start_ns[sample];
    columns->samples[row] = walk->taken; /* until it is closed */
}

static void open_stack(call_walk *walk, uint64_t sample, uint32_t stack)
{
    const ml_stacks *stacks = &walk->build->tables.stacks;
    uint32_t depth = stacks->depth[stack];

    if (walk->columns != NULL) {
        uint32_t at = stack;
        for (uint32_t level = depth; level > walk->open_depth; level--) {
            put_call(walk, sample, at, level);
            at = stacks->parent[at];
        }
    }
    walk->count += depth - walk->open_depth;
    walk->open_depth = depth;
}

/* What the recorder writes for a stack that would not stand still. */
static int is_unread(const ml_build *build, uint32_t stack)
{
    const ml_image_tables *tables = &build->tables;
    uint32_t function = tables->stacks.function[stack];

    return tables->stacks.depth[stack] == 1 &&
           strcmp(ml_interner_text(&build->strings, tables->functions.name[function]),
                  "<stack not read>") == 0;
}

/* A stack that was not read neither ends a stretch nor begins one: the thread most likely went on with what it did. */
static uint32_t find_kept(const call_walk *walk, uint64_t sample)
{
    const ml_samples *samples = &walk->build->tables.samples;

    if (samples->start_ns[sample] != walk->end_ns) {
        return 0;
    }
    if (walk->open_depth != 0 && is_unread(walk->build, samples->stack[sample])) {
        return KEPT_UNREAD;
    }
    return common_depth(walk, samples->stack[sample]);
}

/* False when the limit of rows is reached; then nothing is opened. */
static int take_sample(call_walk *walk, uint64_t sample)
{
    const ml_samples *samples = &walk->build->tables.samples;
    uint32_t stack = samples->stack[sample];

    if (walk->columns == NULL) {
        walk->kept[sample] = find_kept(walk, sample);
    }
    if (walk->kept[sample] != KEPT_UNREAD) {
        close_to(walk, walk->kept[sample]);
        if (walk->build->tables.stacks.depth[stack] - walk->open_depth >
            ML_CALLS_LIMIT - walk->count) {
            walk->build->calls_cut = 1;
            return 0;
        }
        open_stack(walk, sample, stack);
        walk->open_path = walk->path[stack];
    }
    walk->end_ns = samples->start_ns[sample] + samples->wall_ns[sample];
    walk->taken = ml_sum(walk->taken, samples->taken[sample]);
    return 1;
}

static void walk_thread(call_walk *walk, uint32_t thread)
{
    const ml_threads *threads = &walk->build->tables.threads;
    uint64_t end = threads->sample_first[thread] + threads->sample_count[thread];

    walk->open_path = 0;
    walk->end_ns = 0;
    walk->taken = 0;
    for (uint64_t i = threads->sample_first[thread]; i < end; i++) {
        if (!take_sample(walk, i)) {
            break;
        }
    }
    close_to(walk, 0);
}

/* ---- the stage ---- */

static ml_status make_room(ml_build *build, call_columns *columns, uint64_t rows)
{
    uint32_t **const narrow[] = {&columns->function, &columns->thread, &columns->depth,
                                 &columns->stack, NULL};
    uint64_t **const wide[] = {&columns->parent, &columns->subtree_end, &columns->start_ns,
                               &columns->end_ns, &columns->samples,     NULL};

    ML_TRY(ml_build_narrow(build, rows, "calls", narrow));
    return ml_build_wide(build, rows, "calls", wide);
}

static void publish(ml_build *build, const call_columns *columns, uint64_t rows)
{
    build->tables.calls = (ml_calls){.function = columns->function,
                                     .thread = columns->thread,
                                     .depth = columns->depth,
                                     .stack = columns->stack,
                                     .parent = columns->parent,
                                     .subtree_end = columns->subtree_end,
                                     .start_ns = columns->start_ns,
                                     .end_ns = columns->end_ns,
                                     .samples = columns->samples};
    build->rows[ML_EXTENT_CALLS] = rows;
}

/* Both passes: with columns they are filled, without them rows are counted. */
static uint64_t walk_threads(call_walk *walk, call_columns *columns, uint64_t *first,
                             uint64_t *count)
{
    walk->count = 0;
    walk->columns = columns;
    for (uint32_t thread = 0; thread < walk->build->thread_count; thread++) {
        first[thread] = walk->count;
        walk_thread(walk, thread);
        count[thread] = walk->count - first[thread];
    }
    return walk->count;
}

static uint32_t deepest(const ml_build *build)
{
    uint32_t depth = 0;

    for (uint32_t row = 0; row < build->rows[ML_EXTENT_STACKS]; row++) {
        uint32_t here = build->tables.stacks.depth[row];
        depth = here > depth ? here : depth;
    }
    return depth;
}

ml_status ml_build_calls(ml_build *build)
{
    uint32_t threads = build->thread_count;
    uint64_t *first = ml_build_array(build, threads, sizeof(*first), "threads");
    uint64_t *count = ml_build_array(build, threads, sizeof(*count), "threads");
    uint64_t *open = ml_build_array(build, deepest(build), sizeof(*open), "calls");
    path_map paths = {.stacks = &build->tables.stacks,
                      .path = ml_build_array(build, build->rows[ML_EXTENT_STACKS],
                                             sizeof(*paths.path), "stacks")};
    uint32_t *kept =
        ml_build_array(build, build->rows[ML_EXTENT_SAMPLES], sizeof(*kept), "samples");
    call_walk walk = {.build = build, .path = paths.path, .kept = kept, .open = open};
    call_columns columns = {.function = NULL};

    if (first == NULL || count == NULL || open == NULL || paths.path == NULL || kept == NULL) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(find_paths(build, &paths));
    ML_TRY(make_room(build, &columns, walk_threads(&walk, NULL, first, count)));
    publish(build, &columns, walk_threads(&walk, &columns, first, count));
    build->tables.threads.call_first = first;
    build->tables.threads.call_count = count;
    return ML_OK;
}
