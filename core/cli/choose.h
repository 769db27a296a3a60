/* choose: from the words of the command line to plugins with their workers and options. */
#ifndef ML_CLI_CHOOSE_H
#define ML_CLI_CHOOSE_H

#include "core/cli/args.h"
#include "core/plugin/job.h"
#include "core/plugin/select.h"
#include "core/worker/pool.h"

/* What there is. */
typedef struct ml_shelf {
    ml_folders folders;
    ml_plugin_files files;
} ml_shelf;

/* A plugin ready to run; or one that `all` brought in and that could not be loaded, and why. */
typedef struct ml_chosen {
    ml_plugin_file file;
    ml_member *member; /* of the pool it was chosen for */
    ml_loaded loaded;  /* what it is; its functions are its worker's */
    ml_option_values options;
    const char *failure; /* NULL: loaded */
    const char *refusal; /* NULL, or why it is not run although it is loaded */
    int network;         /* it may use the network */
} ml_chosen;

typedef struct ml_choice {
    ml_chosen *plugins; /* in order of id */
    size_t count;
} ml_choice;

ml_status ml_shelf_open(ml_arena *arena, const char *plugin_path, ml_shelf *out, ml_error *error);

/* Selects by `text`, loads into workers of the pool, and fills in default options. Fails for a
 * plugin that was named and cannot be loaded. */
ml_status ml_choose(ml_pool *pool, ml_arena *arena, const ml_shelf *shelf, ml_role role,
                    const char *text, ml_choice *out, ml_error *error);

/* One file, to look at: without a member. */
ml_status ml_choose_file(ml_arena *arena, const ml_plugin_file *file, ml_chosen *out,
                         ml_error *error);

/* Sets the options of the command line in the plugins they name, in all of `choices`. An option for
 * a plugin that was not chosen is an error. */
ml_status ml_choose_options(ml_arena *arena, const ml_words *options, ml_choice *const *choices,
                            size_t count, ml_error *error);

/* Carries out --llm and --allow: gives the plugin llm its address, and refuses plugins that need
 * the network and may not use it. */
ml_status ml_choose_network(const ml_args *args, ml_choice *const *choices, size_t count,
                            ml_error *error);

#endif
