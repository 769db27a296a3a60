/* options: values of plugins' options, parsed and checked against their typed tables. */
#ifndef ML_PLUGIN_OPTIONS_H
#define ML_PLUGIN_OPTIONS_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

typedef struct ml_option_value {
    const ml_option *option;
    const char *text;
    int64_t whole; /* INT; FLAG: 0 or 1; DURATION: ns */
    double real;   /* REAL */
} ml_option_value;

typedef struct ml_option_values {
    ml_option_value *values; /* one for each option of the plugin, in its order */
    size_t count;
} ml_option_values;

/* The defaults of a plugin; fails if its table breaks the contract. */
ml_status ml_options_default(ml_arena *arena, const ml_plugin *plugin, ml_option_values *out,
                             ml_error *error);

/* Sets option `name` of plugin `id` (for messages) from text. An unknown name suggests the nearest.
 */
ml_status ml_options_set(ml_option_values *values, const char *id, const char *name,
                         const char *text, ml_error *error);

/* The value of that name, or NULL. */
const ml_option_value *ml_options_find(const ml_option_values *values, const char *name);

/* An argument "plugin.name=value" in its three parts. */
typedef struct ml_option_argument {
    const char *plugin, *name, *text;
} ml_option_argument;

ml_status ml_options_split(ml_arena *arena, const char *argument, ml_option_argument *out,
                           ml_error *error);

#endif
