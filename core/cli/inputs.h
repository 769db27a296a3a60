/* inputs: the paths of recordings that a command line names: operands, folders, lists of files.
 *
 * A folder stands for the files *.mlog directly in it, in order of name. An input that cannot be
 * used is an error of its own and does not cost the others.
 */
#ifndef ML_CLI_INPUTS_H
#define ML_CLI_INPUTS_H

#include "core/cli/args.h"

typedef struct ml_inputs {
    const char **paths; /* in the order in which they were named */
    size_t count, capacity;
    int code; /* ML_EXIT_OK, or ML_EXIT_INPUT when something was left out; it was said on stderr */
} ml_inputs;

/* The operands, then the paths in `files_from` (NULL: none; "-": stdin), one a line, or ended by
 * NUL when there is one. ML_ERROR_ARGUMENT when nothing is named at all. */
ml_status ml_inputs_gather(ml_arena *arena, const ml_words *operands, const char *files_from,
                           ml_inputs *out, ml_error *error);

#endif
