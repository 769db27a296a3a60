#include "core/plugin/job.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- hooks of this process ---- */

static void direct_log(void *context, uint32_t level, const char *text)
{
    ml_job_direct *self = context;
    ml_buffer line;

    ml_buffer_init(&line, 1 << 16);
    ml_host_log_line(&line, self->id, level, text, ++self->lines);
    fwrite(line.data, 1, line.length, stderr);
    ml_buffer_release(&line);
}

/* In-process jobs are over before a progress line could be read. */
static void direct_progress(void *context, uint64_t done, uint64_t total, const char *what)
{
    (void)context;
    (void)done;
    (void)total;
    (void)what;
}

/* An interrupt ends the whole process as long as jobs run inside it. */
static int32_t direct_cancelled(void *context)
{
    (void)context;
    return 0;
}

/* The blocks are in the document when the job ends. */
static void direct_block(void *context, const ml_block *block)
{
    (void)context;
    (void)block;
}

static ml_status direct_write(void *context, const void *bytes, size_t length)
{
    ml_job_direct *self = context;

    ml_buffer_put(self->bytes, bytes, length);
    return self->bytes->status;
}

static void direct_ended(void *context, ml_status status)
{
    (void)context;
    (void)status;
}

void ml_job_direct_open(ml_job_direct *self, const char *id, ml_buffer *bytes)
{
    *self = (ml_job_direct){.hooks = {.context = self,
                                      .log = direct_log,
                                      .progress = direct_progress,
                                      .cancelled = direct_cancelled,
                                      .block = direct_block,
                                      .write = direct_write,
                                      .ended = direct_ended},
                            .id = id,
                            .bytes = bytes};
}

/* ---- one job ---- */

/* create, run, destroy. */
static ml_status call_plugin(ml_job_host *job)
{
    const ml_plugin *plugin = job->plugin;
    void *self = NULL;
    ml_status status = plugin->create == NULL ? ML_OK : plugin->create(&job->host, &self);

    if (status < 0) {
        return status;
    }
    status = plugin->run(&job->host, self);
    if (plugin->destroy != NULL) {
        plugin->destroy(&job->host, self);
    }
    return status;
}

static uint32_t status_of_document(ml_status status, size_t refused)
{
    switch (status) {
    case ML_ERROR_UNSUPPORTED: return ML_DOCUMENT_SKIPPED;
    case ML_ERROR_CANCELLED: return ML_DOCUMENT_PARTIAL;
    default: break;
    }
    if (status < 0) {
        return ML_DOCUMENT_FAILED;
    }
    return refused > 0 ? ML_DOCUMENT_PARTIAL : ML_DOCUMENT_OK;
}

/* The cause chain as valid text; it may have been cut in the middle of a character. */
static const char *message_of(ml_job_host *job, ml_status status)
{
    const char *text = job->error.text[0] == '\0' ? ml_status_text(status) : job->error.text;
    const char *copy = NULL;
    ml_buffer repaired;

    ml_buffer_init(&repaired, 4 * sizeof(job->error.text));
    ml_text_repair(&repaired, text, strlen(text));
    if (repaired.status == ML_OK) {
        copy = ml_arena_copy(job->arena, repaired.data, repaired.length);
    }
    ml_buffer_release(&repaired);
    return copy == NULL ? "out of memory" : copy;
}

/* A copy in the arena, so that a document does not depend on the plugin's memory. */
static const char *copy_text(ml_arena *arena, const char *text)
{
    const char *copy = ml_arena_text(arena, text);

    return copy == NULL ? "" : copy;
}

ml_document *ml_job_document(ml_arena *arena, const ml_plugin *plugin)
{
    ml_document *document = ml_arena_alloc(arena, sizeof(*document));

    if (document != NULL) {
        *document = (ml_document){.struct_size = sizeof(*document),
                                  .plugin = copy_text(arena, plugin->id),
                                  .version = copy_text(arena, plugin->version),
                                  .title = copy_text(arena, plugin->title),
                                  .summary = copy_text(arena, plugin->summary),
                                  .message = ""};
    }
    return document;
}

ml_document *ml_job_analyze(ml_arena *arena, const ml_loaded *loaded,
                            const ml_option_values *options, const ml_model *model,
                            const ml_documents *documents, const ml_job_hooks *hooks)
{
    ml_job_host job = {.plugin = &loaded->plugin,
                       .options = options,
                       .model = model,
                       .documents = documents,
                       .arena = arena,
                       .hooks = hooks};
    ml_document *document = ml_job_document(arena, &loaded->plugin);
    ml_status status;

    if (document == NULL) {
        return NULL;
    }
    job.draft = ml_draft_new(arena, document->plugin, model, &job.error);
    if (job.draft == NULL) {
        return NULL;
    }
    ml_draft_watch(job.draft, hooks->block, hooks->context);
    if (documents != NULL) {
        ml_draft_refuse_findings(job.draft);
    }
    ml_host_open(&job);
    status = call_plugin(&job);
    hooks->ended(hooks->context, status);
    ml_host_close(&job);
    document->blocks = ml_draft_blocks(job.draft, &document->block_count);
    document->status = status_of_document(status, ml_draft_refused(job.draft));
    if (document->status != ML_DOCUMENT_OK) {
        document->message = message_of(&job, status);
    }
    return document;
}

ml_document *ml_job_not_loaded(ml_arena *arena, const char *id, const char *message)
{
    const ml_plugin plugin = {.id = id, .version = "", .title = id, .summary = ""};
    ml_document *document = ml_job_document(arena, &plugin);

    if (document != NULL) {
        document->status = ML_DOCUMENT_FAILED;
        document->message = copy_text(arena, message);
    }
    return document;
}

ml_document *ml_job_refused(ml_arena *arena, const ml_loaded *loaded, const char *message)
{
    ml_document *document = ml_job_document(arena, &loaded->plugin);

    if (document != NULL) {
        document->status = ML_DOCUMENT_SKIPPED;
        document->message = copy_text(arena, message);
    }
    return document;
}

ml_status ml_job_render(const ml_loaded *loaded, const ml_option_values *options,
                        const ml_model *model, const ml_documents *documents,
                        const ml_render_target *target, const ml_job_hooks *hooks, ml_error *error)
{
    ml_job_host job = {.plugin = &loaded->plugin,
                       .options = options,
                       .model = model,
                       .documents = documents,
                       .hooks = hooks,
                       .output = {.struct_size = sizeof(job.output),
                                  .width = target->width,
                                  .color = target->color,
                                  .recording_path = target->recording_path,
                                  .others = target->others}};
    ml_status status;

    ml_host_open(&job);
    status = call_plugin(&job);
    hooks->ended(hooks->context, status);
    ml_host_close(&job);
    /* A renderer that did not look whether its bytes arrived. */
    if (status == ML_OK) {
        status = job.written;
    }
    if (status < 0) {
        return ml_error_set(error, status, "renderer %s: %s", loaded->plugin.id,
                            job.error.text[0] == '\0' ? ml_status_text(status) : job.error.text);
    }
    return ML_OK;
}
