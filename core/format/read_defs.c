#include "core/format/read_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One DEFS chunk being added. Nothing of it counts until store->count is raised at the very end. */
typedef struct {
    ml_table_store *store;
    ml_arena *arena;
    ml_columns columns;
    uint32_t base[ML_TABLE_COUNT], upto[ML_TABLE_COUNT];
    uint64_t string_bytes;
    const ml_limits *limits;
    ml_error *error;
} addition;

static ml_status damaged(const addition *a, const char *what)
{
    return ml_error_set(a->error, ML_ERROR_FORMAT, "the definitions of %s are damaged", what);
}

static ml_status too_many(const addition *a, const char *what)
{
    return ml_error_set(a->error, ML_ERROR_TOO_LARGE,
                        "the recording defines more %s than the limit allows", what);
}

/* ---- room ---- */

typedef struct {
    void *items; /* address of the array pointer */
    size_t size;
} growing;

/* Makes room for a table's additions in all of its arrays. */
static ml_status grow(const addition *a, unsigned table, const growing *arrays, size_t count)
{
    size_t capacity = a->store->capacity[table];

    for (size_t i = 0; i < count; i++) {
        capacity = a->store->capacity[table];
        if (ml_arena_grow(a->arena, arrays[i].items, &capacity, a->upto[table], arrays[i].size) <
            0) {
            return ml_error_set(a->error, ML_ERROR_MEMORY, "no memory for definitions");
        }
    }
    a->store->capacity[table] = capacity;
    return ML_OK;
}

#define ARRAY(pointer)                                                                             \
    {                                                                                              \
        &(pointer), sizeof(*(pointer))                                                             \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static ml_status grow_table(const addition *a, unsigned table)
{
    ml_table_store *s = a->store;
    const growing strings[] = {ARRAY(s->string), ARRAY(s->string_length)};
    const growing codes[] = {ARRAY(s->code_file), ARRAY(s->code_name), ARRAY(s->code_module),
                             ARRAY(s->code_line), ARRAY(s->code_flags)};
    const growing frames[] = {ARRAY(s->frame_code), ARRAY(s->frame_line)};
    const growing nodes[] = {ARRAY(s->node_parent), ARRAY(s->node_frame), ARRAY(s->node_depth)};
    const growing threads[] = {ARRAY(s->thread_ident),       ARRAY(s->thread_native_id),
                               ARRAY(s->thread_interpreter), ARRAY(s->thread_first_tick),
                               ARRAY(s->thread_name),        ARRAY(s->thread_number)};
    const growing kinds[] = {ARRAY(s->kind)};

    switch (table) {
    case ML_TABLE_STRINGS: return grow(a, table, strings, COUNT(strings));
    case ML_TABLE_CODES: return grow(a, table, codes, COUNT(codes));
    case ML_TABLE_FRAMES: return grow(a, table, frames, COUNT(frames));
    case ML_TABLE_NODES: return grow(a, table, nodes, COUNT(nodes));
    case ML_TABLE_THREADS: return grow(a, table, threads, COUNT(threads));
    default: return grow(a, table, kinds, COUNT(kinds));
    }
}

ml_status ml_store_start(ml_table_store *store, ml_arena *arena,
                         const uint32_t expected[ML_TABLE_COUNT])
{
    addition first = {.store = store, .arena = arena};

    memcpy(first.upto, expected, sizeof(first.upto));
    first.upto[ML_TABLE_STRINGS] += expected[ML_TABLE_STRINGS] == 0;
    first.upto[ML_TABLE_NODES] += expected[ML_TABLE_NODES] == 0;
    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        ML_TRY(grow_table(&first, table));
    }
    store->string[0] = (const uint8_t *)"";
    store->count[ML_TABLE_STRINGS] = 1;
    store->count[ML_TABLE_NODES] = 1;
    return ML_OK;
}

/* ---- the preamble ---- */

