#include "core/format/join.h"

#include <string.h>

/* The most that one block may have: what the writer's own limits are, below which every chunk keeps to the format's. */
enum { RUNS = 1 << 19, EVENT_BYTES = 8 << 20, TICKS = 1 << 20 };

/* ---- the recording's tables, as the encoder wants them ---- */

static int is_written(uint32_t type)
{
    return type == ML_MLOG_FIELD_UINT || type == ML_MLOG_FIELD_INT || type == ML_MLOG_FIELD_DELTA ||
           type == ML_MLOG_FIELD_STRING || type == ML_MLOG_FIELD_BYTES ||
           type == ML_MLOG_FIELD_ENUM;
}

/* False: the writer does not make such kinds. */
static int take_kind(ml_writer_tables *tables, const ml_tables *from, uint32_t id)
{
    const ml_kind *kind = &from->kind[id];
    ml_table_kind *entry = &tables->kinds[id];
    ml_kind_spec *spec = &tables->registry[id];

    if (kind->field_count > ML_KIND_FIELDS_WRITTEN || kind->flags != 0) {
        return 0;
    }
    *spec = (ml_kind_spec){
        .name = "",
        .is_gauge = ml_kind_is_gauge(from->string[kind->name], from->string_length[kind->name]),
        .field_count = kind->field_count};
    *entry = (ml_table_kind){.name = kind->name, .kind = id};
    for (uint32_t i = 0; i < kind->field_count; i++) {
        if (!is_written(kind->fields[i].type)) {
            return 0;
        }
        spec->fields[i].type = kind->fields[i].type;
        entry->field_name[i] = kind->fields[i].name;
        entry->field_unit[i] = kind->fields[i].unit;
    }
    tables->kind_id[id] = id + 1;
    return 1;
}

static int take_kinds(ml_writer_tables *tables, const ml_tables *from)
{
    if (from->kind_count > ML_KIND_COUNT) {
        return 0;
    }
    for (uint32_t i = 0; i < from->kind_count; i++) {
        if (!take_kind(tables, from, i)) {
            return 0;
        }
    }
    return 1;
}

static ml_status take_strings(ml_join *join, const ml_tables *from)
{
    ml_writer_tables *tables = join->tables;
    size_t total = 0;

    for (uint32_t i = 0; i < from->string_count; i++) {
        total += from->string_length[i];
    }
    tables->string_bytes = ml_arena_array(&join->arena, total, 1);
    tables->string_start = ml_arena_array(&join->arena, from->string_count, sizeof(uint32_t));
    tables->string_length = ml_arena_array(&join->arena, from->string_count, sizeof(uint32_t));
    if (tables->string_bytes == NULL || tables->string_start == NULL ||
        tables->string_length == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < from->string_count; i++) {
        uint32_t length = from->string_length[i];
        if (length != 0) {
            memcpy(tables->string_bytes + tables->string_bytes_used, from->string[i], length);
        }
        tables->string_start[i] = tables->string_bytes_used;
        tables->string_length[i] = length;
        tables->string_bytes_used += length;
    }
    return ML_OK;
}

static ml_status take_stacks(ml_join *join, const ml_tables *from)
{
    ml_writer_tables *tables = join->tables;

    tables->codes = ml_arena_array(&join->arena, from->code_count, sizeof(*tables->codes));
    tables->frames = ml_arena_array(&join->arena, from->frame_count, sizeof(*tables->frames));
    tables->nodes = ml_arena_array(&join->arena, from->node_count, sizeof(*tables->nodes));
    if (tables->codes == NULL || tables->frames == NULL || tables->nodes == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < from->code_count; i++) {
        tables->codes[i] =
            (ml_table_code){from->code_file[i], from->code_name[i], from->code_line[i],
                            from->code_module[i], from->code_flags[i]};
    }
    for (uint32_t i = 0; i < from->frame_count; i++) {
        tables->frames[i] = (ml_table_frame){from->frame_code[i], from->frame_line[i]};
    }
    for (uint32_t i = 0; i < from->node_count; i++) {
        tables->nodes[i] = (ml_table_node){from->node_parent[i], from->node_frame[i]};
    }
    return ML_OK;
}

