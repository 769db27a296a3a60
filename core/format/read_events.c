#include "core/format/read_parts.h"

/* An EVNT chunk being decoded. */
typedef struct {
    const ml_chunk_info *info;
    const ml_tables *tables;
    const ml_head *head;
    ml_columns columns;
    ml_arena *arena; /* of the result */
    ml_arena *scratch;
    ml_error *error;
    size_t count;
    uint64_t *time_ns;
    uint32_t *kind, *thread, *node;
    size_t *value_start;
    ml_value *values;
    size_t *kind_start; /* where a kind's events begin in by_kind; one more than kinds */
    size_t *by_kind;    /* events ordered by kind */
} decoder;

static ml_status damaged(const decoder *d, const char *what)
{
    return ml_error_set(d->error, ML_ERROR_FORMAT, "its %s are damaged", what);
}

static ml_status no_memory(const decoder *d)
{
    return ml_error_set(d->error, ML_ERROR_MEMORY, "no memory for its events");
}

/* ---- columns 1 to 4 ---- */

static ml_status allocate(decoder *d, uint32_t payload_length)
{
    /* An event costs at least a byte in each of four columns. */
    if (d->info->events > payload_length / 4) {
        return damaged(d, "events");
    }
    d->count = (size_t)d->info->events;
    d->time_ns = ml_arena_array(d->arena, d->count, sizeof(*d->time_ns));
    d->kind = ml_arena_array(d->arena, d->count, sizeof(*d->kind));
    d->thread = ml_arena_array(d->arena, d->count, sizeof(*d->thread));
    d->node = ml_arena_array(d->arena, d->count, sizeof(*d->node));
    d->value_start = ml_arena_array(d->arena, d->count, sizeof(*d->value_start));
    d->by_kind = ml_arena_array(d->scratch, d->count, sizeof(*d->by_kind));
    d->kind_start =
        ml_arena_array(d->scratch, (size_t)d->tables->kind_count + 1, sizeof(*d->kind_start));
    return d->time_ns == NULL || d->kind == NULL || d->thread == NULL || d->node == NULL ||
                   d->value_start == NULL || d->by_kind == NULL || d->kind_start == NULL
               ? no_memory(d)
               : ML_OK;
}

static ml_status read_times(decoder *d)
{
    ml_cursor cursor = ml_columns_take(&d->columns, ML_EVNT_TIME);
    uint64_t unit = d->head->event_unit_ns;
    uint64_t first = d->info->start_ns / unit;
    uint64_t last = (d->info->start_ns + d->info->span_ns) / unit;
    uint64_t time = first;

    for (size_t i = 0; i < d->count; i++) {
        time += (uint64_t)ml_cursor_sv(&cursor);
        if (time < first || time > last) {
            return damaged(d, "times");
        }
        d->time_ns[i] = time * unit;
    }
    return ml_cursor_done(&cursor) ? ML_OK : damaged(d, "times");
}

static ml_status read_column(decoder *d, uint32_t column, uint32_t *values, uint32_t limit,
                             const char *what)
{
    ml_cursor cursor = ml_columns_take(&d->columns, column);

    for (size_t i = 0; i < d->count; i++) {
        values[i] = ml_cursor_below(&cursor, limit);
    }
    return ml_cursor_done(&cursor) ? ML_OK : damaged(d, what);
}

static ml_status read_common(decoder *d)
{
    ML_TRY(read_times(d));
    ML_TRY(read_column(d, ML_EVNT_KIND, d->kind, d->tables->kind_count, "kinds"));
    ML_TRY(read_column(d, ML_EVNT_THREAD, d->thread, d->tables->thread_count + 1, "threads"));
    ML_TRY(read_column(d, ML_EVNT_NODE, d->node, d->tables->node_count, "nodes"));
    for (size_t i = 0; i < d->count; i++) {
        d->thread[i]--; /* 0, none, becomes UINT32_MAX */
    }
    return ML_OK;
}

/* ---- fields ---- */

