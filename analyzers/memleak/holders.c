#include "holders.h"

#include "common/events.h"

#include <stdlib.h>

/* What the words tell of one function or variable: "cache of draw (/srv/app.py:7)", "function make.<locals>.add", "kept of module
 * app (/srv/app.py:1)". */
typedef struct mention {
    const char *name, *file; /* not ended by NUL; file: NULL if it is not told */
    size_t name_length, file_length;
    uint32_t line;
} mention;

/* " (file:line)" at `at`. Older recordings have none. */
static void read_place(mention *to, const char *at)
{
    const char *end = strncmp(at, " (", 2) == 0 ? strchr(at, ')') : NULL, *colon = end;
    while (end && colon > at && *colon != ':')
        colon--;
    if (!end || colon == at)
        return;
    to->file = at + 2;
    to->file_length = (size_t)(colon - to->file);
    to->line = (uint32_t)strtoul(colon + 1, NULL, 10);
}

/* The first function that `words` name; where to look for the next one, or NULL if there is none. */
static const char *read_mention(mention *to, const char *words)
{
    static const char *const kinds[] = {"cache of ", "function ", "generator "};
    const char *first = NULL, *local;
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *at = strstr(words, kinds[i]);
        if (at && (!first || at < first)) {
            first = at;
            to->name = at + strlen(kinds[i]);
        }
    }
    if (!first)
        return NULL;
    to->name_length = strcspn(to->name, " ");
    read_place(to, to->name + to->name_length);
    local = strstr(to->name, ".<locals>");
    if (local && local < to->name + to->name_length)
        to->name_length = (size_t)(local - to->name);
    return to->name;
}

static int is_text(const char *text, const char *other, size_t length)
{
    return strlen(text) == length && memcmp(text, other, length) == 0;
}

/* The module of the project that is that file; ML_NONE. */
static uint32_t module_of(const ml_model *model, const mention *from)
{
    for (uint32_t i = 0; from->file && i < model->modules->count; i++)
        if ((ml_module_flags(model, i) & ML_MODULE_PROJECT) &&
            is_text(ml_module_file(model, i), from->file, from->file_length))
            return i;
    return ML_NONE;
}

/* The function of the project that is meant, if it was sampled; ML_NONE if it was not, or if several may be meant. */
static uint32_t sampled_function(const ml_model *model, const mention *from)
{
    uint32_t found = ML_NONE;
    for (uint32_t i = 0; i < model->functions->count; i++) {
        if (!(ml_function_origin(model, i) & ML_MODULE_PROJECT) ||
            !is_text(ml_function_name(model, i), from->name, from->name_length) ||
            (from->file && !is_text(ml_function_file(model, i), from->file, from->file_length)))
            continue;
        if (found != ML_NONE)
            return ML_NONE;
        found = i;
    }
    return found;
}

static int resolve(holder *to, const ml_model *model, const mention *from)
{
    uint32_t function = sampled_function(model, from);
    if (!from->name_length || from->name_length >= HOLDER_NAME_MAX)
        return 0;
    ml_format(to->function, HOLDER_NAME_MAX, "%.*s", (int)from->name_length, from->name);
    ml_format(to->name, HOLDER_NAME_MAX, "%s", to->function);
    to->is_variable = 0;
    to->module = function == ML_NONE ? module_of(model, from) : ml_function_module(model, function);
    to->line = function == ML_NONE ? from->line : model->functions->line[function];
    return to->module != ML_NONE;
}

/* The variable of a module of the project at which the words end. */
static int resolve_variable(holder *to, const ml_model *model, const char *words)
{
    static const char of_module[] = " of module ";
    const char *end = strstr(words, of_module), *name = end;
    mention from = {0};
    if (!end)
        return 0;
    while (name > words && name[-1] != ' ')
        name--;
    read_place(&from, end + strlen(of_module) + strcspn(end + strlen(of_module), " "));
    ml_format(to->name, HOLDER_NAME_MAX, "%.*s", (int)(end - name), name);
    ml_format(to->function, HOLDER_NAME_MAX, "<module>");
    to->is_variable = 1;
    to->line = from.line;
    to->module = module_of(model, &from);
    return to->module != ML_NONE;
}

int holder_find(holder *to, const ml_model *model, uint32_t process, uint32_t type)
{
    static const char *const names[] = {"type", "holder"};
    uint32_t fields[2] = {0, 0}, kind = events_kind(model, "heap.chain", names, 2, fields);
    ML_EACH_EVENT(model, kind, process, i)
    {
        const int64_t *values = events_fields(model, i);
        const char *words = ml_text_of(model, (uint32_t)values[fields[1]]);
        const char *rest = words;
        mention one;
        if ((uint32_t)values[fields[0]] != type)
            continue;
        while ((rest = read_mention(&one, rest)) != NULL)
            if (resolve(to, model, &one))
                return 1;
        if (resolve_variable(to, model, words))
            return 1;
    }
    return 0;
}
