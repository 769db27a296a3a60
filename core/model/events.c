#include "core/model/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is gathered before it is put in order. */
typedef struct event_list {
    ml_event *events;
    size_t event_count, event_capacity;
    int64_t *values;
    size_t value_count, value_capacity;
    ml_buffer text; /* a list of strings, joined */
} event_list;

/* ---- values ---- */

static int64_t from_unsigned(uint64_t number)
{
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* The nearest whole number; columns of fields have no others. */
static int64_t from_real(double real)
{
    double whole = isnan(real) ? 0 : nearbyint(real);

    return whole >= 0x1p63 ? INT64_MAX : whole < -0x1p63 ? INT64_MIN : (int64_t)whole;
}

static int64_t from_strings(ml_build *build, ml_member *member, event_list *list,
                            const ml_value *value)
{
    const uint32_t *ids = value->bytes;

    ml_buffer_clear(&list->text);
    for (size_t i = 0; i < value->length; i++) {
        uint32_t row = ml_build_string(build, member, ids[i]);
        ml_buffer_put_text(&list->text, i == 0 ? "" : ", ");
        ml_buffer_put_text(&list->text, ml_interner_text(&build->strings, row));
    }
    return ml_intern(&build->strings, list->text.data, list->text.length);
}

static int64_t convert(ml_build *build, ml_member *member, event_list *list, uint32_t type,
                       const ml_value *value)
{
    switch (type) {
    case ML_MLOG_FIELD_INT:
    case ML_MLOG_FIELD_DELTA: return (int64_t)value->number;
    case ML_MLOG_FIELD_F32:
    case ML_MLOG_FIELD_F64: return from_real(value->real);
    case ML_MLOG_FIELD_STRING:
        return value->number == UINT32_MAX ? ML_NONE
                                           : ml_build_string(build, member, value->number);
    case ML_MLOG_FIELD_BYTES: return ml_intern(&build->strings, value->bytes, value->length);
    case ML_MLOG_FIELD_STRINGS: return from_strings(build, member, list, value);
    default: return from_unsigned(value->number);
    }
}

/* ---- gathering ---- */

static ml_status add_event(ml_build *build, ml_member *member, event_list *list,
                           const ml_events *from, size_t at)
{
    const ml_tables *tables = &member->recording->tables;
    const ml_event_kind *kind = &member->kinds[from->kind[at]];
    uint32_t fields = kind->definition->field_count;

    ML_TRY(ml_arena_grow(&build->arena, &list->events, &list->event_capacity, list->event_count + 1,
                         sizeof(*list->events)));
    ML_TRY(ml_arena_grow(&build->arena, &list->values, &list->value_capacity,
                         list->value_count + fields + 1, sizeof(*list->values)));
    list->events[list->event_count++] = (ml_event){
        .time_ns = ml_build_time(build, member, from->time_ns[at]),
        .kind = kind,
        .value = list->value_count,
        .process = (uint32_t)(member - build->members),
        .thread = from->thread[at] < tables->thread_count ? member->first_thread + from->thread[at]
                                                          : ML_NONE,
        .stack = member->stack_row[from->node[at]]};
    for (uint32_t field = 0; field < fields; field++) {
        const ml_value *value = &from->values[from->value_start[at] + field];
        uint32_t type = kind->definition->fields[field].type;
        list->values[list->value_count++] = convert(build, member, list, type, value);
    }
    list->value_count += fields == 0; /* no two events have their values at one place */
    return ML_OK;
}

static ml_status gather_chunk(ml_build *build, ml_member *member, size_t chunk, event_list *list)
{
    ml_error cause = {.status = ML_OK};
    ml_arena arena;
    ml_events events;
    ml_status status;

    ml_arena_init(&arena, 0);
    status = ml_read_events(member->reader, member->recording, chunk, &arena, &events, &cause);
    if (status < 0) {
        status = ml_build_unreadable(build, member, &cause);
    } else {
        for (size_t i = 0; i < events.count && status >= 0; i++) {
            status = add_event(build, member, list, &events, i);
        }
    }
    ml_arena_release(&arena);
    return status;
}

static ml_status gather_members(ml_build *build, event_list *list)
{
    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        for (size_t chunk = 0; chunk < member->recording->chunk_count; chunk++) {
            if (strcmp(member->recording->chunks[chunk].type, "EVNT") == 0) {
                ML_TRY(gather_chunk(build, member, chunk, list));
            }
        }
    }
    return build->strings.status;
}

/* ---- order ---- */

/* The place of its values tells which of two events was gathered first. */
static int by_time(const void *left, const void *right)
{
    const ml_event *one = left;
    const ml_event *other = right;

    if (one->time_ns != other->time_ns) {
        return one->time_ns < other->time_ns ? -1 : 1;
    }
    return one->value < other->value ? -1 : one->value > other->value;
}