static ml_status take_threads(ml_join *join, const ml_tables *from)
{
    ml_writer_tables *tables = join->tables;

    tables->threads = ml_arena_array(&join->arena, from->thread_count, sizeof(*tables->threads));
    if (tables->threads == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < from->thread_count; i++) {
        tables->threads[i] = (ml_table_thread){.ident = from->thread_ident[i],
                                               .native_id = from->thread_native_id[i],
                                               .interpreter = from->thread_interpreter[i],
                                               .first_tick = from->thread_first_tick[i],
                                               .name = from->thread_name[i],
                                               .number = from->thread_number[i]};
    }
    return ML_OK;
}

static ml_status take_tables(ml_join *join)
{
    const ml_tables *from = &join->recording->tables;

    join->tables = ml_arena_alloc(&join->arena, sizeof(*join->tables));
    if (join->tables == NULL) {
        return ML_ERROR_MEMORY;
    }
    join->is_possible = take_kinds(join->tables, from);
    ML_TRY(take_strings(join, from));
    ML_TRY(take_stacks(join, from));
    return take_threads(join, from);
}

/* ---- room ---- */

ml_status ml_join_start(ml_join *join, const ml_reader *reader, const ml_recording *recording)
{
    ml_writer_options options = {.nodes = recording->tables.node_count,
                                 .threads = recording->tables.thread_count + 1,
                                 .runs = RUNS,
                                 .event_bytes = EVENT_BYTES,
                                 .ticks = TICKS};

    *join = (ml_join){.reader = reader, .recording = recording};
    ml_arena_init(&join->arena, 0);
    ML_TRY(take_tables(join));
    ml_block_carve(&join->block, &join->memory, &options);
    ML_TRY(ml_memory_map(&join->memory));
    ml_block_carve(&join->block, &join->memory, &options);
    ml_block_start(&join->block, recording->head.period_ns);
    return ML_OK;
}

void ml_join_release(ml_join *join)
{
    ml_arena_release(&join->arena);
    ml_memory_unmap(&join->memory);
}

void ml_join_clear(ml_join *join)
{
    ml_block_event_cancel(&join->block);
    ml_block_clear_samples(&join->block);
    ml_block_clear_events(&join->block);
    join->block.next_slot = 0;
    join->count = 0;
    join->runs = 0;
}

/* ---- which chunks may be joined ---- */

static int is_known_definition(uint32_t id)
{
    return (id >= ML_DEFS_STRING_LENGTH && id <= ML_DEFS_FRAME_LINE) ||
           (id >= ML_DEFS_CHAIN_PARENT && id <= ML_DEFS_NODE_FRAME) ||
           (id >= ML_DEFS_THREAD_IDENT && id <= ML_DEFS_THREAD_NUMBER) || id == ML_DEFS_KIND;
}

static int is_known_sample(uint32_t id)
{
    return id <= ML_SAMP_LEADS && id != ML_SAMP_RESIDUAL && id != ML_SAMP_TASK;
}

static int is_known_event(const ml_tables *tables, uint32_t id)
{
    uint32_t kind = id < ML_EVNT_FIELDS ? 0 : (id - ML_EVNT_FIELDS) / ML_MLOG_FIELDS_MAX;
    uint32_t field = id < ML_EVNT_FIELDS ? 0 : (id - ML_EVNT_FIELDS) % ML_MLOG_FIELDS_MAX;

    return id <= ML_EVNT_NODE || (id >= ML_EVNT_FIELDS && kind < tables->kind_count &&
                                  field < tables->kind[kind].field_count);
}

static int knows_column(const ml_join *join, const char *type, uint32_t id)
{
    return type[0] == 'D'   ? is_known_definition(id)
           : type[0] == 'S' ? is_known_sample(id)
                            : is_known_event(&join->recording->tables, id);
}

