#include "core/format/block.h"

#include "core/base/varint.h"

static void put(ml_chunk_writer *chunk, uint64_t value)
{
    ml_buffer_put_uv(&chunk->columns, value);
}

/* ---- the order of threads: heap sort, since qsort may ask for memory ---- */

static void sift_down(uint32_t *ids, uint32_t root, uint32_t count)
{
    uint32_t moved = ids[root];

    for (uint32_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && ids[child + 1] > ids[child]) {
            child++;
        }
        if (moved >= ids[child]) {
            break;
        }
        ids[root] = ids[child];
        root = child;
    }
    ids[root] = moved;
}

static void sort_ids(uint32_t *ids, uint32_t count)
{
    for (uint32_t root = count / 2; root-- > 0;) {
        sift_down(ids, root, count);
    }
    for (uint32_t end = count; end-- > 1;) {
        uint32_t largest = ids[0];
        ids[0] = ids[end];
        ids[end] = largest;
        sift_down(ids, 0, end);
    }
}

/* ---- the part ---- */

static int is_sample(const ml_block_run *run)
{
    return run->node != ML_MLOG_NO_NODE || run->state != ML_MLOG_STATE_UNKNOWN;
}

/* The run behind it; false at the end. What is behind the last sample is not told. */
static int next_run(const ml_block *block, ml_block_run *run)
{
    const ml_block_run *next = run->next == 0 ? NULL : &block->runs[run->next - 1];

    if (next == NULL || (next->next == 0 && !is_sample(next))) {
        return 0;
    }
    *run = *next;
    return 1;
}

/* A thread's first run in the part, without what lies before the mark or before its first sample; `*lead` is how many
 * ticks of the part that is. False: it was not alive. */
static int first_run(const ml_block *block, ml_block_part part, uint32_t thread_id,
                     ml_block_run *run, uint32_t *lead)
{
    const ml_block_thread *thread = &block->threads[thread_id];

    *lead = 0;
    if (part == ML_BLOCK_WHOLE) {
        *run = block->runs[thread->first_run - 1];
    } else {
        *run = block->runs[thread->mark_run - 1];
        run->ticks -= thread->mark_ticks;
        run->cpu_ns -= thread->mark_cpu_ns;
        if (run->ticks == 0 && run->next != 0) {
            *run = block->runs[run->next - 1];
        }
    }
    if (run->ticks != 0 && !is_sample(run)) {
        *lead = run->ticks;
        return next_run(block, run);
    }
    return run->ticks != 0;
}

/* For all runs of all listed threads. */
#define EACH_RUN(block, part, i, run)                                                              \
    for (uint32_t i = 0; i < (block)->listed_count; i++)                                           \
        for (int more = first_run(block, part, (block)->listed[i], &(run), &(uint32_t){0}); more;  \
             more = next_run(block, &(run)))

/* Lists the threads that were alive in the part, by rising id. */
static void list_threads(ml_block *block, ml_block_part part)
{
    sort_ids(block->active, block->active_count);
    block->listed_count = 0;
    for (uint32_t i = 0; i < block->active_count; i++) {
        ml_block_run run;
        uint32_t lead;
        if (first_run(block, part, block->active[i], &run, &lead)) {
            block->listed[block->listed_count++] = block->active[i];
        }
    }
}

/* ---- SAMP ---- */

static void encode_grid(const ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    uint32_t first = part == ML_BLOCK_TAIL ? block->mark.segment : 0;
    uint32_t before = part == ML_BLOCK_TAIL ? block->mark.segment_ticks : 0;

    for (uint32_t i = first; i < block->segment_count; i++) {
        put(chunk, block->segments[i].ticks - (i == first ? before : 0));
        if (i + 1 < block->segment_count) {
            put(chunk, block->segments[i].skipped);
        }
    }
    ml_chunk_column(chunk, ML_SAMP_GRID, 0);
}

