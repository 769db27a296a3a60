#include "core/model/build.h"

/* Positions of the wanted fields, as event_kinds.c lists them. */
enum { OPEN_NUMBER, OPEN_WHAT, OPEN_LABEL, OPEN_INHERITED };
enum { CLOSE_NUMBER };
enum { BRIEF_WHAT, BRIEF_LABEL, BRIEF_COUNT, BRIEF_SPAN };

typedef struct resource_columns {
    uint32_t *kind, *what, *process, *thread, *stack, *label, *inherited;
    uint64_t *number, *open_ns, *close_ns, *times;
} resource_columns;

typedef struct number_key {
    uint64_t number;
    uint64_t process;
} number_key;

/* Every number of a process that was ever open, and the last resource that had it. */
typedef struct number_table {
    ml_index index;
    number_key *keys;
    uint64_t *resource;
    uint32_t count;
} number_table;

static int same_number(const void *owner, uint32_t row, const void *key)
{
    const number_table *numbers = owner;
    const number_key *wanted = key;

    return numbers->keys[row].number == wanted->number &&
           numbers->keys[row].process == wanted->process;
}

/* The last resource with the number is closed, if it still is open. */
static void close_number(const number_table *numbers, resource_columns *columns, uint32_t row,
                         uint64_t time_ns)
{
    uint64_t *close_ns = row == ML_NONE ? NULL : &columns->close_ns[numbers->resource[row]];

    if (close_ns != NULL && *close_ns == UINT64_MAX) {
        *close_ns = time_ns;
    }
}

static void put_resource(const ml_build *build, resource_columns *columns, uint64_t row,
                         const ml_event *event)
{
    int inherited = ml_event_number(build, event, OPEN_INHERITED, 0) != 0;

    columns->kind[row] = ML_RESOURCE_DESCRIPTOR;
    columns->what[row] = ml_u32(ml_event_number(build, event, OPEN_WHAT, ML_DESCRIPTOR_OTHER));
    columns->process[row] = event->process;
    columns->number[row] = (uint64_t)ml_event_number(build, event, OPEN_NUMBER, 0);
    columns->open_ns[row] = inherited ? 0 : event->time_ns;
    columns->close_ns[row] = UINT64_MAX;
    columns->thread[row] = event->thread;
    columns->stack[row] = event->stack;
    columns->label[row] = ml_event_text(build, event, OPEN_LABEL);
    columns->inherited[row] = (uint32_t)inherited;
    columns->times[row] = 1;
}

/* Short-lived ones that are alike are one row. */
static void put_brief(const ml_build *build, resource_columns *columns, uint64_t row,
                      const ml_event *event)
{
    uint32_t count = ml_u32(ml_event_number(build, event, BRIEF_COUNT, 1));
    uint64_t span_ns = ml_u32(ml_event_number(build, event, BRIEF_SPAN, 0)) * UINT64_C(1000000);

    columns->kind[row] = ML_RESOURCE_DESCRIPTOR;
    columns->what[row] = ml_u32(ml_event_number(build, event, BRIEF_WHAT, ML_DESCRIPTOR_OTHER));
    columns->process[row] = event->process;
    columns->number[row] = UINT64_MAX;
    columns->open_ns[row] = event->time_ns;
    columns->close_ns[row] = ml_sum(event->time_ns, span_ns);
    columns->thread[row] = event->thread;
    columns->stack[row] = event->stack;
    columns->label[row] = ml_event_text(build, event, BRIEF_LABEL);
    columns->times[row] = count > 0 ? count : 1;
}

/* A number that is opened again was closed in between, even if nobody saw it. */
static ml_status take_open(ml_build *build, number_table *numbers, resource_columns *columns,
                           uint64_t resource, const ml_event *event)
{
    number_key key = {(uint64_t)ml_event_number(build, event, OPEN_NUMBER, 0), event->process};
    uint64_t hash = ml_index_hash(&numbers->index, &key, sizeof(key));
    uint32_t row = ml_index_find(&numbers->index, hash, same_number, numbers, &key);

    close_number(numbers, columns, row, event->time_ns);
    if (row == ML_NONE) {
        row = numbers->count++;
        numbers->keys[row] = key;
        ML_TRY(ml_index_add(&numbers->index, hash, row));
    }
    numbers->resource[row] = resource;
    put_resource(build, columns, resource, event);
    return ML_OK;
}

static void take_close(const ml_build *build, const number_table *numbers,
                       resource_columns *columns, const ml_event *event)
{
    number_key key = {(uint64_t)ml_event_number(build, event, CLOSE_NUMBER, 0), event->process};
    uint64_t hash = ml_index_hash(&numbers->index, &key, sizeof(key));

    close_number(numbers, columns, ml_index_find(&numbers->index, hash, same_number, numbers, &key),
                 event->time_ns);
}

static ml_status pair_events(ml_build *build, number_table *numbers, resource_columns *columns)
{
    uint64_t resource = 0;

    for (size_t i = 0; i < build->event_count; i++) {
        const ml_event *event = &build->events[i];
        if (event->kind->use == ML_USE_OPEN) {
            ML_TRY(take_open(build, numbers, columns, resource++, event));
        } else if (event->kind->use == ML_USE_CLOSE) {
            take_close(build, numbers, columns, event);
        } else if (event->kind->use == ML_USE_BRIEF) {
            put_brief(build, columns, resource++, event);
        }
    }
    return ML_OK;
}

static ml_status make_room(ml_build *build, number_table *numbers, resource_columns *columns,
                           uint64_t rows)
{
    uint32_t **const narrow[] = {
        &columns->kind,  &columns->what,  &columns->process,   &columns->thread,
        &columns->stack, &columns->label, &columns->inherited, NULL};
    uint64_t **const wide[] = {&columns->number, &columns->open_ns,  &columns->close_ns,
                               &columns->times,  &numbers->resource, NULL};

    ML_TRY(ml_build_narrow(build, rows, "resources", narrow));
    ML_TRY(ml_build_wide(build, rows, "resources", wide));
    numbers->keys = ml_build_array(build, rows, sizeof(*numbers->keys), "resources");
    return numbers->keys == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_build_resources(ml_build *build)
{
    uint64_t rows = ml_event_uses(build, ML_USE_OPEN) + ml_event_uses(build, ML_USE_BRIEF);
    number_table numbers = {.count = 0};
    resource_columns columns;

    if (rows >= ML_NONE) {
        return ml_error_set(build->error, ML_ERROR_TOO_LARGE,
                            "more than 2^32 - 2 opened descriptors");
    }
    ml_index_init(&numbers.index, &build->arena);
    ML_TRY(make_room(build, &numbers, &columns, rows));
    ML_TRY(pair_events(build, &numbers, &columns));
    build->tables.resources = (ml_resources){.kind = columns.kind,
                                             .what = columns.what,
                                             .process = columns.process,
                                             .number = columns.number,
                                             .open_ns = columns.open_ns,
                                             .close_ns = columns.close_ns,
                                             .thread = columns.thread,
                                             .stack = columns.stack,
                                             .label = columns.label,
                                             .inherited = columns.inherited,
                                             .times = columns.times};
    build->rows[ML_EXTENT_RESOURCES] = rows;
    return ML_OK;
}
