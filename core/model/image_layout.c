#include "core/model/image_layout.h"

#include <string.h>

enum { ALIGNMENT = 64 };

typedef struct column {
    size_t pointer; /* where in ml_image_tables the column's pointer is */
    uint32_t size;  /* of an item */
    uint32_t extent;
} column;

#define COLUMN(table, name, rows)                                                                  \
    {                                                                                              \
        offsetof(ml_image_tables, table.name), sizeof(*((ml_image_tables *)0)->table.name),        \
            ML_EXTENT_##rows                                                                       \
    }

static const column columns[] = {
    COLUMN(strings, offset, STRINGS),
    COLUMN(strings, length, STRINGS),
    COLUMN(strings, bytes, STRING_BYTES),
    COLUMN(processes, pid, PROCESSES),
    COLUMN(processes, parent_pid, PROCESSES),
    COLUMN(processes, start_ns, PROCESSES),
    COLUMN(processes, end_ns, PROCESSES),
    COLUMN(processes, command, PROCESSES),
    COLUMN(processes, python, PROCESSES),
    COLUMN(processes, flags, PROCESSES),
    COLUMN(processes, cpu_ns, PROCESSES),
    COLUMN(processes, exit_code, PROCESSES),
    COLUMN(modules, name, MODULES),
    COLUMN(modules, file, MODULES),
    COLUMN(modules, flags, MODULES),
    COLUMN(functions, name, FUNCTIONS),
    COLUMN(functions, module, FUNCTIONS),
    COLUMN(functions, line, FUNCTIONS),
    COLUMN(functions, self_ns, FUNCTIONS),
    COLUMN(functions, total_ns, FUNCTIONS),
    COLUMN(functions, self_cpu_ns, FUNCTIONS),
    COLUMN(functions, total_cpu_ns, FUNCTIONS),
    COLUMN(functions, self_samples, FUNCTIONS),
    COLUMN(functions, total_samples, FUNCTIONS),
    COLUMN(stacks, parent, STACKS),
    COLUMN(stacks, function, STACKS),
    COLUMN(stacks, line, STACKS),
    COLUMN(stacks, depth, STACKS),
    COLUMN(threads, process, THREADS),
    COLUMN(threads, name, THREADS),
    COLUMN(threads, native_id, THREADS),
    COLUMN(threads, start_ns, THREADS),
    COLUMN(threads, end_ns, THREADS),
    COLUMN(threads, cpu_ns, THREADS),
    COLUMN(threads, is_main, THREADS),
    COLUMN(threads, sample_first, THREADS),
    COLUMN(threads, sample_count, THREADS),
    COLUMN(threads, call_first, THREADS),
    COLUMN(threads, call_count, THREADS),
    COLUMN(samples, thread, SAMPLES),
    COLUMN(samples, stack, SAMPLES),
    COLUMN(samples, state, SAMPLES),
    COLUMN(samples, taken, SAMPLES),
    COLUMN(samples, start_ns, SAMPLES),
    COLUMN(samples, wall_ns, SAMPLES),
    COLUMN(samples, cpu_ns, SAMPLES),
    COLUMN(calls, function, CALLS),
    COLUMN(calls, thread, CALLS),
    COLUMN(calls, depth, CALLS),
    COLUMN(calls, stack, CALLS),
    COLUMN(calls, parent, CALLS),
    COLUMN(calls, subtree_end, CALLS),
    COLUMN(calls, start_ns, CALLS),
    COLUMN(calls, end_ns, CALLS),
    COLUMN(calls, samples, CALLS),
    COLUMN(messages, time_ns, MESSAGES),
    COLUMN(messages, kind, MESSAGES),
    COLUMN(messages, level, MESSAGES),
    COLUMN(messages, thread, MESSAGES),
    COLUMN(messages, stack, MESSAGES),
    COLUMN(messages, source, MESSAGES),
    COLUMN(messages, text, MESSAGES),
    COLUMN(messages, file, MESSAGES),
    COLUMN(messages, line, MESSAGES),
    COLUMN(counters, name, COUNTERS),
    COLUMN(counters, unit, COUNTERS),
    COLUMN(counters, kind, COUNTERS),
    COLUMN(counters, process, COUNTERS),
    COLUMN(counters, first, COUNTERS),
    COLUMN(counters, points, COUNTERS),
    COLUMN(counters, time_ns, POINTS),
    COLUMN(counters, value, POINTS),
    COLUMN(resources, kind, RESOURCES),
    COLUMN(resources, what, RESOURCES),
    COLUMN(resources, process, RESOURCES),
    COLUMN(resources, number, RESOURCES),
    COLUMN(resources, open_ns, RESOURCES),
    COLUMN(resources, close_ns, RESOURCES),
    COLUMN(resources, thread, RESOURCES),
    COLUMN(resources, stack, RESOURCES),
    COLUMN(resources, label, RESOURCES),
    COLUMN(resources, inherited, RESOURCES),
    COLUMN(resources, times, RESOURCES),
    COLUMN(events, time_ns, EVENTS),
    COLUMN(events, kind, EVENTS),
    COLUMN(events, thread, EVENTS),
    COLUMN(events, stack, EVENTS),
    COLUMN(events, process, EVENTS),
    COLUMN(events, field_first, EVENTS),
    COLUMN(events, field, EVENT_FIELDS),
    COLUMN(events, kind_name, KINDS),
    COLUMN(events, kind_field_first, KINDS),
    COLUMN(events, kind_field_count, KINDS),
    COLUMN(events, field_name, KIND_FIELDS),
    COLUMN(events, field_unit, KIND_FIELDS),
    COLUMN(events, field_is_text, KIND_FIELDS),
    COLUMN(sources, module, SOURCES),
    COLUMN(sources, line, SOURCES),
    COLUMN(sources, text, SOURCES),
    COLUMN(gaps, process, GAPS),
    COLUMN(gaps, cause, GAPS),
    COLUMN(gaps, system_error, GAPS),
    COLUMN(gaps, start_ns, GAPS),
    COLUMN(gaps, end_ns, GAPS),
    COLUMN(gaps, ticks, GAPS),
    COLUMN(gaps, samples, GAPS),
    COLUMN(gaps, events, GAPS),
};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