static void encode_threads(const ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    uint32_t previous = 0;

    for (uint32_t i = 0; i < block->listed_count; i++) {
        ml_block_run run;
        uint32_t lead;
        uint32_t runs = 0;
        for (int more = first_run(block, part, block->listed[i], &run, &lead); more;
             more = next_run(block, &run)) {
            runs++;
        }
        put(chunk, block->listed[i] - previous);
        put(chunk, runs);
        previous = block->listed[i];
    }
    ml_chunk_column(chunk, ML_SAMP_THREADS, 0);
}

/* Threads that come and go begin one behind the other. */
static void encode_leads(const ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    uint32_t previous = 0;

    for (uint32_t i = 0; i < block->listed_count; i++) {
        ml_block_run run;
        uint32_t lead;
        first_run(block, part, block->listed[i], &run, &lead);
        put(chunk, ml_zigzag_encode((int64_t)lead - previous));
        previous = lead;
    }
    ml_chunk_column(chunk, ML_SAMP_LEADS, 0);
}

/* A node's number within the block, given at its first use. Returns how many nodes there are. */
static uint32_t encode_codes(ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    uint32_t nodes = 0;
    ml_block_run run;

    EACH_RUN(block, part, i, run)
    {
        uint32_t *index = &block->node_index[run.node];
        put(chunk, *index);
        if (*index == 0) {
            block->node_list[nodes++] = run.node;
            *index = nodes;
        }
    }
    ml_chunk_column(chunk, ML_SAMP_CODES, 0);
    return nodes;
}

static void encode_nodes(ml_block *block, ml_chunk_writer *chunk, uint32_t nodes)
{
    uint32_t previous = 0;

    for (uint32_t i = 0; i < nodes; i++) {
        put(chunk, ml_zigzag_encode((int64_t)block->node_list[i] - previous));
        previous = block->node_list[i];
        block->node_index[previous] = 0;
    }
    ml_chunk_column(chunk, ML_SAMP_NODES, 0);
}

/* A thread's last run mostly lasts to the end of the block, which is 0. */
static void encode_lengths(const ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    for (uint32_t i = 0; i < block->listed_count; i++) {
        ml_block_run run, next;
        uint32_t lead;
        first_run(block, part, block->listed[i], &run, &lead);
        for (next = run; next_run(block, &next); run = next) {
            put(chunk, run.ticks - 1);
        }
        put(chunk, run.next == 0 ? 0 : run.ticks);
    }
    ml_chunk_column(chunk, ML_SAMP_LENGTHS, 0);
}

/* What does not make a whole unit goes to the thread's next run, so that sums stay right. */
static void encode_cpu(ml_block *block, ml_chunk_writer *chunk, ml_block_part part,
                       uint64_t unit_ns)
{
    ml_block_run run;

    if (unit_ns == 0) {
        return;
    }
    EACH_RUN(block, part, i, run)
    {
        ml_block_thread *thread = &block->threads[block->listed[i]];
        uint64_t *rest = part == ML_BLOCK_TAIL ? &thread->tail_rest_ns : &thread->cpu_rest_ns;
        uint64_t total = run.cpu_ns + *rest;
        put(chunk, total / unit_ns);
        *rest = total % unit_ns;
    }
    ml_chunk_column(chunk, ML_SAMP_CPU, ML_COLUMN_IGNORABLE);
}

static void encode_states(const ml_block *block, ml_chunk_writer *chunk, ml_block_part part)
{
    ml_block_run run;

    EACH_RUN(block, part, i, run)
    {
        put(chunk, run.state);
    }
    ml_chunk_column(chunk, ML_SAMP_STATE, ML_COLUMN_IGNORABLE);
}

/* A sample is a tick of a run that has a stack or a state; the rest only says "not alive". */
static ml_block_totals count_totals(const ml_block *block, ml_block_part part)
{
    uint32_t before = part == ML_BLOCK_TAIL ? block->mark.ticks : 0;
    ml_block_totals totals = {.ticks = block->ticks - before};
    ml_block_run run;

    EACH_RUN(block, part, i, run)
    {
        totals.runs++;
        totals.samples += is_sample(&run) ? run.ticks : 0;
    }
    return totals;
}