/* Orders the events by kind, and gives each its place among the values. */
static ml_status order_by_kind(decoder *d, uint32_t payload_length)
{
    uint32_t kinds = d->tables->kind_count;
    size_t values = 0;

    for (size_t i = 0; i < d->count; i++) {
        d->kind_start[d->kind[i] + 1]++;
        d->value_start[i] = values;
        values += d->tables->kind[d->kind[i]].field_count;
    }
    for (uint32_t kind = 0; kind < kinds; kind++) {
        d->kind_start[kind + 1] += d->kind_start[kind];
    }
    for (size_t i = 0; i < d->count; i++) {
        d->by_kind[d->kind_start[d->kind[i]]++] = i;
    }
    for (uint32_t kind = kinds; kind > 0; kind--) {
        d->kind_start[kind] = d->kind_start[kind - 1];
    }
    d->kind_start[0] = 0;
    if (values > payload_length) { /* a value costs at least a byte */
        return damaged(d, "fields");
    }
    d->values = ml_arena_array(d->arena, values, sizeof(*d->values));
    return d->values == NULL ? no_memory(d) : ML_OK;
}

static double float32(ml_cursor *cursor)
{
    uint32_t bits = (uint32_t)ml_cursor_fixed(cursor, 4);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

static double float64(ml_cursor *cursor)
{
    uint64_t bits = ml_cursor_fixed(cursor, 8);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void read_bytes(ml_cursor *cursor, ml_value *value)
{
    uint64_t length = ml_cursor_uv(cursor);

    value->bytes = ml_cursor_bytes(cursor, length);
    value->length = value->bytes == NULL ? 0 : (size_t)length;
}

static void read_strings(decoder *d, ml_cursor *cursor, ml_value *value)
{
    uint64_t count = ml_cursor_uv(cursor);
    uint32_t *ids;

    if (cursor->bad || count > ml_cursor_left(cursor)) {
        cursor->bad = 1;
        return;
    }
    ids = ml_arena_array(d->arena, (size_t)count, sizeof(*ids));
    if (ids == NULL) {
        cursor->bad = 1;
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        ids[i] = ml_cursor_below(cursor, d->tables->string_count);
    }
    value->bytes = ids;
    value->length = (size_t)count;
}

static void read_value(decoder *d, uint32_t type, ml_cursor *cursor, uint64_t *previous,
                       ml_value *value)
{
    switch (type) {
    case ML_MLOG_FIELD_UINT:
    case ML_MLOG_FIELD_ENUM: value->number = ml_cursor_uv(cursor); break;
    case ML_MLOG_FIELD_INT: value->number = (uint64_t)ml_cursor_sv(cursor); break;
    case ML_MLOG_FIELD_DELTA:
        *previous += (uint64_t)ml_cursor_sv(cursor);
        value->number = *previous;
        break;
    case ML_MLOG_FIELD_F32: value->real = float32(cursor); break;
    case ML_MLOG_FIELD_F64: value->real = float64(cursor); break;
    case ML_MLOG_FIELD_STRING:
        value->number = ml_cursor_below(cursor, d->tables->string_count + 1) - 1u;
        break;
    case ML_MLOG_FIELD_BYTES: read_bytes(cursor, value); break;
    default: read_strings(d, cursor, value); break;
    }
}

/* One field of all events of a kind. */
static ml_status read_field(decoder *d, uint32_t kind, uint32_t field)
{
    uint32_t type = d->tables->kind[kind].fields[field].type;
    ml_cursor cursor =
        ml_columns_take(&d->columns, ML_EVNT_FIELDS + kind * ML_MLOG_FIELDS_MAX + field);
    uint64_t previous = 0;

    if (type > ML_MLOG_FIELD_STRINGS) {
        return ml_error_set(
            d->error, ML_ERROR_UNSUPPORTED,
            "a field has type %u, which this program does not know: use a newer one", type);
    }
    for (size_t i = d->kind_start[kind]; i < d->kind_start[kind + 1]; i++) {
        read_value(d, type, &cursor, &previous, &d->values[d->value_start[d->by_kind[i]] + field]);
    }
    return ml_cursor_done(&cursor) ? ML_OK : damaged(d, "fields");
}

static ml_status read_fields(decoder *d)
{
    for (uint32_t kind = 0; kind < d->tables->kind_count; kind++) {
        if (d->kind_start[kind] == d->kind_start[kind + 1]) {
            continue;
        }
        for (uint32_t field = 0; field < d->tables->kind[kind].field_count; field++) {
            ML_TRY(read_field(d, kind, field));
        }
    }
    return ML_OK;
}

/* ---- time order ---- */

/* Merges two neighbouring ordered stretches of event numbers. Mostly one is behind the other: a file has few that rise. */
static void merge(const uint64_t *time, const size_t *from, size_t *to, size_t low, size_t middle,
                  size_t high)
{
    size_t left = low;
    size_t right = middle;

    if (middle == high || time[from[middle - 1]] <= time[from[middle]]) {
        memcpy(to + low, from + low, (high - low) * sizeof(*to));
        return;
    }
    for (size_t i = low; i < high; i++) {
        int take_left = left < middle && (right == high || time[from[left]] <= time[from[right]]);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* Event numbers by time, equal times in the order of the file; NULL without memory. */
static size_t *order_by_time(const decoder *d)
{
    size_t *order = ml_arena_array(d->scratch, d->count, sizeof(*order));
    size_t *other = ml_arena_array(d->scratch, d->count, sizeof(*other));

    if (order == NULL || other == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < d->count; i++) {
        order[i] = i;
    }
    for (size_t width = 1; width < d->count; width *= 2) {
        size_t *swap = order;
        for (size_t low = 0; low < d->count; low += 2 * width) {
            size_t middle = low + width < d->count ? low + width : d->count;
            size_t high = middle + width < d->count ? middle + width : d->count;
            merge(d->time_ns, order, other, low, middle, high);
        }
        order = other;
        other = swap;
    }
    return order;
}

static int is_ordered(const decoder *d)
{
    for (size_t i = 1; i < d->count; i++) {
        if (d->time_ns[i] < d->time_ns[i - 1]) {
            return 0;
        }
    }
    return 1;
}

/* Rings are drained one after another, so a file's order need not be that of time. */
static ml_status sort_events(decoder *d, uint32_t payload_length)
{
    decoder sorted = *d;
    const size_t *order;

    if (is_ordered(d)) {
        return ML_OK;
    }
    order = order_by_time(d);
    if (order == NULL) {
        return no_memory(d);
    }
    ML_TRY(allocate(&sorted, payload_length));
    for (size_t i = 0; i < d->count; i++) {
        sorted.time_ns[i] = d->time_ns[order[i]];
        sorted.kind[i] = d->kind[order[i]];
        sorted.thread[i] = d->thread[order[i]];
        sorted.node[i] = d->node[order[i]];
        sorted.value_start[i] = d->value_start[order[i]];
    }
    *d = sorted;
    return ML_OK;
}

/* ---- the interface ---- */

static ml_status decode(decoder *d, const ml_chunk_view *view, const ml_limits *limits)
{
    /* Values of type bytes point into the payload, which therefore lives as long as the result. */
    ML_TRY(ml_chunk_columns(view, limits, d->arena, &d->columns, d->error));
    ML_TRY(allocate(d, view->payload_length));
    ML_TRY(read_common(d));
    ML_TRY(order_by_kind(d, view->payload_length));
    ML_TRY(read_fields(d));
    ML_TRY(ml_columns_finish(&d->columns, d->error));
    return sort_events(d, view->payload_length);
}

ml_status ml_read_events(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                         ml_arena *arena, ml_events *out, ml_error *error)
{
    ml_arena scratch;
    decoder d = {.tables = &recording->tables,
                 .head = &recording->head,
                 .arena = arena,
                 .scratch = &scratch,
                 .error = error};
    ml_chunk_view view;
    ml_status status;

    *out = (ml_events){0};
    ML_TRY(ml_chunk_view_again(reader, recording, chunk, "EVNT", &view, error));
    d.info = &recording->chunks[chunk];
    ml_arena_init(&scratch, 0);
    status = decode(&d, &view, &reader->limits);
    ml_arena_release(&scratch);
    if (status < 0) {
        ml_error_add(error, "chunk %u (events)", view.sequence);
        return status;
    }
    *out = (ml_events){d.count, d.time_ns, d.kind, d.node, d.thread, d.value_start, d.values};
    return ML_OK;
}
