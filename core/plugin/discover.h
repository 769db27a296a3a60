/* discover: which plugins there are, from the names of files alone; nothing is loaded.
 *
 * A plugin is a file microlog-analyzer-ID.so, microlog-explainer-ID.so or microlog-renderer-ID.so
 * directly in one of the folders searched. Other names are none of ours and ignored. Of two with
 * one id the first wins; analyzers and explainers share their ids, renderers have their own.
 */
#ifndef ML_PLUGIN_DISCOVER_H
#define ML_PLUGIN_DISCOVER_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

typedef struct ml_plugin_file {
    uint32_t kind;  /* ML_ANALYZER…; 0: not known before it is loaded */
    const char *id; /* NULL with kind 0 */
    const char *path;
    int named; /* selected by its own name, not by `all`: that it cannot be loaded is an error */
} ml_plugin_file;

typedef struct ml_plugin_files {
    ml_plugin_file *files; /* renderers last; in order of id */
    size_t count;
} ml_plugin_files;

typedef struct ml_folders {
    const char **paths;
    size_t count;
    size_t named; /* the first of them were named by the user, and must exist */
} ml_folders;

/* The folders to search, first things first: those of `plugin_path` (separated by ':', may be
 * NULL), those of MICROLOG_PLUGIN_PATH, $XDG_DATA_HOME/microlog/plugins, and the two beside the
 * executable: ../plugins of a build and ../lib/microlog/plugins of an installation. A set-uid
 * program ignores the environment. */
ml_status ml_discover_folders(ml_arena *arena, const char *plugin_path, ml_folders *out,
                              ml_error *error);

/* The plugins in `folders`. Folders that do not exist are passed over, unless the user named them.
 */
ml_status ml_discover(ml_arena *arena, const ml_folders *folders, ml_plugin_files *out,
                      ml_error *error);

/* Takes kind and id out of a file's name (without its folder); false if it is no plugin's name. */
int ml_discover_name(ml_arena *arena, const char *name, ml_plugin_file *out);

/* True if `id` is one: letters, digits, '.', '-', '_', beginning with a letter or digit, at most
 * 64. */
int ml_discover_is_id(const char *id);

#endif
