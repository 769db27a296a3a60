#include "templates.h"

#include "pattern.h"

enum { SLOTS = 1 << 16 };

/* Templates by what they have in common, open addressing; never more than a third full. */
typedef struct grouping {
    const ml_host *host;
    const ml_model *model;
    message_templates *into;
    uint32_t *slots;       /* template + 1, 0: free */
    uint32_t *template_of; /* by row of messages, or ML_NONE */
} grouping;

/* ---------------------------------------------------------------- finding the template of a message */

static uint64_t hash_of(const char *text, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* Two sources of one name are one source. */
static int same_template(const ml_model *model, const message_template *a,
                         const message_template *b)
{
    return a->hash == b->hash && a->kind == b->kind && a->level == b->level &&
           strcmp(ml_text_of(model, a->source), ml_text_of(model, b->source)) == 0 &&
           strcmp(a->pattern, b->pattern) == 0;
}

static ml_status add_template(grouping *by, const message_template *key, uint32_t slot,
                              uint32_t *found)
{
    size_t size = strlen(key->pattern) + 1;
    char *pattern = (char *)ml_alloc(by->host, size, 1);
    message_template *made = &by->into->all[by->into->count];
    if (!pattern)
        return ml_fail(by->host, ML_ERROR_MEMORY, "no memory for the patterns of messages");
    memcpy(pattern, key->pattern, size);
    *made = *key;
    made->pattern = pattern;
    by->slots[slot] = ++by->into->count;
    *found = by->into->count - 1;
    return ML_OK;
}

static ml_status find_or_add(grouping *by, const message_template *key, uint32_t *found)
{
    uint32_t slot = (uint32_t)(key->hash ^ key->hash >> 32) & (SLOTS - 1);
    while (by->slots[slot]) {
        *found = by->slots[slot] - 1;
        if (same_template(by->model, &by->into->all[*found], key))
            return ML_OK;
        slot = (slot + 1) & (SLOTS - 1);
    }
    *found = ML_NONE;
    return by->into->count < TEMPLATES_MAX ? add_template(by, key, slot, found) : ML_OK;
}

static ml_status group_message(grouping *by, uint32_t row)
{
    const ml_messages *messages = by->model->messages;
    char pattern[PATTERN_MAX];
    message_template key = {pattern, 0, 0, 0, 0, 0, 0};
    ml_status status;
    key.kind = messages->kind[row];
    key.level = messages->level[row];
    key.source = messages->source[row];
    pattern_of(pattern, ml_text_of(by->model, messages->text[row]));
    key.hash = hash_of(pattern, (uint64_t)key.kind << 32 | key.level);
    key.hash ^= hash_of(ml_text_of(by->model, key.source), 1);
    status = find_or_add(by, &key, &by->template_of[row]);
    if (status == ML_OK && by->template_of[row] != ML_NONE)
        by->into->all[by->template_of[row]].count++;
    return status;
}

/* ---------------------------------------------------------------- all messages */

static void order_rows(const grouping *by, uint32_t count)
{
    message_templates *into = by->into;
    for (uint32_t i = 0, first = 0; i < into->count; i++) {
        into->all[i].first = first;
        first += into->all[i].count;
        into->all[i].count = 0;
    }
    for (uint32_t row = 0; row < count; row++) {
        message_template *one;
        if (by->template_of[row] == ML_NONE) {
            into->beyond++;
            continue;
        }
        one = &into->all[by->template_of[row]];
        into->rows[one->first + one->count++] = row;
        into->grouped++;
    }
}

ml_status templates_find(const ml_host *host, message_templates *out)
{
    const ml_model *model = ml_get_model(host);
    uint64_t all = model->messages->count;
    uint32_t count = all < ML_NONE ? (uint32_t)all : ML_NONE - 1;
    size_t room = count < TEMPLATES_MAX ? count : TEMPLATES_MAX;
    grouping by = {host, model, out, NULL, NULL};
    ml_status status = ML_OK;
    memset(out, 0, sizeof *out);
    out->all = (message_template *)ml_alloc(host, room, sizeof *out->all);
    out->rows = (uint32_t *)ml_alloc(host, count, sizeof *out->rows);
    by.slots = (uint32_t *)ml_alloc(host, SLOTS, sizeof *by.slots);
    by.template_of = (uint32_t *)ml_alloc(host, count, sizeof *by.template_of);
    if (!out->all || !out->rows || !by.slots || !by.template_of)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory to group %u messages", (unsigned)count);
    for (uint32_t row = 0; status == ML_OK && row < count; row++)
        status = group_message(&by, row);
    if (status == ML_OK)
        order_rows(&by, count);
    return status;
}

/* ---------------------------------------------------------------- what is said of a template */

/* The log record knows file and line; the function is the innermost frame in that file. */
message_place template_place(const ml_model *model, uint32_t row)
{
    const ml_messages *messages = model->messages;
    message_place place = {ML_NONE, messages->line[row], ml_text_of(model, messages->file[row])};
    uint32_t own;
    ML_EACH_FRAME(model, messages->stack[row], frame) {
        uint32_t function = model->stacks->function[frame];
        if (place.file[0] && strcmp(ml_function_file(model, function), place.file) == 0) {
            place.function = function;
            return place;
        }
    }
    own = ml_stack_own_frame(model, messages->stack[row]);
    if (!place.file[0] && ml_stack_function(model, own) != ML_NONE) {
        place.function = ml_stack_function(model, own);
        place.line = ml_stack_line(model, own);
        place.file = ml_function_file(model, place.function);
    }
    return place;
}

const char *template_word(const message_template *one)
{
    if (one->kind == ML_MESSAGE_EXCEPTION)
        return "uncaught";
    if (one->kind == ML_MESSAGE_PRINT)
        return "printed";
    return one->level >= 50   ? "critical"
           : one->level >= 40 ? "error"
           : one->level >= 30 ? "warning"
           : one->level >= 20 ? "info"
           : one->level > 0   ? "debug"
                              : "mark";
}
