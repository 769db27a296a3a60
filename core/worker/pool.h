/* pool: the workers of a run: plugins run in processes of their own, some of them at once, over
 * many recordings, and what goes wrong in one of them costs its own part of one report.
 *
 * A member is a plugin with its worker. The worker is forked when the member is added and lives
 * over many jobs; one that ended is started again for the next. The pool is also the way without
 * workers (in_process): the same results from the tool's own process, for a debugger.
 *
 * One thread. Members, descriptions and options live in the arena of the pool; documents in that of
 * a run. Nothing depends on the order in which workers are done: results stand where the task
 * stands, and log lines are shown in the order of the tasks.
 */
#ifndef ML_WORKER_POOL_H
#define ML_WORKER_POOL_H

#include "core/model/image.h"
#include "core/plugin/job.h"

#define ML_POOL_TIMEOUT_S 60.0
#define ML_POOL_GRACE_S 5.0 /* or the timeout, if that is less */
#define ML_POOL_MEMORY (UINT64_C(4) << 30)
#define ML_POOL_JOBS_MAX 256

typedef struct ml_pool_options {
    uint32_t jobs;       /* at once; 0: one for each processor */
    int in_process;      /* no workers */
    int may_use_network; /* some plugin may: decides about the time before it is known which one */
    int verbose;         /* show what plugins print */
    double timeout_s;    /* of a job; 0: ML_POOL_TIMEOUT_S */
    uint64_t memory;     /* bytes that a plugin may use; 0: ML_POOL_MEMORY */
} ml_pool_options;

typedef struct ml_pool ml_pool;
typedef struct ml_member ml_member;

/* NULL without memory. */
ml_pool *ml_pool_open(ml_arena *arena, const ml_pool_options *options);

/* Ends every worker and whatever it started. NULL is harmless. */
void ml_pool_close(ml_pool *pool);

/* Begins to load a plugin. `file` is borrowed. NULL without memory. */
ml_member *ml_pool_add(ml_pool *pool, const ml_plugin_file *file);

/* Waits until it is loaded and says what it is; errors are those of ml_load, and that it crashed or
 * took too long. The functions of the description are NULL unless the pool is in_process. */
ml_status ml_member_describe(ml_member *member, ml_loaded *out, ml_error *error);

/* One job. */
typedef struct ml_task {
    ml_member *member; /* one that was described; at most once in a run */
    const ml_option_values *options;
    int allows_network;
    const ml_render_target *target; /* renderers; NULL: others */
    ml_buffer *bytes;               /* renderers: initialised; gets what they write */
    ml_document *document;          /* others: the result, never NULL after ML_OK */
    ml_status status;               /* renderers: the result, with `error` */
    ml_error error;
} ml_task;

/* Does the tasks, in parallel as far as the options say. `image` may be NULL; `documents` is NULL for
 * analyzers. Fails only when there is no memory; plugins fail in the results. */
ml_status ml_pool_run(ml_pool *pool, ml_arena *arena, const ml_image *image,
                      const ml_documents *documents, ml_task *tasks, size_t count, ml_error *error);

/* What one plugin is, found out by a worker that ends afterwards and that has two seconds. The
 * description lives in the arena and has no functions. */
ml_status ml_pool_describe(ml_arena *arena, const ml_plugin_file *file, ml_loaded *out,
                           ml_error *error);

#endif