typedef struct header {
    char signature[8];
    uint64_t length;
    ml_image_facts facts;
    uint64_t rows[ML_EXTENT_COUNT];
    uint64_t offset[COLUMN_COUNT];
} header;

static const char signature[8] = "MLIMAGE";

/* ---- packing ---- */

static ml_status add(uint64_t *total, uint64_t more)
{
    return __builtin_add_overflow(*total, more, total) ? ML_ERROR_TOO_LARGE : ML_OK;
}

static ml_status place_columns(header *head)
{
    uint64_t end = sizeof(*head);

    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        uint64_t bytes;
        if (__builtin_mul_overflow(head->rows[columns[i].extent], columns[i].size, &bytes)) {
            return ML_ERROR_TOO_LARGE;
        }
        ML_TRY(add(&end, ALIGNMENT - 1));
        head->offset[i] = end &= ~(uint64_t)(ALIGNMENT - 1);
        ML_TRY(add(&end, bytes));
    }
    head->length = end;
    return end > SIZE_MAX / 2 ? ML_ERROR_TOO_LARGE : ML_OK;
}

/* Columns are only read, though a list of parts does not say so. */
static struct iovec part_of(const void *bytes, size_t length)
{
    return (struct iovec){(void *)(uintptr_t)bytes, length};
}