static void encode_preamble(const ml_block *block, ml_buffer *preamble,
                            const ml_block_context *context, const ml_block_totals *totals)
{
    uint64_t period_ns = context->head->period_ns;
    int is_behind_mark = context->part == ML_BLOCK_TAIL && block->mark.ticks != 0;
    uint64_t first_slot = is_behind_mark ? block->mark.slot : block->first_slot;
    uint64_t slots = block->next_slot - first_slot;

    ml_buffer_put_uv(preamble, first_slot * period_ns);
    ml_buffer_put_uv(preamble, slots * period_ns);
    ml_buffer_put_uv(preamble, totals->ticks);
    ml_buffer_put_uv(preamble, totals->samples);
    ml_buffer_put_uv(preamble, totals->runs);
    ml_buffer_put_sv(preamble, context->drift);
    ml_buffer_put_uv(preamble, context->tables->count[ML_TABLE_NODES]);
    ml_buffer_put_uv(preamble, context->tables->count[ML_TABLE_THREADS]);
    ml_buffer_put_uv(preamble, slots - totals->ticks);
    ml_buffer_put_uv(preamble, 0);
    ml_buffer_put_uv(preamble, first_slot);
}

void ml_block_encode_samples(ml_block *block, ml_chunk_writer *chunk,
                             const ml_block_context *context, ml_block_totals *totals)
{
    ml_block_part part = context->part;
    uint32_t nodes;

    ml_block_complete(block);
    list_threads(block, part);
    *totals = count_totals(block, part);
    ml_chunk_begin(chunk);
    encode_preamble(block, &chunk->preamble, context, totals);
    encode_grid(block, chunk, part);
    encode_threads(block, chunk, part);
    nodes = encode_codes(block, chunk, part);
    encode_lengths(block, chunk, part);
    encode_nodes(block, chunk, nodes);
    encode_cpu(block, chunk, part, context->head->cpu_unit_ns);
    encode_states(block, chunk, part);
    encode_leads(block, chunk, part);
}

/* ---- EVNT ---- */

static ml_block_event *event_at(const ml_block *block, size_t offset)
{
    return (ml_block_event *)(void *)(block->events.data + offset);
}

static uint64_t take_value(ml_block_event *event, const ml_block *block)
{
    const uint8_t *bytes = block->events.data;
    uint64_t value;
    const uint8_t *behind =
        ml_varint_decode(bytes + event->cursor, bytes + block->events.length, &value);

    event->cursor = (uint32_t)(behind - bytes);
    return value;
}

/* Where the events of the part begin. */
static size_t first_offset(const ml_block *block, ml_block_part part)
{
    return part == ML_BLOCK_TAIL ? block->mark.events : 0;
}

/* One of the columns 1 to 4 while it is made. */
typedef struct {
    ml_chunk_writer *chunk;
    const ml_block_context *context;
    uint32_t column;
    uint64_t previous; /* time, in units */
} common_column;

static void put_common(common_column *c, const ml_block_event *event)
{
    uint64_t time = event->time_ns / c->context->head->event_unit_ns;

    switch (c->column) {
    case ML_EVNT_TIME:
        put(c->chunk, ml_zigzag_encode((int64_t)(time - c->previous)));
        c->previous = time;
        break;
    case ML_EVNT_KIND: put(c->chunk, c->context->tables->kind_id[event->kind] - 1); break;
    case ML_EVNT_THREAD: put(c->chunk, event->thread); break;
    default: put(c->chunk, event->node); break;
    }
}

/* The first event of each kind in the part. */
static const uint32_t *first_events(const ml_block *block, ml_block_part part)
{
    return part == ML_BLOCK_TAIL ? block->tail_event : block->first_event;
}

