#include "core/format/read_parts.h"

/* A SAMP chunk being decoded. */
typedef struct {
    const ml_chunk_info *info;
    const ml_tables *tables;
    const ml_head *head;
    ml_columns columns;
    ml_grid_segment *segments;
    size_t segment_count;
    uint32_t *nodes; /* of column 6 */
    uint32_t node_count, nodes_used;
    ml_cursor threads, leads, codes, lengths, cpu, states;
    /* where the runs go */
    size_t count;
    uint64_t total_samples;
    uint32_t *thread, *node, *state, *samples;
    uint64_t *first_tick, *ticks, *cpu_ns;
} decoder;

static ml_status damaged(ml_error *error, const char *what)
{
    return ml_error_set(error, ML_ERROR_FORMAT, "its %s are damaged", what);
}

static ml_status no_memory(ml_error *error)
{
    return ml_error_set(error, ML_ERROR_MEMORY, "no memory for its runs");
}

/* ---- the grid ---- */

/* Column 1: on time, skipped, on time, …; only the first stretch may be empty. */
static ml_status read_grid(decoder *d, ml_arena *scratch, ml_error *error)
{
    ml_cursor grid = ml_columns_take(&d->columns, ML_SAMP_GRID);
    uint64_t tick = 0;
    uint64_t slot = 0;

    d->segments = ml_arena_array(scratch, ml_cursor_left(&grid) / 2 + 1, sizeof(*d->segments));
    if (d->segments == NULL) {
        return no_memory(error);
    }
    for (;;) {
        uint64_t ticks = ml_cursor_uv(&grid);
        uint64_t skipped;
        if (grid.bad || ticks > d->info->ticks - tick || ticks > d->info->slots - slot ||
            (ticks == 0 && (d->segment_count > 0 || grid.at == grid.end))) {
            return damaged(error, "tick times");
        }
        d->segments[d->segment_count++] = (ml_grid_segment){tick, ticks, slot};
        tick += ticks;
        slot += ticks;
        if (grid.at == grid.end) {
            break;
        }
        skipped = ml_cursor_uv(&grid);
        if (skipped == 0 || skipped > d->info->slots - slot) {
            return damaged(error, "tick times");
        }
        slot += skipped;
    }
    return tick == d->info->ticks && slot == d->info->slots ? ML_OK : damaged(error, "tick times");
}

/* How many slots of the block end with its first `ticks` ticks. `*at` is the segment of the
 * previous, not larger, question. */
static uint64_t slots_before(const decoder *d, uint64_t ticks, size_t *at)
{
    size_t low = *at;
    size_t high = d->segment_count;
    const ml_grid_segment *found;

    if (ticks == 0) {
        return 0;
    }
    if (ticks > d->segments[low].first_tick + d->segments[low].ticks) {
        while (high - low > 1) { /* the last segment that begins before the tick */
            size_t middle = low + (high - low) / 2;
            if (d->segments[middle].first_tick < ticks) {
                low = middle;
            } else {
                high = middle;
            }
        }
        *at = low;
    }
    found = &d->segments[*at];
    return found->first_slot + (ticks - found->first_tick);
}

/* ---- nodes ---- */

static ml_status read_nodes(decoder *d, ml_arena *scratch, ml_error *error)
{
    ml_cursor cursor = ml_columns_take(&d->columns, ML_SAMP_NODES);
    uint64_t node = 0;

    d->nodes = ml_arena_array(scratch, ml_cursor_left(&cursor), sizeof(*d->nodes));
    if (d->nodes == NULL) {
        return no_memory(error);
    }
    while (cursor.at != cursor.end) {
        node += (uint64_t)ml_cursor_sv(&cursor);
        if (cursor.bad) {
            return damaged(error, "nodes");
        }
        if (node >= d->tables->node_count) {
            return ml_error_set(
                error, ML_ERROR_FORMAT,
                "it needs node %llu, and only %u are defined: definitions were lost",
                (unsigned long long)node, d->tables->node_count);
        }
        d->nodes[d->node_count++] = (uint32_t)node;
    }
    return ML_OK;
}

