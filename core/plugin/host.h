/* host: what a plugin meets: the interfaces of one job.
 *
 * A job is one plugin, one model, one document or file. Everything that a job hands out lives in
 * its arena. It belongs to one thread. A process holds one of these at a time.
 */
#ifndef ML_PLUGIN_HOST_H
#define ML_PLUGIN_HOST_H

#include "core/base/buffer.h"
#include "core/document/builder.h"
#include "core/plugin/load.h"
#include "core/plugin/options.h"

#define ML_LOG_LINES_MAX 100 /* of a job; the last says so */

/* Where the doings of a job go while it runs. */
typedef struct ml_job_hooks {
    void *context;
    void (*log)(void *context, uint32_t level, const char *text);
    void (*progress)(void *context, uint64_t done, uint64_t total, const char *what);
    int32_t (*cancelled)(void *context);
    void (*block)(void *context, const ml_block *block);                 /* was put */
    ml_status (*write)(void *context, const void *bytes, size_t length); /* renderers */
    void (*ended)(void *context, ml_status status); /* what create or run returned */
} ml_job_hooks;

/* Appends the line that is shown for a plugin's log(): the tool, `id`, the level, the text with
 * control characters escaped; `number` counts from 1. */
void ml_host_log_line(ml_buffer *out, const char *id, uint32_t level, const char *text,
                      uint32_t number);

typedef struct ml_job_host {
    ml_host host; /* first: a plugin's pointer to it is a pointer to all of this */
    const ml_plugin *plugin;
    const ml_option_values *options;
    const ml_model *model;         /* NULL: not offered */
    const ml_documents *documents; /* likewise */
    ml_arena *arena;               /* for the document, or for what a renderer is given */
    ml_arena scratch;              /* what the plugin asked for; gone when the job ends */
    ml_document_draft *draft;      /* NULL for renderers */
    ml_output output;              /* renderers: struct_size is 0 for others */
    const ml_job_hooks *hooks;
    uint32_t lines;    /* logged so far */
    ml_status written; /* renderers: the first failure to write */
    ml_error error;    /* the cause chain */
} ml_job_host;

/* Fills `host` and `scratch`; the other fields are the caller's, set before the plugin is called.
 */
void ml_host_open(ml_job_host *job);

/* Gives back what the plugin asked for. */
void ml_host_close(ml_job_host *job);

#endif