static ml_status read_counts(addition *a, const ml_chunk_view *view)
{
    const uint32_t limits[ML_TABLE_COUNT] = {a->limits->strings, a->limits->codes,
                                             a->limits->frames,  a->limits->nodes,
                                             a->limits->threads, a->limits->kinds};
    static const char *const names[ML_TABLE_COUNT] = {"strings", "code objects", "frames",
                                                      "nodes",   "threads",      "kinds"};
    ml_cursor preamble = view->preamble;

    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        a->base[table] = ml_cursor_u32v(&preamble);
    }
    for (unsigned table = 0; table < ML_TABLE_COUNT; table++) {
        uint32_t added = ml_cursor_u32v(&preamble);
        if (added > limits[table] || a->base[table] > limits[table] - added) {
            return too_many(a, names[table]);
        }
        a->upto[table] = a->base[table] + added;
    }
    if (preamble.bad) {
        return damaged(a, "a chunk");
    }
    if (memcmp(a->base, a->store->count, sizeof(a->base)) != 0) {
        return ml_error_set(a->error, ML_ERROR_NOT_FOUND, "definitions before these are missing");
    }
    return ML_OK;
}

/* A column that has at least a byte for each addition to `table`: what claims more is not worth
 * room. */
static int take(addition *a, uint32_t column, unsigned table, ml_cursor *cursor)
{
    *cursor = ml_columns_take(&a->columns, column);
    return ml_cursor_left(cursor) >= a->upto[table] - a->base[table];
}

/* ---- the tables ---- */

static ml_status add_strings(addition *a)
{
    ml_table_store *store = a->store;
    ml_cursor lengths;
    ml_cursor bytes = ml_columns_take(&a->columns, ML_DEFS_STRING_BYTES);
    const uint8_t *copy;

    if (!take(a, ML_DEFS_STRING_LENGTH, ML_TABLE_STRINGS, &lengths)) {
        return damaged(a, "strings");
    }
    a->string_bytes = store->string_bytes + ml_cursor_left(&bytes);
    if (a->string_bytes > a->limits->all_string_bytes) {
        return too_many(a, "string bytes");
    }
    ML_TRY(grow_table(a, ML_TABLE_STRINGS));
    copy = (const uint8_t *)ml_arena_copy(a->arena, bytes.at, ml_cursor_left(&bytes));
    if (copy == NULL) {
        return ml_error_set(a->error, ML_ERROR_MEMORY, "no memory for definitions");
    }
    bytes = (ml_cursor){copy, copy + ml_cursor_left(&bytes), 0};
    for (uint32_t i = a->base[ML_TABLE_STRINGS]; i < a->upto[ML_TABLE_STRINGS]; i++) {
        uint32_t length = ml_cursor_u32v(&lengths);
        if (length > a->limits->string_bytes) {
            return too_many(a, "bytes in one string");
        }
        store->string[i] = ml_cursor_bytes(&bytes, length);
        store->string_length[i] = length;
    }
    return ml_cursor_done(&lengths) && ml_cursor_done(&bytes) ? ML_OK : damaged(a, "strings");
}

/* A reference: 0 is "the one behind the newest referred to so far", else id + 1. */
static uint32_t reference(ml_cursor *cursor, uint32_t *next, uint32_t count)
{
    uint64_t value = ml_cursor_uv(cursor);
    uint64_t id = value == 0 ? *next : value - 1;

    if (id >= count) {
        cursor->bad = 1;
        return 0;
    }
    *next = id >= *next ? (uint32_t)id + 1 : *next;
    return (uint32_t)id;
}

/* An ignorable column is there for every addition or not at all. */
static uint32_t optional_below(ml_cursor *cursor, uint32_t limit)
{
    return cursor->at == NULL ? 0 : ml_cursor_below(cursor, limit);
}

static ml_status add_codes(addition *a)
{
    ml_table_store *store = a->store;
    uint32_t next = a->base[ML_TABLE_STRINGS];
    uint32_t strings = a->upto[ML_TABLE_STRINGS];
    ml_cursor files;
    ml_cursor names = ml_columns_take(&a->columns, ML_DEFS_CODE_NAME);
    ml_cursor lines = ml_columns_take(&a->columns, ML_DEFS_CODE_LINE);
    ml_cursor modules = ml_columns_take(&a->columns, ML_DEFS_CODE_MODULE);
    ml_cursor flags = ml_columns_take(&a->columns, ML_DEFS_CODE_FLAGS);

    if (!take(a, ML_DEFS_CODE_FILE, ML_TABLE_CODES, &files)) {
        return damaged(a, "code objects");
    }
    ML_TRY(grow_table(a, ML_TABLE_CODES));
    for (uint32_t i = a->base[ML_TABLE_CODES]; i < a->upto[ML_TABLE_CODES]; i++) {
        store->code_file[i] = reference(&files, &next, strings);
        store->code_name[i] = reference(&names, &next, strings);
        store->code_line[i] = ml_cursor_u32v(&lines);
        store->code_module[i] = optional_below(&modules, strings);
        store->code_flags[i] = optional_below(&flags, UINT32_MAX);
    }
    return ml_cursor_done(&files) && ml_cursor_done(&names) && ml_cursor_done(&lines) &&
                   ml_cursor_done(&modules) && ml_cursor_done(&flags)
               ? ML_OK
               : damaged(a, "code objects");
}