/* Hands the events to the build, in order of time, equal times as gathered. */
static void put_in_order(ml_build *build, const event_list *list)
{
    if (list->event_count > 1) {
        qsort(list->events, list->event_count, sizeof(*list->events), by_time);
    }
    build->events = list->events;
    build->event_count = list->event_count;
    build->values = list->values;
    for (size_t i = 0; i < list->event_count; i++) {
        const ml_event *event = &list->events[i];
        ml_member *member = &build->members[event->process];
        member->end_ns = event->time_ns > member->end_ns ? event->time_ns : member->end_ns;
    }
}

/* ---- what others ask ---- */

int64_t ml_event_number(const ml_build *build, const ml_event *event, unsigned wanted,
                        int64_t fallback)
{
    int32_t position = event->kind->position[wanted];

    return position < 0 ? fallback : build->values[event->value + (size_t)position];
}

uint32_t ml_event_text(const ml_build *build, const ml_event *event, unsigned wanted)
{
    int64_t row = ml_event_number(build, event, wanted, 0);

    return row == ML_NONE ? 0 : (uint32_t)row;
}

uint64_t ml_event_uses(const ml_build *build, ml_event_use use)
{
    uint64_t count = 0;

    for (size_t i = 0; i < build->event_count; i++) {
        count += build->events[i].kind->use == use;
    }
    return count;
}

/* ---- the events table ---- */

typedef struct event_columns {
    uint64_t *time_ns, *field_first;
    uint32_t *kind, *thread, *stack, *process;
    int64_t *field;
} event_columns;

static ml_status make_room(ml_build *build, event_columns *columns, uint64_t rows, uint64_t fields)
{
    uint32_t **narrow[] = {&columns->kind, &columns->thread, &columns->stack, &columns->process};

    columns->time_ns = ml_build_array(build, rows, sizeof(*columns->time_ns), "events");
    columns->field_first = ml_build_array(build, rows, sizeof(*columns->field_first), "events");
    columns->field = ml_build_array(build, fields, sizeof(*columns->field), "events");
    for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++) {
        *narrow[i] = ml_build_array(build, rows, sizeof(**narrow[i]), "events");
        if (*narrow[i] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return columns->time_ns == NULL || columns->field_first == NULL || columns->field == NULL
               ? ML_ERROR_MEMORY
               : ML_OK;
}

static void put_event(const ml_build *build, event_columns *columns, uint64_t row, uint64_t field,
                      const ml_event *event)
{
    uint32_t fields = event->kind->definition->field_count;

    columns->time_ns[row] = event->time_ns;
    columns->kind[row] = event->kind->row;
    columns->thread[row] = event->thread;
    columns->stack[row] = event->stack;
    columns->process[row] = event->process;
    columns->field_first[row] = field;
    if (fields != 0) {
        memcpy(columns->field + field, build->values + event->value,
               fields * sizeof(*columns->field));
    }
}

static ml_status make_table(ml_build *build)
{
    ml_events_table *table = &build->tables.events;
    uint64_t rows = 0;
    uint64_t fields = 0;
    event_columns columns;

    for (size_t i = 0; i < build->event_count; i++) {
        rows += (uint64_t)ml_event_goes_to_table(build->events[i].kind->use);
        fields += ml_event_goes_to_table(build->events[i].kind->use)
                      ? build->events[i].kind->definition->field_count
                      : 0;
    }
    ML_TRY(make_room(build, &columns, rows, fields));
    rows = 0;
    fields = 0;
    for (size_t i = 0; i < build->event_count; i++) {
        if (ml_event_goes_to_table(build->events[i].kind->use)) {
            put_event(build, &columns, rows++, fields, &build->events[i]);
            fields += build->events[i].kind->definition->field_count;
        }
    }
    table->time_ns = columns.time_ns;
    table->kind = columns.kind;
    table->thread = columns.thread;
    table->stack = columns.stack;
    table->process = columns.process;
    table->field_first = columns.field_first;
    table->field = columns.field;
    build->rows[ML_EXTENT_EVENTS] = rows;
    build->rows[ML_EXTENT_EVENT_FIELDS] = fields;
    return ML_OK;
}

/* ---- the stage ---- */

ml_status ml_build_events(ml_build *build)
{
    event_list list = {.event_count = 0};
    ml_status status;

    ML_TRY(ml_build_kinds(build));
    ml_buffer_init(&list.text, SIZE_MAX);
    status = gather_members(build, &list);
    ml_buffer_release(&list.text);
    ML_TRY(status);
    put_in_order(build, &list);
    ML_TRY(ml_build_messages(build));
    ML_TRY(ml_build_counters(build));
    ML_TRY(ml_build_resources(build));
    return make_table(build);
}