/* CPU times are there if HEAD has a unit for them, as the encoder has it. */
static int has_usual_cpu(const ml_join *join, ml_columns *columns)
{
    ml_cursor codes = ml_columns_take(columns, ML_SAMP_CODES);
    ml_cursor cpu = ml_columns_take(columns, ML_SAMP_CPU);

    return ml_cursor_left(&codes) == 0 ||
           (ml_cursor_left(&cpu) != 0) == (join->recording->head.cpu_unit_ns != 0);
}

static int knows_columns(const ml_join *join, const ml_chunk_view *view)
{
    ml_columns columns = {0};
    ml_arena scratch;
    int known;

    ml_arena_init(&scratch, 0);
    known = ml_chunk_columns(view, &join->reader->limits, &scratch, &columns, NULL) == ML_OK;
    for (uint32_t i = 0; known && i < columns.count; i++) {
        known = knows_column(join, view->type, columns.items[i].id);
    }
    known = known && (view->type[0] != 'S' || has_usual_cpu(join, &columns));
    ml_arena_release(&scratch);
    return known;
}

/* Reads the preamble into `values`; false if there is more in it than is known, or less. */
static int knows_preamble(const ml_chunk_view *view, uint64_t values[2 * ML_TABLE_COUNT])
{
    ml_cursor preamble = view->preamble;
    unsigned known = view->type[0] == 'D'   ? 2 * ML_TABLE_COUNT
                     : view->type[0] == 'S' ? ML_SAMP_PREAMBLE
                                            : ML_EVNT_PREAMBLE;

    for (unsigned i = 0; i < known; i++) {
        values[i] = ml_cursor_uv(&preamble);
    }
    return ml_cursor_done(&preamble) && (view->type[0] != 'S' || values[ML_SAMP_FOLD] == 0);
}

static int may_be_joined(const ml_join *join, const ml_chunk_view *view,
                         uint64_t values[2 * ML_TABLE_COUNT])
{
    int is_type = strcmp(view->type, "DEFS") == 0 || strcmp(view->type, "SAMP") == 0 ||
                  strcmp(view->type, "EVNT") == 0;

    return is_type && (view->flags & ~(ML_MLOG_KEY | ML_MLOG_MORE)) == 0 &&
           knows_preamble(view, values) && knows_columns(join, view);
}

/* ---- units ---- */

static void take_definitions(ml_join_unit *unit, const uint64_t values[2 * ML_TABLE_COUNT])
{
    for (unsigned i = 0; i < ML_TABLE_COUNT; i++) {
        if (!unit->defines) {
            unit->from[i] = (uint32_t)values[i];
        }
        unit->upto[i] = (uint32_t)(values[i] + values[ML_TABLE_COUNT + i]);
    }
    unit->defines = 1;
}

/* Takes one more chunk, if it is of the unit. `chunk` is its index + 1, should it be a block. */
static int take_chunk(ml_join_unit *unit, const ml_chunk_view *view, size_t chunk,
                      const uint64_t values[2 * ML_TABLE_COUNT])
{
    if (unit->end != unit->first && view->sequence != unit->last_sequence + 1) {
        return 0; /* that one is missing there must stay visible */
    }
    if (view->type[0] == 'D') {
        if (unit->samples != 0 || unit->events != 0) {
            return 0;
        }
        take_definitions(unit, values);
    } else if (view->type[0] == 'S') {
        if (unit->samples != 0 || unit->events != 0) {
            return 0;
        }
        unit->samples = chunk;
        unit->nodes = (uint32_t)values[ML_SAMP_NODES_NEEDED];
        unit->threads = (uint32_t)values[ML_SAMP_THREADS_NEEDED];
    } else {
        if (unit->events != 0) {
            return 0;
        }
        unit->events = chunk;
    }
    return 1;
}

