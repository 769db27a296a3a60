#include "core/plugin/host.h"

#include "core/base/text.h"
#include "core/document/json.h"
#include "core/plugin/version.h"

#include <string.h>

enum { LINE_MAX = 2000 };

#define SCRATCH_MAX ((size_t)1 << 32) /* bytes that one job may ask for */

static ml_job_host *job_of(const ml_host *host)
{
    return (ml_job_host *)(uintptr_t)host;
}

/* ---- microlog.job/1 ---- */

static const char *level_word(uint32_t level)
{
    switch (level) {
    case ML_LOG_ERROR: return "error: ";
    case ML_LOG_WARNING: return "warning: ";
    default: return "";
    }
}

void ml_host_log_line(ml_buffer *out, const char *id, uint32_t level, const char *text,
                      uint32_t number)
{
    ml_buffer_put_format(out, ML_TOOL_NAME ": %s: %s", id, level_word(level));
    ml_text_escape(out, text, strnlen(text, LINE_MAX));
    if (number == ML_LOG_LINES_MAX) {
        ml_buffer_put_text(out, " (the last line that is shown of this plugin)");
    }
    ml_buffer_put_u8(out, '\n');
}

static void job_log(const ml_host *host, uint32_t level, const char *text)
{
    ml_job_host *job = job_of(host);

    if (text != NULL && job->lines < ML_LOG_LINES_MAX) {
        job->lines++;
        job->hooks->log(job->hooks->context, level, text);
    }
}

static void job_progress(const ml_host *host, uint64_t done, uint64_t total, const char *what)
{
    const ml_job_hooks *hooks = job_of(host)->hooks;

    hooks->progress(hooks->context, done, total, what == NULL ? "" : what);
}

static int32_t job_cancelled(const ml_host *host)
{
    const ml_job_hooks *hooks = job_of(host)->hooks;

    return hooks->cancelled(hooks->context);
}

static ml_status job_fail(const ml_host *host, ml_status status, const char *text)
{
    ml_job_host *job = job_of(host);

    ml_error_add(&job->error, "%s", text == NULL ? "" : text);
    job->error.status = status;
    return status;
}

static void *job_alloc(const ml_host *host, size_t size)
{
    return ml_arena_alloc(&job_of(host)->scratch, size);
}

static const char *job_option_string(const ml_host *host, const char *name)
{
    const ml_option_value *value = ml_options_find(job_of(host)->options, name);

    return value == NULL ? "" : value->text;
}

static int64_t job_option_int(const ml_host *host, const char *name)
{
    const ml_option_value *value = ml_options_find(job_of(host)->options, name);

    return value == NULL ? 0 : value->whole;
}

static double job_option_real(const ml_host *host, const char *name)
{
    const ml_option_value *value = ml_options_find(job_of(host)->options, name);

    return value == NULL ? 0.0 : value->real;
}

static const ml_job job_interface = {
    .struct_size = sizeof(job_interface),
    .log = job_log,
    .progress = job_progress,
    .cancelled = job_cancelled,
    .fail = job_fail,
    .alloc = job_alloc,
    .option_string = job_option_string,
    .option_int = job_option_int,
    .option_real = job_option_real,
};

/* ---- microlog.document/1 ---- */

static ml_builder *document_begin(const ml_host *host, uint32_t kind, const char *key,
                                  const char *title)
{
    return ml_draft_begin(job_of(host)->draft, kind, key, title);
}

static const ml_document_writer document_interface = {
    .struct_size = sizeof(document_interface),
    .begin = document_begin,
    .set_text = ml_builder_set_text,
    .set_number = ml_builder_set_number,
    .set_real = ml_builder_set_real,
    .set_bytes = ml_builder_set_bytes,
    .add = ml_builder_add,
    .put_null = ml_builder_put_null,
    .put_text = ml_builder_put_text,
    .put_number = ml_builder_put_number,
    .put_int = ml_builder_put_int,
    .put_real = ml_builder_put_real,
    .end = ml_builder_end,
};

/* ---- microlog.output/1 ---- */

static ml_status output_write(const ml_host *host, const void *bytes, size_t length)
{
    ml_job_host *job = job_of(host);
    ml_status status = job->hooks->write(job->hooks->context, bytes, length);

    job->written = job->written < 0 ? job->written : status;
    if (status < 0 && job->error.text[0] == '\0') {
        ml_error_set(&job->error, status, "the file is too large, or memory is short");
    }
    return status;
}

/* ---- microlog.json/1 ---- */

/* The text in the job's memory, or NULL; gives the buffer back. */
static const char *keep_text(ml_job_host *job, ml_buffer *text, ml_status status)
{
    const char *copy = status < 0 ? NULL : ml_arena_copy(&job->scratch, text->data, text->length);

    ml_buffer_release(text);
    return copy;
}

static const char *json_report(const ml_host *host)
{
    ml_job_host *job = job_of(host);
    ml_buffer text;

    ml_buffer_init(&text, SCRATCH_MAX);
    return keep_text(job, &text,
                     ml_json_report(&text, ML_TOOL_VERSION, job->model, job->documents));
}

static const char *json_block(const ml_host *host, const ml_document *document,
                              const ml_block *block)
{
    ml_buffer text;

    ml_buffer_init(&text, SCRATCH_MAX);
    return keep_text(job_of(host), &text, ml_json_block(&text, document, block));
}

static const char *json_recording(const ml_host *host)
{
    ml_job_host *job = job_of(host);
    ml_buffer text;

    ml_buffer_init(&text, SCRATCH_MAX);
    return keep_text(job, &text, ml_json_recording(&text, job->model));
}

static const ml_json json_interface = {
    .struct_size = sizeof(json_interface),
    .report = json_report,
    .block = json_block,
    .recording = json_recording,
};

/* ---- which plugin is offered what ---- */

static const void *get_interface(const ml_host *host, const char *id)
{
    ml_job_host *job = job_of(host);
    int renders = job->output.struct_size != 0;

    if (strcmp(id, ML_JOB_ID) == 0) {
        return &job_interface;
    }
    if (strcmp(id, ML_MODEL_ID) == 0) {
        return job->model;
    }
    if (strcmp(id, ML_DOCUMENTS_ID) == 0) {
        return job->documents;
    }
    if (strcmp(id, ML_DOCUMENT_ID) == 0) {
        return job->draft == NULL ? NULL : &document_interface;
    }
    if (strcmp(id, ML_OUTPUT_ID) == 0) {
        return renders ? &job->output : NULL;
    }
    return strcmp(id, ML_JSON_ID) == 0 && renders ? &json_interface : NULL;
}

void ml_host_open(ml_job_host *job)
{
    job->host = (ml_host){.struct_size = sizeof(job->host),
                          .abi_minor = ML_ABI_MINOR,
                          .abi_draft = ML_ABI_DRAFT,
                          .name = ML_TOOL_NAME,
                          .version = ML_TOOL_VERSION,
                          .get_interface = get_interface};
    ml_arena_init(&job->scratch, SCRATCH_MAX);
    if (job->output.struct_size != 0) {
        job->output.write = output_write;
    }
}

void ml_host_close(ml_job_host *job)
{
    ml_arena_release(&job->scratch);
}
