/* report: runs the chosen plugins over a model, in the workers of a pool. */
#ifndef ML_CLI_REPORT_H
#define ML_CLI_REPORT_H

#include "core/cli/choose.h"

/* The pool that --jobs, --timeout, --memory, --isolate, -v and the network's options ask for. */
ml_status ml_report_pool(ml_arena *arena, const ml_args *args, ml_pool **out, ml_error *error);

/* The analyses of --plugins (default: all) with their options, for commands that render nothing. */
ml_status ml_report_choose(ml_pool *pool, ml_arena *arena, const ml_args *args, ml_choice *out,
                           ml_error *error);

/* Analyzers, then ranking, then explainers. `out` lives in the arena. */
ml_status ml_report_analyze(ml_pool *pool, ml_arena *arena, const ml_choice *plugins,
                            const ml_image *image, ml_documents *out, ml_error *error);

/* What a renderer made. */
typedef struct ml_rendered {
    ml_status status;
    ml_error error;
    ml_buffer bytes; /* the caller releases it */
} ml_rendered;

/* All the renderers of a choice at once; `out` has room for each. */
ml_status ml_report_render(ml_pool *pool, ml_arena *arena, const ml_choice *renderers,
                           const ml_image *image, const ml_documents *documents,
                           const ml_render_target *target, ml_rendered *out, ml_error *error);

/* Says on stderr which documents are incomplete; returns the exit code for that. */
int ml_report_failures(const ml_documents *documents);

/* The level that --fail-on names (NULL: none) as ML_LEVEL_…, or 0. */
ml_status ml_report_gate_level(const char *name, uint32_t *out, ml_error *error);

/* The exit code of --fail-on: ML_EXIT_GATE if there is a finding of `level` or worse. */
int ml_report_gate(const ml_documents *documents, uint32_t level);

#endif
