#include "core/model/build.h"

#include <string.h>

/* A reading of -1 means that the recorder could not read it. */
enum { NOT_KNOWN = -1 };

/* One numeric field of one member's status kind. */
typedef struct status_counter {
    uint32_t name, unit, kind, process;
    uint64_t points, first;
} status_counter;

typedef struct counter_columns {
    uint32_t *name, *unit, *kind, *process;
    uint64_t *first, *points, *time_ns;
    int64_t *value;
} counter_columns;

/* Times, and counts of what happened since the process began, only rise. */
static uint32_t kind_of(const char *name, const char *unit)
{
    int is_total = strcmp(unit, "us") == 0 || strncmp(name, "gc_", 3) == 0 ||
                   strncmp(name, "switches_", 9) == 0 || strcmp(name, "read") == 0 ||
                   strcmp(name, "written") == 0;

    return is_total ? ML_COUNTER_TOTAL : ML_COUNTER_GAUGE;
}

static int has_counters(const ml_event_kind *kind)
{
    return kind->use == ML_USE_STATUS || kind->use == ML_USE_COUNTERS;
}

static int is_number(uint32_t type)
{
    return type != ML_MLOG_FIELD_STRING && type != ML_MLOG_FIELD_BYTES &&
           type != ML_MLOG_FIELD_STRINGS;
}

/* ---- counters ---- */

static uint64_t count_fields(const ml_build *build)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        const ml_member *member = &build->members[i];
        for (uint32_t id = 0; id < member->recording->tables.kind_count; id++) {
            const ml_event_kind *kind = &member->kinds[id];
            count += has_counters(kind) ? kind->definition->field_count : 0;
        }
    }
    return count;
}

static void name_counters(ml_build *build, uint32_t process, ml_event_kind *kind,
                          status_counter *counters)
{
    ml_member *member = &build->members[process];

    for (uint32_t i = 0; i < kind->definition->field_count; i++) {
        const ml_kind_field *field = &kind->definition->fields[i];
        status_counter *counter = &counters[kind->counter + i];
        counter->name = ml_build_string(build, member, field->name);
        counter->unit = ml_build_string(build, member, field->unit);
        counter->kind = kind_of(ml_interner_text(&build->strings, counter->name),
                                ml_interner_text(&build->strings, counter->unit));
        counter->process = process;
    }
}

static void find_counters(ml_build *build, status_counter *counters)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        for (uint32_t id = 0; id < member->recording->tables.kind_count; id++) {
            if (has_counters(&member->kinds[id])) {
                member->kinds[id].counter = next;
                name_counters(build, i, &member->kinds[id], counters);
                next += member->kinds[id].definition->field_count;
            }
        }
    }
}

/* ---- points ---- */

/* Counts the points (without columns), or puts them behind `first`, which is then the next free place. */
static void read_points(const ml_build *build, status_counter *counters, counter_columns *columns)
{
    for (size_t i = 0; i < build->event_count; i++) {
        const ml_event *event = &build->events[i];
        const ml_kind *definition = event->kind->definition;
        for (uint32_t f = 0; has_counters(event->kind) && f < definition->field_count; f++) {
            status_counter *counter = &counters[event->kind->counter + f];
            int64_t value = build->values[event->value + f];
            if (value == NOT_KNOWN || !is_number(definition->fields[f].type)) {
                continue;
            }
            if (columns == NULL) {
                counter->points++;
            } else {
                columns->time_ns[counter->first] = event->time_ns;
                columns->value[counter->first++] = value;
            }
        }
    }
}

static ml_status make_room(ml_build *build, counter_columns *columns, uint64_t counters,
                           uint64_t points)
{
    columns->name = ml_build_array(build, counters, sizeof(*columns->name), "counters");
    columns->unit = ml_build_array(build, counters, sizeof(*columns->unit), "counters");
    columns->kind = ml_build_array(build, counters, sizeof(*columns->kind), "counters");
    columns->process = ml_build_array(build, counters, sizeof(*columns->process), "counters");
    columns->first = ml_build_array(build, counters, sizeof(*columns->first), "counters");
    columns->points = ml_build_array(build, counters, sizeof(*columns->points), "counters");
    columns->time_ns =
        ml_build_array(build, points, sizeof(*columns->time_ns), "points of counters");
    columns->value = ml_build_array(build, points, sizeof(*columns->value), "points of counters");
    return columns->name == NULL || columns->unit == NULL || columns->kind == NULL ||
                   columns->process == NULL || columns->first == NULL || columns->points == NULL ||
                   columns->time_ns == NULL || columns->value == NULL
               ? ML_ERROR_MEMORY
               : ML_OK;
}

/* Rows for the counters that have points; returns how many. */
static uint64_t put_counters(const status_counter *counters, uint64_t count,
                             counter_columns *columns)
{
    uint64_t row = 0;

    for (uint64_t i = 0; i < count; i++) {
        const status_counter *counter = &counters[i];
        if (counter->points != 0) {
            columns->name[row] = counter->name;
            columns->unit[row] = counter->unit;
            columns->kind[row] = counter->kind;
            columns->process[row] = counter->process;
            columns->first[row] = counter->first;
            columns->points[row++] = counter->points;
        }
    }
    return row;
}

/* ---- the stage ---- */

ml_status ml_build_counters(ml_build *build)
{
    uint64_t count = count_fields(build);
    status_counter *counters = ml_build_array(build, count, sizeof(*counters), "counters");
    uint64_t points = 0;
    counter_columns columns;

    if (counters == NULL) {
        return ML_ERROR_MEMORY;
    }
    find_counters(build, counters);
    read_points(build, counters, NULL);
    for (uint64_t i = 0; i < count; i++) {
        counters[i].first = points;
        points += counters[i].points;
    }
    ML_TRY(make_room(build, &columns, count, points));
    build->rows[ML_EXTENT_COUNTERS] = put_counters(counters, count, &columns);
    build->rows[ML_EXTENT_POINTS] = points;
    read_points(build, counters, &columns);
    build->tables.counters = (ml_counters){.name = columns.name,
                                           .unit = columns.unit,
                                           .kind = columns.kind,
                                           .process = columns.process,
                                           .first = columns.first,
                                           .points = columns.points,
                                           .time_ns = columns.time_ns,
                                           .value = columns.value};
    return ML_OK;
}