static ml_status add_frames(addition *a)
{
    ml_table_store *store = a->store;
    uint32_t next = a->base[ML_TABLE_CODES];
    ml_cursor codes;
    ml_cursor lines = ml_columns_take(&a->columns, ML_DEFS_FRAME_LINE);
    int has_lines = lines.at != NULL;

    if (!take(a, ML_DEFS_FRAME_CODE, ML_TABLE_FRAMES, &codes)) {
        return damaged(a, "frames");
    }
    ML_TRY(grow_table(a, ML_TABLE_FRAMES));
    for (uint32_t i = a->base[ML_TABLE_FRAMES]; i < a->upto[ML_TABLE_FRAMES]; i++) {
        uint32_t code = reference(&codes, &next, a->upto[ML_TABLE_CODES]);
        int64_t difference = has_lines ? ml_cursor_sv(&lines) : 0;
        int64_t line;
        if (codes.bad ||
            __builtin_add_overflow((int64_t)store->code_line[code], difference, &line) ||
            line < 0 || line > UINT32_MAX) {
            return damaged(a, "frames");
        }
        store->frame_code[i] = code;
        store->frame_line[i] = (uint32_t)line;
    }
    return ml_cursor_done(&codes) && ml_cursor_done(&lines) ? ML_OK : damaged(a, "frames");
}

typedef struct chain {
    uint32_t parent, length;
} chain;

enum { CHAINS_AHEAD = 32 };

/* The next chains from `node` on, some at a time: their parents' depths lie anywhere in memory and are fetched meanwhile. */
static size_t read_chains(const addition *a, uint32_t node, ml_cursor *parents, ml_cursor *lengths,
                          chain chains[CHAINS_AHEAD])
{
    uint32_t upto = a->upto[ML_TABLE_NODES];
    size_t count = 0;

    for (; node < upto && count < CHAINS_AHEAD; count++) {
        chain *next = &chains[count];
        next->parent = node - 1 - ml_cursor_below(parents, node);
        next->length = ml_cursor_below(lengths, upto - node) + 1;
        __builtin_prefetch(&a->store->node_depth[next->parent]);
        node += next->length;
    }
    return count;
}

/* The nodes of a chain: the first under its parent, each further one under the one before. */
static void add_chain(const addition *a, uint32_t node, const chain *added, ml_cursor *frames,
                      uint32_t *next_frame)
{
    uint32_t *parents = a->store->node_parent;
    uint32_t *own_frames = a->store->node_frame;
    uint16_t *depths = a->store->node_depth;
    uint32_t known = a->upto[ML_TABLE_FRAMES];
    uint32_t next = *next_frame;
    uint32_t parent = added->parent;
    ml_cursor cursor = *frames;
    uint16_t depth = depths[parent];

    for (uint32_t end = node + added->length; node < end; node++) {
        parents[node] = parent;
        own_frames[node] = reference(&cursor, &next, known);
        depths[node] = ++depth;
        parent = node;
    }
    *frames = cursor;
    *next_frame = next;
}

