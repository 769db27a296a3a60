#include "core/model/build.h"

#include <string.h>

/* What a known kind becomes, and which of its fields are asked for: by name, so that kinds may grow. A field
 * of another sort than wanted counts as absent. */
typedef struct wanted_field {
    const char *name;
    int is_text;
} wanted_field;

typedef struct known_kind {
    const char *name;
    ml_event_use use;
    wanted_field fields[ML_WANTED_MAX];
} known_kind;

static const known_kind known_kinds[] = {
    {"py.log", ML_USE_LOG, {{"level", 0}, {"logger", 1}, {"text", 1}, {"file", 1}, {"line", 0}}},
    {"py.print", ML_USE_PRINT, {{"stream", 0}, {"text", 1}}},
    {"mark", ML_USE_MARK, {{"level", 0}, {"name", 1}, {"text", 1}}},
    {"py.exception", ML_USE_EXCEPTION, {{"type", 1}, {"text", 1}, {"handled", 0}}},
    {"py.warning", ML_USE_WARNING, {{"category", 1}, {"text", 1}, {"file", 1}, {"line", 0}}},
    {"span",
     ML_USE_SPAN,
     {{"name", 1}, {"duration", 0}, {"fields", 1}, {"trace", 1}, {"error", 1}}},
    {"sys.status", ML_USE_STATUS, {{"cpu_user", 0}, {"cpu_system", 0}}},
    {"py.collector", ML_USE_COUNTERS, {{"tracked", 0}}},
    {"fd.open", ML_USE_OPEN, {{"number", 0}, {"what", 0}, {"label", 1}, {"inherited", 0}}},
    {"fd.close", ML_USE_CLOSE, {{"number", 0}}},
    {"fd.brief", ML_USE_BRIEF, {{"what", 0}, {"label", 1}, {"count", 0}, {"span", 0}}},
    {"heap.census", ML_USE_COUNTERS, {{"heap_objects", 0}, {"heap_bytes", 0}}},
    {"proc.exit", ML_USE_EXIT, {{"code", 0}}},
    {"rec.cost", ML_USE_COST, {{"cpu", 0}, {"left", 0}}},
};

static const known_kind other_kind = {.name = "", .use = ML_USE_TABLE};

/* The kinds of the events table while they grow. */
typedef struct kind_rows {
    ml_index index;
    uint32_t *name, *field_first, *field_count;
    uint32_t *field_name, *field_unit, *field_is_text;
    uint32_t count, fields;
} kind_rows;

/* A kind with its texts as rows: its name, its number of fields, then three numbers for each. */
typedef struct kind_key {
    uint32_t name, field_count;
    uint32_t fields[ML_MLOG_FIELDS_MAX][3];
} kind_key;

static int is_text(uint32_t type)
{
    return type == ML_MLOG_FIELD_STRING || type == ML_MLOG_FIELD_BYTES ||
           type == ML_MLOG_FIELD_STRINGS;
}

/* ---- known kinds ---- */

static const known_kind *known_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(known_kinds) / sizeof(known_kinds[0]); i++) {
        if (strcmp(known_kinds[i].name, name) == 0) {
            return &known_kinds[i];
        }
    }
    return &other_kind;
}