void ml_join_find(const ml_join *join, size_t place, size_t chunk, ml_join_unit *unit)
{
    const ml_recording *recording = join->recording;

    *unit = (ml_join_unit){.first = place, .end = place};
    while (join->is_possible && unit->end < recording->place_count) {
        const ml_chunk_place *at = &recording->places[unit->end];
        uint64_t values[2 * ML_TABLE_COUNT];
        ml_chunk_view view;
        if (!at->is_known || ml_chunk_view_place(join->reader, at, &view) < 0 ||
            !may_be_joined(join, &view, values) || !take_chunk(unit, &view, chunk + 1, values)) {
            break;
        }
        chunk += view.type[0] != 'D';
        unit->first_sequence = unit->end == place ? view.sequence : unit->first_sequence;
        unit->last_sequence = view.sequence;
        unit->flags = view.flags;
        unit->end++;
    }
}

/* ---- joining ---- */

static int add_grid(ml_block *block, const ml_chunk_info *info, const ml_grid *grid)
{
    if (block->ticks == 0) {
        block->next_slot = info->first_tick;
    }
    if (block->next_slot != info->first_tick) {
        return 0; /* slots in between were not recorded */
    }
    for (size_t i = 0; i < grid->count; i++) {
        const ml_grid_segment *segment = &grid->segments[i];
        if (!ml_block_add_ticks(block, info->first_tick + segment->first_slot,
                                (uint32_t)segment->ticks)) {
            return 0;
        }
    }
    return 1;
}

/* `before` ticks of the joined block are before this one's. Runs that only say "not alive" are made anew. */
static int add_runs(ml_block *block, const ml_chunk_info *info, const ml_runs *runs,
                    const ml_grid *grid, uint32_t before)
{
    uint64_t tick = 0;

    for (size_t i = 0; i < runs->count; i++) {
        ml_block_run run = {.cpu_ns = runs->cpu[i],
                            .node = runs->node[i],
                            .state = runs->state[i],
                            .ticks = runs->samples[i]};
        int is_fill = run.node == ML_MLOG_NO_NODE && run.state == ML_MLOG_STATE_UNKNOWN;
        if (i == 0 || runs->thread[i] != runs->thread[i - 1]) {
            tick = before + ml_grid_tick(grid, runs->first_tick[i] - info->first_tick);
        }
        if (is_fill ? run.cpu_ns != 0
                    : !ml_block_add_run(block, runs->thread[i], (uint32_t)tick, &run)) {
            return 0;
        }
        tick += run.ticks;
    }
    return 1;
}

static int add_samples(ml_join *join, size_t chunk)
{
    const ml_chunk_info *info = &join->recording->chunks[chunk];
    uint32_t before = join->block.ticks;
    ml_arena arena;
    ml_read_room room = {&arena, &arena};
    ml_runs runs;
    ml_grid grid;
    int added;

    ml_arena_init(&arena, 0);
    added =
        ml_read_grid(join->reader, join->recording, chunk, &room, &runs, &grid, NULL) == ML_OK &&
        add_grid(&join->block, info, &grid) && add_runs(&join->block, info, &runs, &grid, before);
    ml_arena_release(&arena);
    join->drift = info->drift_ns;
    return added;
}

static void add_value(ml_block *block, uint32_t type, const ml_value *value)
{
    if (type == ML_MLOG_FIELD_BYTES) {
        ml_block_event_bytes(block, value->bytes, value->length);
    } else if (type == ML_MLOG_FIELD_STRING) {
        ml_block_event_number(block, value->number == UINT32_MAX ? 0 : value->number + 1);
    } else {
        ml_block_event_number(block, value->number);
    }
}

static int add_event(ml_block *block, const ml_events *events, size_t i, const ml_kind_spec *spec)
{
    ml_block_event event = {.time_ns = events->time_ns[i],
                            .kind = events->kind[i],
                            .thread = events->thread[i] + 1,
                            .node = events->node[i]};
    uint32_t count = block->event_count;

    ml_block_event_begin(block, &event);
    for (uint32_t field = 0; field < spec->field_count; field++) {
        add_value(block, spec->fields[field].type, &events->values[events->value_start[i] + field]);
    }
    ml_block_event_end(block, spec->field_count);
    return block->event_count != count;
}