static ml_status add_nodes(addition *a)
{
    uint32_t next = a->base[ML_TABLE_FRAMES];
    uint32_t node = a->base[ML_TABLE_NODES];
    uint32_t upto = a->upto[ML_TABLE_NODES];
    ml_cursor parents = ml_columns_take(&a->columns, ML_DEFS_CHAIN_PARENT);
    ml_cursor lengths = ml_columns_take(&a->columns, ML_DEFS_CHAIN_LENGTH);
    ml_cursor frames;

    if (!take(a, ML_DEFS_NODE_FRAME, ML_TABLE_NODES, &frames)) {
        return damaged(a, "nodes");
    }
    ML_TRY(grow_table(a, ML_TABLE_NODES));
    while (node < upto) {
        chain chains[CHAINS_AHEAD];
        size_t count = read_chains(a, node, &parents, &lengths, chains);
        if (parents.bad || lengths.bad) {
            return damaged(a, "nodes");
        }
        for (size_t i = 0; i < count; i++) {
            if (chains[i].length > a->limits->depth - a->store->node_depth[chains[i].parent]) {
                return too_many(a, "frames in one stack");
            }
            add_chain(a, node, &chains[i], &frames, &next);
            node += chains[i].length;
        }
        if (frames.bad) {
            return damaged(a, "nodes");
        }
    }
    return ml_cursor_done(&parents) && ml_cursor_done(&lengths) && ml_cursor_done(&frames)
               ? ML_OK
               : damaged(a, "nodes");
}

/* Is there a place for the number in the string? */
static int has_place(const ml_table_store *store, uint32_t string)
{
    return store->string_length[string] <= ML_THREAD_NAME_NUMBERED &&
           memchr(store->string[string], '\0', store->string_length[string]) != NULL;
}

static ml_status add_threads(addition *a)
{
    ml_table_store *store = a->store;
    uint32_t strings = a->upto[ML_TABLE_STRINGS];
    ml_cursor idents;
    ml_cursor natives = ml_columns_take(&a->columns, ML_DEFS_THREAD_NATIVE);
    ml_cursor names = ml_columns_take(&a->columns, ML_DEFS_THREAD_NAME);
    ml_cursor interpreters = ml_columns_take(&a->columns, ML_DEFS_THREAD_INTERPRETER);
    ml_cursor ticks = ml_columns_take(&a->columns, ML_DEFS_THREAD_TICK);
    ml_cursor numbers = ml_columns_take(&a->columns, ML_DEFS_THREAD_NUMBER);
    uint32_t next = a->base[ML_TABLE_STRINGS];
    uint64_t native = 0;
    uint64_t tick = 0;
    uint64_t number = 0;

    if (!take(a, ML_DEFS_THREAD_IDENT, ML_TABLE_THREADS, &idents)) {
        return damaged(a, "threads");
    }
    ML_TRY(grow_table(a, ML_TABLE_THREADS));
    for (uint32_t i = a->base[ML_TABLE_THREADS]; i < a->upto[ML_TABLE_THREADS]; i++) {
        store->thread_ident[i] = ml_cursor_uv(&idents);
        store->thread_native_id[i] = native += (uint64_t)ml_cursor_sv(&natives);
        store->thread_name[i] = reference(&names, &next, strings);
        store->thread_interpreter[i] = ml_cursor_uv(&interpreters);
        store->thread_first_tick[i] = tick += (uint64_t)ml_cursor_sv(&ticks);
        store->thread_number[i] = number += (uint64_t)ml_cursor_sv(&numbers);
        if (number != 0 && !has_place(store, store->thread_name[i])) {
            return damaged(a, "threads");
        }
    }
    return ml_cursor_done(&idents) && ml_cursor_done(&natives) && ml_cursor_done(&names) &&
                   ml_cursor_done(&interpreters) && ml_cursor_done(&ticks) &&
                   ml_cursor_done(&numbers)
               ? ML_OK
               : damaged(a, "threads");
}

static ml_status add_kind(addition *a, ml_kind *kind, ml_cursor *cursor)
{
    uint32_t strings = a->upto[ML_TABLE_STRINGS];
    ml_kind_field *fields;

    kind->name = ml_cursor_below(cursor, strings);
    kind->flags = ml_cursor_u32v(cursor);
    kind->field_count = ml_cursor_below(cursor, ML_MLOG_FIELDS_MAX + 1);
    if (cursor->bad) {
        return damaged(a, "event kinds");
    }
    fields = ml_arena_array(a->arena, kind->field_count, sizeof(*fields));
    if (fields == NULL) {
        return ml_error_set(a->error, ML_ERROR_MEMORY, "no memory for definitions");
    }
    for (uint32_t i = 0; i < kind->field_count; i++) {
        fields[i].name = ml_cursor_below(cursor, strings);
        fields[i].type = ml_cursor_u32v(cursor);
        fields[i].unit = ml_cursor_below(cursor, strings);
    }
    kind->fields = fields;
    return cursor->bad ? damaged(a, "event kinds") : ML_OK;
}

