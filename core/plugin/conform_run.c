#include "core/plugin/conform_parts.h"

#include "core/base/crc32c.h"
#include "core/document/json.h"
#include "core/plugin/job.h"
#include "core/plugin/version.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)1 << 30)
#define FAIL(trial, ...) ml_error_set(&(trial)->error, ML_ERROR_FAILED, __VA_ARGS__)

/* ---- one run ---- */

/* What the plugin is run on, and what came of it. */
typedef struct work {
    int which;     /* ML_CONFORM_… */
    int unknown;   /* with a block of an unknown kind */
    int no_model;  /* as in a report made from merged results */
    int cancelled; /* from the beginning */
    ml_loaded loaded;
    ml_option_values options;
    ml_document *document; /* of analyzers and explainers */
    ml_buffer bytes;       /* of renderers */
} work;

static void ignore_log(void *context, uint32_t level, const char *text)
{
    (void)context;
    (void)level;
    (void)text;
}

static void ignore_progress(void *context, uint64_t done, uint64_t total, const char *what)
{
    (void)context;
    (void)done;
    (void)total;
    (void)what;
}

static int32_t is_cancelled(void *context)
{
    return ((const work *)context)->cancelled;
}

static void ignore_block(void *context, const ml_block *block)
{
    (void)context;
    (void)block;
}

static void ignore_end(void *context, ml_status status)
{
    (void)context;
    (void)status;
}

static ml_status keep_bytes(void *context, const void *bytes, size_t length)
{
    work *self = context;

    ml_buffer_put(&self->bytes, bytes, length);
    return self->bytes.status;
}

static ml_status prepare(ml_trial *trial, work *self)
{
    ML_TRY(ml_load(&trial->arena, &trial->file, &self->loaded, &trial->error));
    ML_TRY(ml_options_default(&trial->arena, &self->loaded.plugin, &self->options, &trial->error));
    ml_buffer_init(&self->bytes, OUTPUT_MAX);
    /* Nothing is contacted by a test. */
    if ((self->loaded.plugin.needs & ML_NEEDS_NETWORK) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return ml_error_set(&trial->error, ML_ERROR_UNSUPPORTED,
                            "it needs the network, which cannot be taken away from it here (%s)",
                            strerror(errno));
    }
    return ML_OK;
}

static ml_status render(ml_trial *trial, work *self, const ml_job_hooks *hooks,
                        const ml_documents *documents)
{
    static const ml_render_target target = {.recording_path = "run.mlog", .others = ""};
    const ml_model *model = self->no_model ? NULL : trial->models->models[self->which];
    ml_error error = {0};
    ml_status status =
        ml_job_render(&self->loaded, &self->options, model, documents, &target, hooks, &error);

    if (status == ML_ERROR_CANCELLED && self->cancelled) {
        return ML_OK;
    }
    return status < 0 ? FAIL(trial,
                             "%s; a renderer shows what it is given, and what it does not know "
                             "by title and text",
                             error.text)
                      : ML_OK;
}

static ml_status analyze(ml_trial *trial, work *self, const ml_job_hooks *hooks,
                         const ml_documents *documents)
{
    self->document = ml_job_analyze(&trial->arena, &self->loaded, &self->options,
                                    trial->models->models[self->which], documents, hooks);
    if (self->document == NULL) {
        return ml_error_set(&trial->error, ML_ERROR_MEMORY, "no memory for a document");
    }
    if (self->document->status == ML_DOCUMENT_FAILED) {
        return FAIL(trial,
                    "%s; a run that has nothing for it is no failure: return ML_OK, or "
                    "ML_ERROR_UNSUPPORTED with the reason",
                    self->document->message);
    }
    return ML_OK;
}

static ml_status run_once(ml_trial *trial, work *self)
{
    const ml_job_hooks hooks = {.context = self,
                                .log = ignore_log,
                                .progress = ignore_progress,
                                .cancelled = is_cancelled,
                                .block = ignore_block,
                                .write = keep_bytes,
                                .ended = ignore_end};
    uint32_t kind = self->loaded.plugin.kind;
    ml_documents documents;

    ML_TRY(ml_conform_documents(&trial->arena, self->which, self->unknown,
                                trial->models->models[self->which], &documents, &trial->error));
    return kind == ML_RENDERER
               ? render(trial, self, &hooks, &documents)
               : analyze(trial, self, &hooks, kind == ML_EXPLAINER ? &documents : NULL);
}

static ml_status run_on(ml_trial *trial, work *self)
{
    ML_TRY(prepare(trial, self));
    return run_once(trial, self);
}

/* ---- behaviour ---- */

static ml_status behaviour_empty_run(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_EMPTY});
}

static ml_status behaviour_normal_run(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_NORMAL});
}

static ml_status behaviour_hostile_text(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_HOSTILE});
}

static ml_status behaviour_many_jobs(ml_trial *trial)
{
    static const int order[] = {ML_CONFORM_NORMAL, ML_CONFORM_EMPTY, ML_CONFORM_HOSTILE,
                                ML_CONFORM_NORMAL};
    work self = {0};

    ML_TRY(prepare(trial, &self));
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        self.which = order[i];
        if (run_once(trial, &self) < 0) {
            return ml_error_add(&trial->error,
                                "job %zu in one process failed; keep no state "
                                "between jobs",
                                i + 1);
        }
    }
    return ML_OK;
}

static ml_status behaviour_cancelled(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_NORMAL, .cancelled = 1});
}

static ml_status behaviour_no_model(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_NORMAL, .no_model = 1});
}