/* Gauges stand kind by kind: their distances in time are nearly all the same, and so is the rest of these columns. */
static void encode_common(const ml_block *block, common_column *c)
{
    const ml_writer_tables *tables = c->context->tables;
    const uint32_t *first = first_events(block, c->context->part);

    for (uint32_t id = 0; id < tables->count[ML_TABLE_KINDS]; id++) {
        uint32_t kind = tables->kinds[id].kind;
        uint32_t link = tables->registry[kind].is_gauge ? first[kind] : 0;
        while (link != 0) {
            const ml_block_event *event = event_at(block, link - 1);
            put_common(c, event);
            link = event->next;
        }
    }
    for (size_t at = first_offset(block, c->context->part); at < block->events.length;
         at += event_at(block, at)->size) {
        if (!tables->registry[event_at(block, at)->kind].is_gauge) {
            put_common(c, event_at(block, at));
        }
    }
    ml_chunk_column(c->chunk, c->column, 0);
}

/* One field of all events of one kind; each event's cursor moves on to its next field. */
static void encode_field(const ml_block *block, ml_chunk_writer *chunk, uint32_t link,
                         uint32_t type)
{
    uint64_t previous = 0;

    while (link != 0) {
        ml_block_event *event = event_at(block, link - 1);
        uint64_t value = take_value(event, block);
        if (type == ML_MLOG_FIELD_DELTA) {
            put(chunk, ml_zigzag_encode((int64_t)(value - previous)));
            previous = value;
        } else if (type == ML_MLOG_FIELD_INT) {
            put(chunk, ml_zigzag_encode((int64_t)value));
        } else {
            put(chunk, value);
        }
        if (type == ML_MLOG_FIELD_BYTES) {
            ml_buffer_put(&chunk->columns, block->events.data + event->cursor, (size_t)value);
            event->cursor += (uint32_t)value;
        }
        link = event->next;
    }
}

static void encode_kind(const ml_block *block, ml_chunk_writer *chunk, const ml_kind_spec *spec,
                        uint32_t first, uint32_t id)
{
    for (uint32_t field = 0; field < spec->field_count; field++) {
        encode_field(block, chunk, first, spec->fields[field].type);
        ml_chunk_column(chunk, ML_EVNT_FIELDS + id * ML_MLOG_FIELDS_MAX + field, 0);
    }
}

/* Makes the events of the part ready to be encoded, once more perhaps; puts the preamble. */
static uint64_t encode_event_preamble(ml_block *block, ml_chunk_writer *chunk,
                                      const ml_block_context *context, uint32_t count)
{
    uint64_t unit_ns = context->head->event_unit_ns;
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;

    for (size_t at = first_offset(block, context->part); at < block->events.length;
         at += event_at(block, at)->size) {
        ml_block_event *event = event_at(block, at);
        uint64_t time = event->time_ns / unit_ns * unit_ns;
        event->cursor = (uint32_t)(at + sizeof(*event));
        first = time < first ? time : first;
        last = time > last ? time : last;
    }
    ml_buffer_put_uv(&chunk->preamble, first);
    ml_buffer_put_uv(&chunk->preamble, last - first);
    ml_buffer_put_uv(&chunk->preamble, count);
    ml_buffer_put_sv(&chunk->preamble, context->drift);
    return first;
}

void ml_block_encode_events(ml_block *block, ml_chunk_writer *chunk,
                            const ml_block_context *context, ml_block_totals *totals)
{
    int is_tail = context->part == ML_BLOCK_TAIL;
    const uint32_t *first_event = first_events(block, context->part);
    uint32_t count = block->event_count - (is_tail ? block->mark.event_count : 0);
    uint64_t start;

    *totals = (ml_block_totals){.events = count};
    ml_chunk_begin(chunk);
    start = encode_event_preamble(block, chunk, context, count);
    for (uint32_t column = ML_EVNT_TIME; column <= ML_EVNT_NODE; column++) {
        common_column common = {chunk, context, column, start / context->head->event_unit_ns};
        encode_common(block, &common);
    }
    for (uint32_t id = 0; id < context->tables->count[ML_TABLE_KINDS]; id++) {
        uint32_t kind = context->tables->kinds[id].kind;
        encode_kind(block, chunk, &context->tables->registry[kind], first_event[kind], id);
    }
}
