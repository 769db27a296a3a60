/* load: opens a plugin's shared object and checks that this host can run it. The only user of
 * dlfcn.
 *
 * A shared object runs code when it is opened, so only what was chosen is opened. It is never
 * closed again (RTLD_NODELETE): strings and functions of a plugin stay valid for the life of the
 * process. Messages say what was found, what this host offers, and the remedy.
 */
#ifndef ML_PLUGIN_LOAD_H
#define ML_PLUGIN_LOAD_H

#include "core/plugin/discover.h"

typedef struct ml_loaded {
    const char *path;
    ml_plugin plugin; /* a copy in this host's shape; options are copies too, one after another */
} ml_loaded;

/* Checks a description of `file` against the rules that ml_load checks, whoever loaded it: texts,
 * identity, table of options. */
ml_status ml_load_check(ml_arena *arena, const ml_plugin_file *file, const ml_plugin *plugin,
                        ml_error *error);

/* Loads and checks `file`; whatever its name says of kind and id must be true. */
ml_status ml_load(ml_arena *arena, const ml_plugin_file *file, ml_loaded *out, ml_error *error);

#endif
