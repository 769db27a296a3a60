/* job: runs one plugin once: an analyzer or explainer over a model gives a document, a renderer
 * over the documents gives bytes. In the calling process; a worker (core/worker) calls the same two
 * functions in its own.
 */
#ifndef ML_PLUGIN_JOB_H
#define ML_PLUGIN_JOB_H

#include "core/plugin/host.h"

/* Hooks for a job in the process of the tool itself: log lines of plugin `id` go to stderr, progress
 * is not shown, nothing is ever cancelled, and what a renderer writes goes to `bytes`. */
typedef struct ml_job_direct {
    ml_job_hooks hooks;
    const char *id;
    ml_buffer *bytes; /* NULL for other kinds */
    uint32_t lines;
} ml_job_direct;

void ml_job_direct_open(ml_job_direct *self, const char *id, ml_buffer *bytes);

/* Runs an analyzer, or an explainer when `documents` is not NULL. The document is always there and
 * lives in `arena`; NULL only when there is no memory even for that. Its status:
 *   OK        the plugin ended with ML_OK and every block was accepted
 *   PARTIAL   it ended with ML_OK or ML_ERROR_CANCELLED, and something is missing; see message
 *   SKIPPED   it ended with ML_ERROR_UNSUPPORTED: it has nothing to say about this recording
 *   FAILED    it ended with another failure; message is its cause chain; its blocks are kept */
ml_document *ml_job_analyze(ml_arena *arena, const ml_loaded *loaded,
                            const ml_option_values *options, const ml_model *model,
                            const ml_documents *documents, const ml_job_hooks *hooks);

/* An empty document of that plugin: OK, without a message. Its texts are copied. */
ml_document *ml_job_document(ml_arena *arena, const ml_plugin *plugin);

/* The document of a plugin that could not even be loaded: `id`, FAILED, `message`. NULL without
 * memory. */
ml_document *ml_job_not_loaded(ml_arena *arena, const char *id, const char *message);

/* The document of a plugin that may not run: SKIPPED, `message`. NULL without memory. */
ml_document *ml_job_refused(ml_arena *arena, const ml_loaded *loaded, const char *message);

/* What a renderer is told about its output; see ml_output. */
typedef struct ml_render_target {
    uint32_t width, color;
    const char *recording_path, *others;
} ml_render_target;

/* Runs a renderer; what it writes goes to the hooks. */
ml_status ml_job_render(const ml_loaded *loaded, const ml_option_values *options,
                        const ml_model *model, const ml_documents *documents,
                        const ml_render_target *target, const ml_job_hooks *hooks, ml_error *error);

#endif