ml_status ml_image_pack(ml_arena *arena, const ml_image_tables *tables, const ml_image_facts *facts,
                        const uint64_t rows[ML_EXTENT_COUNT], struct iovec **parts, size_t *count)
{
    static const char nothing[ALIGNMENT];
    header *head = ml_arena_alloc(arena, sizeof(*head));
    struct iovec *list = ml_arena_array(arena, 1 + 2 * COLUMN_COUNT, sizeof(*list));
    uint64_t end = sizeof(*head);

    if (head == NULL || list == NULL) {
        return ML_ERROR_MEMORY;
    }
    memcpy(head->signature, signature, sizeof(signature));
    memcpy(head->rows, rows, sizeof(head->rows));
    head->facts = *facts;
    ML_TRY(place_columns(head));
    *parts = list;
    *list++ = part_of(head, sizeof(*head));
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t size = (size_t)head->rows[columns[i].extent] * columns[i].size;
        const void *items;
        memcpy(&items, (const char *)tables + columns[i].pointer, sizeof(items));
        *list++ = part_of(nothing, (size_t)(head->offset[i] - end));
        *list++ = part_of(size == 0 ? nothing : items, size);
        end = head->offset[i] + size;
    }
    *count = (size_t)(list - *parts);
    return ML_OK;
}

/* ---- viewing ---- */

static void view_counts(const uint64_t *rows, ml_image_tables *tables)
{
    tables->strings.count = (uint32_t)rows[ML_EXTENT_STRINGS];
    tables->processes.count = (uint32_t)rows[ML_EXTENT_PROCESSES];
    tables->modules.count = (uint32_t)rows[ML_EXTENT_MODULES];
    tables->functions.count = (uint32_t)rows[ML_EXTENT_FUNCTIONS];
    tables->stacks.count = (uint32_t)rows[ML_EXTENT_STACKS];
    tables->threads.count = (uint32_t)rows[ML_EXTENT_THREADS];
    tables->samples.count = rows[ML_EXTENT_SAMPLES];
    tables->calls.count = rows[ML_EXTENT_CALLS];
    tables->messages.count = rows[ML_EXTENT_MESSAGES];
    tables->counters.count = (uint32_t)rows[ML_EXTENT_COUNTERS];
    tables->resources.count = rows[ML_EXTENT_RESOURCES];
    tables->events.count = rows[ML_EXTENT_EVENTS];
    tables->events.kind_count = (uint32_t)rows[ML_EXTENT_KINDS];
    tables->sources.count = (uint32_t)rows[ML_EXTENT_SOURCES];
    tables->gaps.count = (uint32_t)rows[ML_EXTENT_GAPS];
}

static const char *text(const ml_image_tables *tables, uint32_t row)
{
    return tables->strings.bytes + tables->strings.offset[row];
}

static void view_facts(const ml_image_facts *facts, const ml_image_tables *tables, ml_model *model)
{
    *model = (ml_model){
        .struct_size = sizeof(*model),
        .damaged = facts->damaged,
        .duration_ns = facts->duration_ns,
        .period_ns = facts->period_ns,
        .ticks = facts->ticks,
        .ticks_missed = facts->ticks_missed,
        .recorder_cpu_ns = facts->recorder_cpu_ns,
        .start_wall_ns = facts->start_wall_ns,
        .utc_offset_s = facts->utc_offset_s,
        .name = text(tables, facts->name),
        .command = text(tables, facts->command),
        .python = text(tables, facts->python),
        .host = text(tables, facts->host),
        .system = text(tables, facts->system),
        .directory = text(tables, facts->directory),
        .label = text(tables, facts->label),
        .recorder = text(tables, facts->recorder),
        .session = text(tables, facts->session),
        .method = text(tables, facts->method),
        .problem = text(tables, facts->problem),
    };
}

void ml_image_view(const void *image, ml_image_tables *tables, ml_model *model)
{
    const header *head = image;

    memset(tables, 0, sizeof(*tables));
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const void *items = (const char *)image + head->offset[i];
        memcpy((char *)tables + columns[i].pointer, &items, sizeof(items));
    }
    view_counts(head->rows, tables);
    view_facts(&head->facts, tables, model);
}