static int32_t position_of(const ml_build *build, const kind_key *key, const wanted_field *wanted)
{
    for (uint32_t i = 0; wanted->name != NULL && i < key->field_count; i++) {
        if (key->fields[i][2] == (uint32_t)wanted->is_text &&
            strcmp(ml_interner_text(&build->strings, key->fields[i][0]), wanted->name) == 0) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* ---- rows ---- */

static int same_kind(const void *owner, uint32_t row, const void *key)
{
    const kind_rows *rows = owner;
    const kind_key *kind = key;

    if (rows->name[row] != kind->name || rows->field_count[row] != kind->field_count) {
        return 0;
    }
    for (uint32_t i = 0; i < kind->field_count; i++) {
        uint32_t at = rows->field_first[row] + i;
        if (rows->field_name[at] != kind->fields[i][0] ||
            rows->field_unit[at] != kind->fields[i][1] ||
            rows->field_is_text[at] != kind->fields[i][2]) {
            return 0;
        }
    }
    return 1;
}

/* The row of a kind; members that define it alike share it. */
static ml_status find_row(kind_rows *rows, const kind_key *key, uint32_t *row)
{
    size_t length = offsetof(kind_key, fields) + key->field_count * sizeof(key->fields[0]);
    uint64_t hash = ml_index_hash(&rows->index, key, length);

    *row = ml_index_find(&rows->index, hash, same_kind, rows, key);
    if (*row != ML_NONE) {
        return ML_OK;
    }
    *row = rows->count++;
    rows->name[*row] = key->name;
    rows->field_first[*row] = rows->fields;
    rows->field_count[*row] = key->field_count;
    for (uint32_t i = 0; i < key->field_count; i++) {
        uint32_t at = rows->fields++;
        rows->field_name[at] = key->fields[i][0];
        rows->field_unit[at] = key->fields[i][1];
        rows->field_is_text[at] = key->fields[i][2];
    }
    return ml_index_add(&rows->index, hash, *row);
}

static void read_definition(ml_build *build, ml_member *member, const ml_kind *definition,
                            kind_key *key)
{
    key->name = ml_build_string(build, member, definition->name);
    key->field_count = definition->field_count;
    for (uint32_t i = 0; i < definition->field_count; i++) {
        const ml_kind_field *field = &definition->fields[i];
        key->fields[i][0] = ml_build_string(build, member, field->name);
        key->fields[i][1] = ml_build_string(build, member, field->unit);
        key->fields[i][2] = (uint32_t)is_text(field->type);
    }
}

static ml_status add_kind(ml_build *build, ml_member *member, kind_rows *rows, uint32_t id)
{
    ml_event_kind *kind = &member->kinds[id];
    const known_kind *known;
    kind_key key;

    kind->definition = &member->recording->tables.kind[id];
    if (kind->definition->field_count > ML_MLOG_FIELDS_MAX) {
        return ml_error_set(build->error, ML_ERROR_FORMAT,
                            "a kind of event has more than %d fields", ML_MLOG_FIELDS_MAX);
    }
    read_definition(build, member, kind->definition, &key);
    known = known_by_name(ml_interner_text(&build->strings, key.name));
    kind->use = known->use;
    for (unsigned i = 0; i < ML_WANTED_MAX; i++) {
        kind->position[i] = position_of(build, &key, &known->fields[i]);
    }
    if (ml_event_goes_to_table(kind->use)) {
        ML_TRY(find_row(rows, &key, &kind->row));
    }
    return ML_OK;
}

/* ---- the stage ---- */

static ml_status make_room(ml_build *build, kind_rows *rows)
{
    uint64_t kinds = 0;
    uint32_t **of_kinds[] = {&rows->name, &rows->field_first, &rows->field_count};
    uint32_t **of_fields[] = {&rows->field_name, &rows->field_unit, &rows->field_is_text};
    int failed = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        kinds += build->members[i].recording->tables.kind_count;
    }
    if (kinds * ML_MLOG_FIELDS_MAX >= ML_NONE) {
        return ml_error_set(build->error, ML_ERROR_TOO_LARGE, "more than 2^26 kinds of events");
    }
    for (size_t i = 0; i < 3; i++) {
        *of_kinds[i] = ml_build_array(build, kinds, sizeof(uint32_t), "kinds of events");
        *of_fields[i] =
            ml_build_array(build, kinds * ML_MLOG_FIELDS_MAX, sizeof(uint32_t), "kinds of events");
        failed |= *of_kinds[i] == NULL || *of_fields[i] == NULL;
    }
    return failed ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_build_kinds(ml_build *build)
{
    kind_rows rows = {.count = 0};
    ml_events_table *events = &build->tables.events;

    ml_index_init(&rows.index, &build->arena);
    ML_TRY(make_room(build, &rows));
    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        uint32_t kinds = member->recording->tables.kind_count;
        member->kinds = ml_build_array(build, kinds, sizeof(*member->kinds), "kinds of events");
        if (member->kinds == NULL) {
            return ML_ERROR_MEMORY;
        }
        for (uint32_t id = 0; id < kinds; id++) {
            ML_TRY(add_kind(build, member, &rows, id));
        }
    }
    events->kind_name = rows.name;
    events->kind_field_first = rows.field_first;
    events->kind_field_count = rows.field_count;
    events->field_name = rows.field_name;
    events->field_unit = rows.field_unit;
    events->field_is_text = rows.field_is_text;
    build->rows[ML_EXTENT_KINDS] = rows.count;
    build->rows[ML_EXTENT_KIND_FIELDS] = rows.fields;
    return ML_OK;
}