static ml_status add_kinds(addition *a)
{
    ml_cursor cursor;

    if (!take(a, ML_DEFS_KIND, ML_TABLE_KINDS, &cursor)) {
        return damaged(a, "event kinds");
    }
    ML_TRY(grow_table(a, ML_TABLE_KINDS));
    for (uint32_t i = a->base[ML_TABLE_KINDS]; i < a->upto[ML_TABLE_KINDS]; i++) {
        ML_TRY(add_kind(a, &a->store->kind[i], &cursor));
    }
    return ml_cursor_done(&cursor) ? ML_OK : damaged(a, "event kinds");
}

static ml_status add_all(addition *a)
{
    /* Known to the format, of no use here yet. */
    (void)ml_columns_take(&a->columns, ML_DEFS_FRAME_END_LINE);
    (void)ml_columns_take(&a->columns, ML_DEFS_FRAME_COLUMNS);
    ML_TRY(add_strings(a));
    ML_TRY(add_codes(a));
    ML_TRY(add_frames(a));
    ML_TRY(add_nodes(a));
    ML_TRY(add_threads(a));
    ML_TRY(add_kinds(a));
    return ml_columns_finish(&a->columns, a->error);
}

ml_status ml_store_add(ml_table_store *store, ml_arena *arena, const ml_limits *limits,
                       const ml_chunk_view *view, ml_error *error)
{
    addition a = {.store = store, .arena = arena, .limits = limits, .error = error};
    ml_arena payload;
    ml_status status;

    ML_TRY(read_counts(&a, view));
    ml_arena_init(&payload, 0);
    status = ml_chunk_columns(view, limits, &payload, &a.columns, error);
    if (status == ML_OK) {
        status = add_all(&a);
    }
    ml_arena_release(&payload);
    if (status == ML_OK) {
        memcpy(store->count, a.upto, sizeof(a.upto));
        store->string_bytes = a.string_bytes;
    }
    return status;
}

void ml_store_publish(const ml_table_store *store, ml_tables *tables)
{
    *tables = (ml_tables){
        .string_count = store->count[ML_TABLE_STRINGS],
        .code_count = store->count[ML_TABLE_CODES],
        .frame_count = store->count[ML_TABLE_FRAMES],
        .node_count = store->count[ML_TABLE_NODES],
        .thread_count = store->count[ML_TABLE_THREADS],
        .kind_count = store->count[ML_TABLE_KINDS],
        .string = store->string,
        .string_length = store->string_length,
        .code_file = store->code_file,
        .code_name = store->code_name,
        .code_module = store->code_module,
        .code_line = store->code_line,
        .code_flags = store->code_flags,
        .frame_code = store->frame_code,
        .frame_line = store->frame_line,
        .node_parent = store->node_parent,
        .node_frame = store->node_frame,
        .node_depth = store->node_depth,
        .thread_ident = store->thread_ident,
        .thread_native_id = store->thread_native_id,
        .thread_interpreter = store->thread_interpreter,
        .thread_first_tick = store->thread_first_tick,
        .thread_name = store->thread_name,
        .thread_number = store->thread_number,
        .kind = store->kind,
    };
}

const uint8_t *ml_thread_name(const ml_tables *tables, uint32_t thread,
                              uint8_t room[ML_THREAD_NAME_ROOM], uint32_t *length)
{
    uint32_t string = tables->thread_name[thread];
    const uint8_t *name = tables->string[string];
    uint32_t size = tables->string_length[string];
    uint32_t before;
    int digits;

    *length = size;
    if (tables->thread_number[thread] == 0) {
        return name;
    }
    before = (uint32_t)((const uint8_t *)memchr(name, '\0', size) - name);
    memcpy(room, name, before);
    digits = snprintf((char *)room + before, ML_THREAD_NAME_ROOM - before, "%" PRIu64,
                      tables->thread_number[thread] - 1);
    memcpy(room + before + digits, name + before + 1, size - before - 1);
    *length = size - 1 + (uint32_t)digits;
    return room;
}
