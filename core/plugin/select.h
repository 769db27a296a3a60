/* select: the selection language of --plugins and --format: which of the discovered plugins to use.
 *
 * Items separated by commas, applied from left to right: `all`, `none`, an id, `+id` (add), `-id`
 * (leave out), and a path with a '/' (that very file). A selection that begins with '+' or '-'
 * begins from all.
 */
#ifndef ML_PLUGIN_SELECT_H
#define ML_PLUGIN_SELECT_H

#include "core/plugin/discover.h"

/* What is selected from. */
typedef enum ml_role {
    ML_ROLE_ANALYSIS, /* analyzers and explainers */
    ML_ROLE_RENDERING /* renderers */
} ml_role;

/* The files that `text` selects, in order of id, files given by path last. An unknown id gives
 * ML_ERROR_NOT_FOUND with the nearest one and the list of what there is; `folders` is for the
 * message when there is nothing at all. */
ml_status ml_select(ml_arena *arena, const ml_plugin_files *available, const ml_folders *folders,
                    ml_role role, const char *text, ml_plugin_files *out, ml_error *error);

/* The file of that id among `available`, or NULL. */
const ml_plugin_file *ml_select_find(const ml_plugin_files *available, ml_role role,
                                     const char *id);

#endif