/* The next run's node. */
static uint32_t next_node(decoder *d)
{
    uint64_t code = ml_cursor_uv(&d->codes);
    uint64_t index = code == 0 ? d->nodes_used : code - 1;

    if (code == 0 && d->nodes_used < d->node_count) {
        d->nodes_used++;
    }
    if (index >= d->nodes_used) {
        d->codes.bad = 1;
        return 0;
    }
    return d->nodes[index];
}

/* ---- runs ---- */

static ml_status allocate(decoder *d, ml_arena *arena, ml_error *error)
{
    size_t runs = (size_t)d->info->runs;

    /* A run costs at least a byte of column 4. */
    if (d->info->runs > ml_cursor_left(&d->codes)) {
        return damaged(error, "runs");
    }
    d->thread = ml_arena_array(arena, runs, sizeof(*d->thread));
    d->node = ml_arena_array(arena, runs, sizeof(*d->node));
    d->state = ml_arena_array(arena, runs, sizeof(*d->state));
    d->samples = ml_arena_array(arena, runs, sizeof(*d->samples));
    d->first_tick = ml_arena_array(arena, runs, sizeof(*d->first_tick));
    d->ticks = ml_arena_array(arena, runs, sizeof(*d->ticks));
    d->cpu_ns = ml_arena_array(arena, runs, sizeof(*d->cpu_ns));
    return d->thread == NULL || d->node == NULL || d->state == NULL || d->samples == NULL ||
                   d->first_tick == NULL || d->ticks == NULL || d->cpu_ns == NULL
               ? no_memory(error)
               : ML_OK;
}

/* The run's length in ticks, of which the block has `left`. A thread's last one may last to its end, which is 0. */
static uint64_t next_length(decoder *d, uint64_t left, int is_last)
{
    uint64_t length = ml_cursor_uv(&d->lengths);

    if (length >= left) {
        d->lengths.bad = 1;
        return 0;
    }
    return !is_last ? length + 1 : length == 0 ? left : length;
}

static void next_attributes(decoder *d, size_t run)
{
    uint64_t units = d->cpu.at == NULL ? 0 : ml_cursor_uv(&d->cpu);

    if (__builtin_mul_overflow(units, d->head->cpu_unit_ns, &d->cpu_ns[run])) {
        d->cpu.bad = 1;
    }
    d->state[run] = d->states.at == NULL ? 0 : ml_cursor_u32v(&d->states);
}

static int is_bad(const decoder *d)
{
    return d->threads.bad || d->codes.bad || d->lengths.bad || d->cpu.bad || d->states.bad;
}

/* The runs of one thread, the first of which begins at `tick` of the block. */
static ml_status read_thread(decoder *d, uint32_t thread, uint64_t runs, uint64_t tick,
                             ml_error *error)
{
    size_t segment_at = 0;
    uint64_t slot = slots_before(d, tick, &segment_at);

    for (uint64_t i = 0; i < runs; i++) {
        size_t run = d->count++;
        uint64_t length = next_length(d, d->info->ticks - tick, i + 1 == runs);
        uint64_t end;
        d->thread[run] = thread;
        d->node[run] = next_node(d);
        next_attributes(d, run);
        if (length == 0 || is_bad(d)) {
            return damaged(error, "runs");
        }
        tick += length;
        end = slots_before(d, tick, &segment_at);
        d->samples[run] = (uint32_t)length;
        d->first_tick[run] = d->info->first_tick + slot;
        d->ticks[run] = end - slot;
        slot = end;
        if (d->node[run] != ML_MLOG_NO_NODE || d->state[run] != ML_MLOG_STATE_UNKNOWN) {
            d->total_samples += length;
        }
    }
    return ML_OK;
}