static ml_status behaviour_unknown_kind(ml_trial *trial)
{
    return run_on(trial, &(work){.which = ML_CONFORM_NORMAL, .unknown = 1});
}

/* ---- result ---- */

static ml_status check_valid(ml_trial *trial, const work *self)
{
    return self->document->status != ML_DOCUMENT_PARTIAL
               ? ML_OK
               : FAIL(trial, "%s; what ml_end returns says so while it happens",
                      self->document->message);
}

static ml_status result_valid(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};

    ML_TRY(run_on(trial, &self));
    ML_TRY(check_valid(trial, &self));
    self.which = ML_CONFORM_HOSTILE;
    ML_TRY(run_once(trial, &self));
    return check_valid(trial, &self);
}

static ml_status result_not_empty(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};

    ML_TRY(run_on(trial, &self));
    return self.bytes.length != 0
               ? ML_OK
               : FAIL(trial, "it wrote nothing; write with ml_get_output(host)->write");
}

static int has(const ml_buffer *bytes, const char *part)
{
    return bytes->length != 0 && memmem(bytes->data, bytes->length, part, strlen(part)) != NULL;
}

static ml_status result_escaped(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_HOSTILE};
    const char *type;

    ML_TRY(run_on(trial, &self));
    type = self.loaded.plugin.media_type;
    if (has(&self.bytes, ML_CONFORM_ESCAPE)) {
        return FAIL(trial, "control characters of the recorded program are in its output as they "
                           "are; escape all text in one place");
    }
    if ((strstr(type, "html") != NULL || strstr(type, "xml") != NULL) &&
        has(&self.bytes, ML_CONFORM_MARKUP)) {
        return FAIL(trial, "markup of the recorded program is in its output as it is; escape < > "
                           "& \" ' of all text in one place");
    }
    return ML_OK;
}

/* Leaves a checksum of everything that the plugin made. */
static ml_status result_same_twice(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};
    const ml_document *document;
    ml_documents one = {.struct_size = sizeof(one), .document_count = 1, .verdict = ""};

    ML_TRY(run_on(trial, &self));
    if (self.document != NULL) {
        document = self.document;
        one.documents = &document;
        if (ml_json_report(&self.bytes, ML_TOOL_VERSION, NULL, &one) < 0) {
            return ml_error_set(&trial->error, ML_ERROR_MEMORY, "no memory for the document");
        }
    }
    trial->length = self.bytes.length;
    trial->crc = ml_crc32c(0, self.bytes.data, self.bytes.length);
    return ML_OK;
}

/* ---- manners ---- */

static off_t printed(void)
{
    fflush(NULL);
    return lseek(STDOUT_FILENO, 0, SEEK_END);
}

static ml_status manners_no_stdout(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};
    off_t before;

    ML_TRY(prepare(trial, &self));
    before = printed();
    ML_TRY(run_once(trial, &self));
    return printed() == before
               ? ML_OK
               : FAIL(trial, "it printed to stdout, which is not a plugin's; use log() of the job, "
                             "or write() of the output");
}

static ml_status manners_no_fd_left(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};
    size_t before;
    size_t after;

    ML_TRY(prepare(trial, &self));
    before = ml_conform_count("/proc/self/fd");
    ML_TRY(run_once(trial, &self));
    after = ml_conform_count("/proc/self/fd");
    return after == before ? ML_OK
                           : FAIL(trial,
                                  "%zu descriptors were open before the job and %zu after "
                                  "it; close what run and create open",
                                  before, after);
}

static ml_status manners_no_child(ml_trial *trial)
{
    ML_TRY(behaviour_normal_run(trial));
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD
               ? ML_OK
               : FAIL(trial, "it left a process behind; a plugin starts none");
}

static ml_status manners_no_thread_left(ml_trial *trial)
{
    work self = {.which = ML_CONFORM_NORMAL};
    size_t before;

    ML_TRY(prepare(trial, &self));
    before = ml_conform_count("/proc/self/task");
    ML_TRY(run_once(trial, &self));
    return ml_conform_count("/proc/self/task") == before
               ? ML_OK
               : FAIL(trial, "it left a thread behind; end what run started");
}

#define ANY (ML_CONFORM_ANALYZERS | ML_CONFORM_RENDERERS)

const ml_test ml_conform_run_tests[] = {
    {"behaviour/empty-run", behaviour_empty_run, ANY, 0, 0},
    {"behaviour/normal-run", behaviour_normal_run, ANY, 1, 0},
    {"behaviour/hostile-text", behaviour_hostile_text, ANY, 0, 0},
    {"behaviour/many-jobs", behaviour_many_jobs, ANY, 0, 0},
    {"behaviour/cancelled", behaviour_cancelled, ANY, 0, 0},
    {"behaviour/no-model", behaviour_no_model, ML_CONFORM_RENDERERS, 0, 0},
    {"behaviour/unknown-kind", behaviour_unknown_kind, ML_CONFORM_RENDERERS, 0, 0},
    {"result/valid", result_valid, ML_CONFORM_ANALYZERS, 0, 0},
    {"result/not-empty", result_not_empty, ML_CONFORM_RENDERERS, 0, 0},
    {"result/escaped", result_escaped, ML_CONFORM_RENDERERS, 0, 0},
    {"result/same-twice", result_same_twice, ANY, 0, 1},
    {"manners/no-stdout", manners_no_stdout, ANY, 0, 0},
    {"manners/no-fd-left", manners_no_fd_left, ANY, 0, 0},
    {"manners/no-child", manners_no_child, ANY, 0, 0},
    {"manners/no-thread-left", manners_no_thread_left, ANY, 0, 0},
    {NULL, NULL, 0, 0, 0},
};