static int add_events(ml_join *join, size_t chunk)
{
    ml_arena arena;
    ml_events events;
    int added;

    ml_arena_init(&arena, 0);
    added = ml_read_events(join->reader, join->recording, chunk, &arena, &events, NULL) == ML_OK;
    for (size_t i = 0; added && i < events.count; i++) {
        added = add_event(&join->block, &events, i, &join->tables->registry[events.kind[i]]);
    }
    ml_arena_release(&arena);
    join->drift = join->recording->chunks[chunk].drift_ns;
    return added;
}

/* What the units before and this one make; what was added of it does not matter here. */
static void extend(ml_join_unit *whole, const ml_join_unit *unit)
{
    if (unit->defines) {
        memcpy(whole->upto, unit->upto, sizeof(whole->upto));
        if (!whole->defines) {
            memcpy(whole->from, unit->from, sizeof(whole->from));
        }
        whole->defines = 1;
    }
    if (unit->samples != 0) {
        whole->nodes = unit->nodes;
        whole->threads = unit->threads;
    }
    whole->end = unit->end;
    whole->last_sequence = unit->last_sequence;
    whole->flags = unit->flags;
}

int ml_join_add(ml_join *join, const ml_join_unit *unit)
{
    if (join->count != 0 && unit->first_sequence != join->whole.last_sequence + 1) {
        return 0;
    }
    if ((unit->samples != 0 && !add_samples(join, unit->samples - 1)) ||
        (unit->events != 0 && !add_events(join, unit->events - 1))) {
        return 0;
    }
    if (join->count++ == 0) {
        join->whole = *unit;
    } else {
        extend(&join->whole, unit);
    }
    return 1;
}

/* ---- what was joined ---- */

static int has_definitions(const ml_join *join)
{
    return join->whole.defines &&
           memcmp(join->whole.from, join->whole.upto, sizeof(join->whole.from)) != 0;
}

static void encode_definitions(ml_join *join, ml_chunk_writer *chunk, ml_chunk_name *name)
{
    uint32_t *from = join->whole.from;
    uint32_t upto[ML_TABLE_COUNT];
    int is_first = from[ML_TABLE_STRINGS] == 1 && from[ML_TABLE_NODES] == 1;

    memcpy(join->tables->count, join->whole.upto, sizeof(join->tables->count));
    ml_tables_encode(join->tables, chunk, from, upto);
    memcpy(from, upto, sizeof(upto));
    *name = (ml_chunk_name){.type = "DEFS", .flags = is_first ? ML_MLOG_KEY : 0};
}

int ml_join_next(ml_join *join, ml_chunk_writer *chunk, ml_chunk_name *name)
{
    ml_block *block = &join->block;
    ml_block_context context = {&join->recording->head, join->tables, join->drift, ML_BLOCK_WHOLE};
    ml_block_totals totals;

    join->tables->count[ML_TABLE_NODES] = join->whole.nodes;
    join->tables->count[ML_TABLE_THREADS] = join->whole.threads;
    join->tables->count[ML_TABLE_KINDS] = join->recording->tables.kind_count;
    if (has_definitions(join)) {
        encode_definitions(join, chunk, name);
    } else if (block->ticks != 0) {
        ml_block_encode_samples(block, chunk, &context, &totals);
        join->runs = totals.runs;
        ml_block_clear_samples(block);
        *name = (ml_chunk_name){.type = "SAMP", .flags = ML_MLOG_KEY};
    } else if (block->event_count != 0) {
        ml_block_encode_events(block, chunk, &context, &totals);
        ml_block_clear_events(block);
        *name = (ml_chunk_name){.type = "EVNT", .flags = ML_MLOG_KEY};
    } else {
        return 0;
    }
    name->flags |= has_definitions(join) || block->ticks != 0 || block->event_count != 0
                       ? ML_MLOG_MORE
                       : join->whole.flags & ML_MLOG_MORE;
    return 1;
}