/* Columns 3 and 10: which threads, how many runs each, and when the first begins. */
static ml_status read_threads(decoder *d, const ml_limits *limits, ml_error *error)
{
    uint64_t thread = 0;
    uint64_t lead = 0;
    uint32_t threads = 0;

    for (; d->threads.at != d->threads.end; threads++) {
        uint64_t step = ml_cursor_uv(&d->threads);
        uint64_t runs = ml_cursor_uv(&d->threads);
        lead += (uint64_t)ml_cursor_sv(&d->leads);
        if (d->threads.bad || d->leads.bad || lead >= d->info->ticks ||
            (threads > 0 && step == 0) || runs == 0 || runs > d->info->runs - d->count ||
            threads == limits->block_threads) {
            return damaged(error, "threads");
        }
        if (step >= d->tables->thread_count - thread) {
            return ml_error_set(error, ML_ERROR_FORMAT,
                                "it needs a thread that is not defined: definitions were lost");
        }
        thread += step;
        ML_TRY(read_thread(d, (uint32_t)thread, runs, lead, error));
    }
    return ML_OK;
}

static int is_complete(const decoder *d)
{
    return d->count == d->info->runs && d->total_samples == d->info->samples &&
           d->nodes_used == d->node_count && ml_cursor_done(&d->leads) &&
           ml_cursor_done(&d->codes) && ml_cursor_done(&d->lengths) && ml_cursor_done(&d->cpu) &&
           ml_cursor_done(&d->states);
}

static ml_status decode(decoder *d, const ml_limits *limits, ml_arena *scratch, ml_arena *arena,
                        ml_error *error)
{
    ML_TRY(read_grid(d, scratch, error));
    ML_TRY(read_nodes(d, scratch, error));
    d->threads = ml_columns_take(&d->columns, ML_SAMP_THREADS);
    d->leads = ml_columns_take(&d->columns, ML_SAMP_LEADS);
    d->codes = ml_columns_take(&d->columns, ML_SAMP_CODES);
    d->lengths = ml_columns_take(&d->columns, ML_SAMP_LENGTHS);
    d->cpu = ml_columns_take(&d->columns, ML_SAMP_CPU);
    d->states = ml_columns_take(&d->columns, ML_SAMP_STATE);
    ML_TRY(ml_columns_finish(&d->columns, error));
    ML_TRY(allocate(d, arena, error));
    ML_TRY(read_threads(d, limits, error));
    return is_complete(d) ? ML_OK : damaged(error, "runs");
}

ml_status ml_read_grid(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                       const ml_read_room *room, ml_runs *out, ml_grid *grid, ml_error *error)
{
    decoder d = {.tables = &recording->tables, .head = &recording->head};
    ml_chunk_view view;
    ml_status status;

    *out = (ml_runs){0};
    ML_TRY(ml_chunk_view_again(reader, recording, chunk, "SAMP", &view, error));
    d.info = &recording->chunks[chunk];
    status = ml_chunk_columns(&view, &reader->limits, room->scratch, &d.columns, error);
    if (status == ML_OK) {
        status = decode(&d, &reader->limits, room->scratch, room->result, error);
    }
    if (status < 0) {
        ml_error_add(error, "chunk %u (samples)", view.sequence);
        return status;
    }
    *out =
        (ml_runs){d.count, d.thread, d.node, d.state, d.first_tick, d.ticks, d.samples, d.cpu_ns};
    *grid = (ml_grid){d.segments, d.segment_count};
    return ML_OK;
}

ml_status ml_read_runs(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                       ml_arena *arena, ml_runs *out, ml_error *error)
{
    ml_arena scratch;
    ml_read_room room = {arena, &scratch};
    ml_grid grid;
    ml_status status;

    ml_arena_init(&scratch, 0);
    status = ml_read_grid(reader, recording, chunk, &room, out, &grid, error);
    ml_arena_release(&scratch);
    return status;
}

uint64_t ml_grid_tick(const ml_grid *grid, uint64_t slot)
{
    size_t low = 0;
    size_t high = grid->count;

    while (high - low > 1) { /* the last segment that begins before the slot's end */
        size_t middle = low + (high - low) / 2;
        if (grid->segments[middle].first_slot < slot) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return slot == 0 ? 0 : grid->segments[low].first_tick + slot - grid->segments[low].first_slot;
}
