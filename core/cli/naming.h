/* naming: the files of reports, named after recordings. */
#ifndef ML_CLI_NAMING_H
#define ML_CLI_NAMING_H

#include "core/cli/recording.h"

/* A name for each run, from its first recording: "a/run.mlog" is "run", stdin is "run" too. Of
 * several runs with one name the second is "run-2", unless a recording is called so. NULL without
 * memory. */
const char **ml_naming_stems(ml_arena *arena, const ml_recordings *recordings);

/* True if `output` names a folder: it is one, or ends with a slash. */
int ml_naming_is_folder(const char *output);

/* The file for a renderer: in the folder `output` or, without one, in the current folder, as
 * STEM.SUFFIX; else `output` itself when there is one renderer, and `output` with the suffix of
 * each of several. NULL without memory. */
const char *ml_naming_file(ml_arena *arena, const char *output, const char *stem,
                           const char *suffix, size_t renderers);

#endif
