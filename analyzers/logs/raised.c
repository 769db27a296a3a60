#include "raised.h"

#include "common/events.h"

#include <stdlib.h>

enum { PLACES_MAX = 1 << 12, SLOTS = PLACES_MAX * 2, ROWS_SHOWN = 20 };

typedef struct place {
    uint32_t type, function, line; /* texts and rows of the model */
    uint32_t text;                 /* of the first */
    uint64_t count, first_ns, last_ns;
} place;

typedef struct places {
    place all[PLACES_MAX];
    uint16_t slots[SLOTS]; /* place + 1, 0: free */
    uint32_t count;
    uint64_t beyond; /* in no place, since there were PLACES_MAX before */
} places;

/* Fields of events "py.raised". */
enum { TYPE, TEXT, FIELDS };

static place *find_or_add(places *into, const place *key)
{
    uint32_t slot = (key->type * 31u + key->function) * 31u + key->line;
    for (slot = (slot ^ slot >> 15) % SLOTS; into->slots[slot]; slot = (slot + 1) % SLOTS) {
        place *one = &into->all[into->slots[slot] - 1];
        if (one->type == key->type && one->function == key->function && one->line == key->line)
            return one;
    }
    if (into->count == PLACES_MAX)
        return NULL;
    into->all[into->count] = *key;
    into->slots[slot] = (uint16_t)++into->count;
    return &into->all[into->count - 1];
}

static void gather(const ml_model *model, uint32_t kind, const uint32_t *fields, places *into)
{
    const ml_events_table *events = model->events;
    for (uint64_t i = 0; i < events->count; i++) {
        uint32_t stack = events->stack[i];
        const int64_t *values = events_fields(model, i);
        place key = {0}, *one;
        if (events->kind[i] != kind)
            continue;
        key.type = (uint32_t)values[fields[TYPE]];
        key.text = (uint32_t)values[fields[TEXT]];
        key.function = ml_stack_function(model, stack);
        key.line = stack ? ml_stack_line(model, stack) : 0;
        key.first_ns = events->time_ns[i];
        one = find_or_add(into, &key);
        if (one) {
            one->count++;
            one->last_ns = events->time_ns[i];
        } else {
            into->beyond++;
        }
    }
}

static int by_count(const void *left, const void *right)
{
    const place *a = (const place *)left, *b = (const place *)right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->first_ns < b->first_ns ? -1 : a->first_ns > b->first_ns;
}

static void put_row(ml_draft table, const ml_model *model, const place *one)
{
    char example[400];
    const char *text = ml_text_of(model, one->text);
    ml_cell_text(table, ml_text_of(model, one->type));
    if (one->function == ML_NONE)
        ml_cell_null(table);
    else
        ml_cell_function(table, one->function);
    ml_cell_int(table, one->line);
    ml_cell_int(table, (int64_t)one->count);
    ml_cell_number(table, one->first_ns);
    ml_cell_number(table, one->last_ns);
    ml_cell_text(table,
                 ml_format(example, sizeof example, "%.*s", (int)strcspn(text, "\r\n"), text));
}

static ml_status put_table(const ml_host *host, const places *from)
{
    ml_draft table = ml_table_begin(host, "raised", "Exceptions raised, caught or not");
    char beyond[ML_NUMBER_MAX], text[200];
    ml_set_number(table, ML_FIELD_IMPORTANCE, 40);
    ml_table_column(table, "type", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "raised in", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "line", ML_TYPE_INT, ML_REDUCE_KEY);
    ml_table_column(table, "count", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "first", ML_TYPE_TIME, ML_REDUCE_MIN);
    ml_table_column(table, "last", ML_TYPE_TIME, ML_REDUCE_MAX);
    ml_table_column(table, "example", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 3, ROWS_SHOWN);
    for (uint32_t i = 0; i < from->count; i++)
        put_row(table, ml_get_model(host), &from->all[i]);
    ml_format(text, sizeof text, "While more than 1,000 a second are raised, none is recorded.");
    if (from->beyond)
        ml_format(text, sizeof text, "%s were raised in places that are not listed.",
                  ml_format_count(beyond, from->beyond));
    return ml_end(table, text);
}

ml_status put_raised(const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    static const char *const names[FIELDS] = {"type", "text"};
    uint32_t fields[FIELDS] = {0}, kind = events_kind(model, "py.raised", names, FIELDS, fields);
    places *found;
    if (kind == ML_NONE)
        return ML_OK;
    found = (places *)ml_alloc(host, 1, sizeof *found);
    if (!found)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the places of exceptions");
    gather(model, kind, fields, found);
    qsort(found->all, found->count, sizeof *found->all, by_count);
    return found->count ? put_table(host, found) : ML_OK;
}
