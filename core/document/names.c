#include "core/document/names.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *pick(const char *const *names, size_t count, uint32_t number)
{
    return number < count && names[number] != NULL ? names[number] : "unknown";
}

const char *ml_name_kind(uint32_t kind)
{
    static const char *const names[] = {
        [ML_BLOCK_FINDING] = "finding", [ML_BLOCK_METRIC] = "metric",
        [ML_BLOCK_TABLE] = "table",     [ML_BLOCK_CHART] = "chart",
        [ML_BLOCK_GRAPH] = "graph",     [ML_BLOCK_TIMELINE] = "timeline",
        [ML_BLOCK_TEXT] = "text",       [ML_BLOCK_ATTACHMENT] = "attachment",
    };

    return pick(names, COUNT(names), kind);
}

static const char *const level_names[] = {
    [ML_LEVEL_NOTE] = "note",
    [ML_LEVEL_WARNING] = "warning",
    [ML_LEVEL_ERROR] = "error",
};

const char *ml_name_level(uint32_t level)
{
    return pick(level_names, COUNT(level_names), level);
}

uint32_t ml_level_named(const char *name)
{
    for (uint32_t level = ML_LEVEL_NOTE; level <= ML_LEVEL_ERROR; level++) {
        if (strcmp(name, level_names[level]) == 0) {
            return level;
        }
    }
    return 0;
}

const char *ml_name_confidence(uint32_t confidence)
{
    static const char *const names[] = {
        [ML_CONFIDENCE_LOW] = "low",
        [ML_CONFIDENCE_MEDIUM] = "medium",
        [ML_CONFIDENCE_HIGH] = "high",
    };

    return pick(names, COUNT(names), confidence);
}

const char *ml_name_type(uint32_t type)
{
    static const char *const names[] = {
        [ML_TYPE_INT] = "int",           [ML_TYPE_REAL] = "real",         [ML_TYPE_TEXT] = "text",
        [ML_TYPE_DURATION] = "duration", [ML_TYPE_TIME] = "time",         [ML_TYPE_BYTES] = "bytes",
        [ML_TYPE_RATIO] = "ratio",       [ML_TYPE_FUNCTION] = "function",
    };

    return pick(names, COUNT(names), type);
}

const char *ml_name_reduce(uint32_t reduce)
{
    static const char *const names[] = {"none", "key", "sum", "max", "min"};

    return pick(names, COUNT(names), reduce);
}

const char *ml_name_better(uint32_t better)
{
    static const char *const names[] = {"none", "lower", "higher"};

    return pick(names, COUNT(names), better);
}

const char *ml_name_shape(uint32_t shape)
{
    static const char *const names[] = {
        [ML_CHART_LINE] = "line",
        [ML_CHART_BAR] = "bar",
        [ML_CHART_HISTOGRAM] = "histogram",
    };

    return pick(names, COUNT(names), shape);
}

const char *ml_name_status(uint32_t status)
{
    static const char *const names[] = {"ok", "partial", "skipped", "failed", "crashed", "timeout"};

    return pick(names, COUNT(names), status);
}

const char *ml_name_plugin(uint32_t kind)
{
    static const char *const names[] = {
        [ML_ANALYZER] = "analyzer",
        [ML_EXPLAINER] = "explainer",
        [ML_RENDERER] = "renderer",
    };

    return pick(names, COUNT(names), kind);
}

const char *ml_name_state(uint32_t state)
{
    static const char *const names[] = {
        [ML_STATE_UNKNOWN] = "in a state not known",
        [ML_STATE_RUNNING] = "running",
        [ML_STATE_GIL_WAIT] = "waiting for the GIL",
        [ML_STATE_LOCK] = "waiting for a lock",
        [ML_STATE_IO] = "waiting for input or output",
        [ML_STATE_SLEEP] = "sleeping",
        [ML_STATE_OTHER] = "off the CPU",
    };

    return pick(names, COUNT(names), state);
}

const char *ml_model_text(const ml_model *model, uint32_t string)
{
    const ml_strings *strings = model->strings;

    return string < strings->count ? strings->bytes + strings->offset[string] : "";
}

/* The part of a path worth showing beside a name. */
static const char *short_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash == NULL ? path : slash + 1;

    if (slash == NULL ||
        (strncmp(last, "__init__.", 9) != 0 && strncmp(last, "__main__.", 9) != 0)) {
        return last;
    }
    while (slash > path && slash[-1] != '/') {
        slash--;
    }
    return slash;
}

const char *ml_model_function(ml_arena *arena, const ml_model *model, uint32_t function)
{
    const ml_functions *functions = model->functions;
    const char *name;
    const char *file = "";

    if (function >= functions->count) {
        return NULL;
    }
    name = ml_model_text(model, functions->name[function]);
    if (functions->module[function] < model->modules->count) {
        file = ml_model_text(model, model->modules->file[functions->module[function]]);
    }
    if (file[0] == '\0') {
        return name;
    }
    if (functions->line[function] == 0) {
        return ml_arena_format(arena, "%s (%s)", name, short_path(file));
    }
    return ml_arena_format(arena, "%s (%s:%u)", name, short_path(file), functions->line[function]);
}
