#include "core/plugin/options.h"

#include "core/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *type_name(uint32_t type)
{
    static const char *const names[] = {
        [ML_OPTION_STRING] = "a text",
        [ML_OPTION_INT] = "a whole number",
        [ML_OPTION_REAL] = "a number",
        [ML_OPTION_FLAG] = "yes or no",
        [ML_OPTION_DURATION] = "a duration like 5s, 20ms or 1m",
    };

    return type != 0 && type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

/* ---- parsing ---- */

static int parse_int(const char *text, int64_t *out)
{
    char *end;
    const char *digits = text + (text[0] == '-');

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && digits[0] >= '0' && digits[0] <= '9' && *end == '\0';
}

/* Decimal only: no hexadecimal, no "inf", no "nan". */
static int parse_real(const char *text, double *out)
{
    size_t length = strspn(text, "0123456789.eE+-");
    char *end;

    *out = strtod(text, &end);
    return length > 0 && text[length] == '\0' && *end == '\0' && end != text && isfinite(*out);
}

static int parse_flag(const char *text, int64_t *out)
{
    *out = strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0;
}

static double unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit) == 0) {
            return units[i].ns;
        }
    }
    return 0;
}

static int parse_duration(const char *text, int64_t *out)
{
    size_t length = strspn(text, "0123456789.");
    double unit = unit_ns(text + length);
    char *end;
    double number = strtod(text, &end);

    if (length == 0 || end != text + length || (unit <= 0 && number != 0) || number * unit > 9e18) {
        return 0;
    }
    *out = (int64_t)(number * unit + 0.5);
    return unit > 0 || text[length] == '\0';
}

static int parse(const ml_option *option, const char *text, ml_option_value *out)
{
    out->text = text;
    switch (option->type) {
    case ML_OPTION_INT: return parse_int(text, &out->whole);
    case ML_OPTION_REAL: return parse_real(text, &out->real);
    case ML_OPTION_FLAG: return parse_flag(text, &out->whole);
    case ML_OPTION_DURATION: return parse_duration(text, &out->whole);
    default: return ml_text_is_valid(text, strlen(text));
    }
}

static int in_range(const ml_option *option, const ml_option_value *value)
{
    double number = option->type == ML_OPTION_REAL ? value->real : (double)value->whole;

    if (option->type == ML_OPTION_STRING || option->type == ML_OPTION_FLAG ||
        (option->minimum == 0 && option->maximum == 0)) {
        return 1;
    }
    return number >= option->minimum && number <= option->maximum;
}

static ml_status set_value(ml_option_value *value, const char *id, const char *text,
                           ml_error *error)
{
    const ml_option *option = value->option;
    ml_option_value parsed = {.option = option};

    if (!parse(option, text, &parsed)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "option %s.%s cannot be \"%s\": it is %s", id,
                            option->name, text, type_name(option->type));
    }
    if (!in_range(option, &parsed)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "option %s.%s cannot be %s: it is between %.15g and %.15g%s", id,
                            option->name, text, option->minimum, option->maximum,
                            option->type == ML_OPTION_DURATION ? " ns" : "");
    }
    *value = parsed;
    return ML_OK;
}

/* ---- tables ---- */

static int is_name(const char *name)
{
    size_t length = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && name[length] == '\0';
}

ml_status ml_options_default(ml_arena *arena, const ml_plugin *plugin, ml_option_values *out,
                             ml_error *error)
{
    out->count = plugin->option_count;
    out->values = ml_arena_array(arena, out->count, sizeof(*out->values));
    if (out->values == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for options");
    }
    for (size_t i = 0; i < out->count; i++) {
        const ml_option *option = &plugin->options[i];
        if (!is_name(option->name) || type_name(option->type) == NULL || option->help == NULL ||
            option->default_value == NULL) {
            return ml_error_set(
                error, ML_ERROR_FORMAT,
                "option %zu needs a name of lower case letters, digits and '-', a type, "
                "a default and help",
                i);
        }
        out->values[i].option = option;
        ML_TRY(set_value(&out->values[i], plugin->id, option->default_value, error));
    }
    return ML_OK;
}

const ml_option_value *ml_options_find(const ml_option_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++) {
        if (strcmp(values->values[i].option->name, name) == 0) {
            return &values->values[i];
        }
    }
    return NULL;
}

static ml_status fail_unknown(const ml_option_values *values, const char *id, const char *name,
                              ml_error *error)
{
    const char *names[256];
    const char *nearest;
    size_t count = 0;

    while (count < values->count && count < sizeof(names) / sizeof(names[0])) {
        names[count] = values->values[count].option->name;
        count++;
    }
    nearest = ml_text_nearest(name, names, count);
    if (nearest != NULL) {
        return ml_error_set(error, ML_ERROR_NOT_FOUND,
                            "%s has no option \"%s\"; did you mean \"%s\"?", id, name, nearest);
    }
    return ml_error_set(error, ML_ERROR_NOT_FOUND,
                        "%s has no option \"%s\"; `microlog-analyze info %s` lists what it has", id,
                        name, id);
}

ml_status ml_options_set(ml_option_values *values, const char *id, const char *name,
                         const char *text, ml_error *error)
{
    for (size_t i = 0; i < values->count; i++) {
        if (strcmp(values->values[i].option->name, name) == 0) {
            return set_value(&values->values[i], id, text, error);
        }
    }
    return fail_unknown(values, id, name, error);
}

/* Ids have dots and option names have none, so the last dot before the '=' divides. */
ml_status ml_options_split(ml_arena *arena, const char *argument, ml_option_argument *out,
                           ml_error *error)
{
    const char *equal = strchr(argument, '=');
    const char *dot = equal == NULL ? NULL : memrchr(argument, '.', (size_t)(equal - argument));

    if (dot == NULL || dot == argument || dot + 1 == equal) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "\"%s\" is not of the form PLUGIN.NAME=VALUE, as in fdleak.min-age=5s",
                            argument);
    }
    out->plugin = ml_arena_copy(arena, argument, (size_t)(dot - argument));
    out->name = ml_arena_copy(arena, dot + 1, (size_t)(equal - dot - 1));
    out->text = equal + 1;
    return out->plugin == NULL || out->name == NULL
               ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for options")
               : ML_OK;
}
