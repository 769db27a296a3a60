#include "core/cli/report.h"

#include "core/cli/console.h"
#include "core/document/names.h"
#include "core/document/rank.h"

#include <stdlib.h>
#include <string.h>

#define REPORT_MAX ((size_t)1 << 32)

/* ---- the pool ---- */

/* A number of an option between two bounds; `out` stays as it is when there is none. */
static ml_status read_number(const char *name, const char *text, double least, double most,
                             double *out, ml_error *error)
{
    char *end;
    double value;

    if (text == NULL) {
        return ML_OK;
    }
    value = strtod(text, &end);
    if (text[strspn(text, "0123456789.")] != '\0' || *end != '\0' || end == text || value < least ||
        value > most) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--%s cannot be \"%s\"; it is a number from %g to %.15g", name, text,
                            least, most);
    }
    *out = value;
    return ML_OK;
}

ml_status ml_report_pool(ml_arena *arena, const ml_args *args, ml_pool **out, ml_error *error)
{
    ml_pool_options options = {.may_use_network = args->llm != NULL || args->allow != NULL,
                               .verbose = args->verbose};
    double jobs = 0;
    double mebibytes = 0;

    ML_TRY(read_number("jobs", args->jobs, 1, ML_POOL_JOBS_MAX, &jobs, error));
    ML_TRY(read_number("timeout", args->timeout, 0.1, 1e6, &options.timeout_s, error));
    ML_TRY(read_number("memory", args->memory, 16, 1 << 24, &mebibytes, error));
    if (args->isolate != NULL && strcmp(args->isolate, "fork") != 0 &&
        strcmp(args->isolate, "none") != 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--isolate cannot be \"%s\"; it is fork or none", args->isolate);
    }
    options.jobs = (uint32_t)jobs;
    options.memory = (uint64_t)mebibytes << 20;
    options.in_process = args->isolate != NULL && strcmp(args->isolate, "none") == 0;
    *out = ml_pool_open(arena, &options);
    return *out == NULL ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for workers") : ML_OK;
}

/* ---- analyses ---- */

ml_status ml_report_choose(ml_pool *pool, ml_arena *arena, const ml_args *args, ml_choice *out,
                           ml_error *error)
{
    ml_choice *const choices[] = {out};
    const char *plugins = args->plugins == NULL ? "all" : args->plugins;
    ml_shelf shelf;

    ML_TRY(ml_shelf_open(arena, args->plugin_path, &shelf, error));
    ML_TRY(ml_choose(pool, arena, &shelf, ML_ROLE_ANALYSIS, plugins, out, error));
    ML_TRY(ml_choose_network(args, choices, 1, error));
    return ml_choose_options(arena, &args->options, choices, 1, error);
}

/* Everything that the two phases work on. */
typedef struct phases {
    ml_pool *pool;
    ml_arena *arena;
    const ml_choice *plugins;
    const ml_image *image;
    const ml_model *model;
    const ml_document **documents; /* so far */
    size_t count;
    ml_error *error;
} phases;

static ml_status fail_memory(ml_error *error, size_t count)
{
    return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the documents of %zu plugins",
                        count);
}

/* The document of a plugin that does not run, or NULL. */
static ml_status put_without_running(phases *self, const ml_chosen *chosen, int *is_put)
{
    ml_document *document;

    *is_put = chosen->failure != NULL || chosen->refusal != NULL;
    if (!*is_put) {
        return ML_OK;
    }
    document = chosen->failure != NULL
                   ? ml_job_not_loaded(self->arena, chosen->file.id, chosen->failure)
                   : ml_job_refused(self->arena, &chosen->loaded, chosen->refusal);
    if (document == NULL) {
        return fail_memory(self->error, self->plugins->count);
    }
    self->documents[self->count++] = document;
    return ML_OK;
}

static ml_task task_of(const ml_chosen *chosen)
{
    return (ml_task){
        .member = chosen->member, .options = &chosen->options, .allows_network = chosen->network};
}

/* One phase: the plugins of `kind`, appended to the documents. */
static ml_status run_phase(phases *self, uint32_t kind, const ml_documents *before)
{
    ml_task *tasks = ml_arena_array(self->arena, self->plugins->count, sizeof(*tasks));
    size_t count = 0;

    for (size_t i = 0; tasks != NULL && i < self->plugins->count; i++) {
        const ml_chosen *chosen = &self->plugins->plugins[i];
        int is_put;
        if ((chosen->failure == NULL ? chosen->loaded.plugin.kind : chosen->file.kind) != kind) {
            continue;
        }
        ML_TRY(put_without_running(self, chosen, &is_put));
        if (!is_put) {
            tasks[count++] = task_of(chosen);
        }
    }
    if (tasks == NULL) {
        return fail_memory(self->error, self->plugins->count);
    }
    ML_TRY(ml_pool_run(self->pool, self->arena, self->image, before, tasks, count, self->error));
    for (size_t i = 0; i < count; i++) {
        self->documents[self->count++] = tasks[i].document;
    }
    return ML_OK;
}

/* Ranking sorts, so each ranking gets its own list: explainers keep looking at theirs. */
static ml_status rank(phases *self, ml_documents *out)
{
    const ml_document **copy = ml_arena_array(self->arena, self->count, sizeof(*copy));

    if (copy == NULL) {
        return fail_memory(self->error, self->count);
    }
    if (self->count != 0) {
        memcpy(copy, self->documents, self->count * sizeof(*copy));
    }
    return ml_rank(self->arena, copy, self->count, self->model, out) < 0
               ? fail_memory(self->error, self->count)
               : ML_OK;
}

ml_status ml_report_analyze(ml_pool *pool, ml_arena *arena, const ml_choice *plugins,
                            const ml_image *image, ml_documents *out, ml_error *error)
{
    phases self = {.pool = pool,
                   .arena = arena,
                   .plugins = plugins,
                   .image = image,
                   .model = ml_image_model(image),
                   .error = error};
    ml_documents analyses;
    size_t analyzed;

    self.documents = ml_arena_array(arena, plugins->count, sizeof(*self.documents));
    if (self.documents == NULL) {
        return fail_memory(error, plugins->count);
    }
    ML_TRY(run_phase(&self, ML_ANALYZER, NULL));
    ML_TRY(rank(&self, &analyses));
    analyzed = self.count;
    ML_TRY(run_phase(&self, ML_EXPLAINER, &analyses));
    ML_TRY(rank(&self, out));
    /* Explainers are no checks: the sentence is that of the analyses. */
    out->verdict = self.count == analyzed ? out->verdict : analyses.verdict;
    return ML_OK;
}

/* ---- reports ---- */

/* A renderer that cannot run, or its task. */
static void prepare(const ml_chosen *renderer, const ml_render_target *target, ml_rendered *out,
                    ml_task *tasks, size_t *count)
{
    *out = (ml_rendered){.status = ML_OK};
    ml_buffer_init(&out->bytes, REPORT_MAX);
    if (renderer->failure != NULL || renderer->refusal != NULL) {
        out->status =
            ml_error_set(&out->error, ML_ERROR_UNSUPPORTED, "%s",
                         renderer->failure != NULL ? renderer->failure : renderer->refusal);
        return;
    }
    tasks[*count] = task_of(renderer);
    tasks[*count].target = target;
    tasks[*count].bytes = &out->bytes;
    ++*count;
}

/* Gives each result to the renderer whose buffer it filled. */
static void collect(const ml_task *tasks, size_t count, ml_rendered *out)
{
    for (size_t i = 0; i < count; i++) {
        while (tasks[i].bytes != &out->bytes) {
            out++;
        }
        out->status = tasks[i].status;
        out->error = tasks[i].error;
    }
}

ml_status ml_report_render(ml_pool *pool, ml_arena *arena, const ml_choice *renderers,
                           const ml_image *image, const ml_documents *documents,
                           const ml_render_target *target, ml_rendered *out, ml_error *error)
{
    ml_task *tasks = ml_arena_array(arena, renderers->count, sizeof(*tasks));
    size_t count = 0;

    for (size_t i = 0; tasks != NULL && i < renderers->count; i++) {
        prepare(&renderers->plugins[i], target, &out[i], tasks, &count);
    }
    if (tasks == NULL) {
        return fail_memory(error, renderers->count);
    }
    ML_TRY(ml_pool_run(pool, arena, image, documents, tasks, count, error));
    collect(tasks, count, out);
    return ML_OK;
}

/* ---- exit codes ---- */

int ml_report_failures(const ml_documents *documents)
{
    int code = ML_EXIT_OK;

    for (size_t i = 0; i < documents->document_count; i++) {
        const ml_document *document = documents->documents[i];
        if (document->status != ML_DOCUMENT_OK && document->status != ML_DOCUMENT_SKIPPED) {
            ml_console_say("plugin %s: %s: %s", document->plugin, ml_name_status(document->status),
                           document->message);
            code = ML_EXIT_PLUGIN;
        }
    }
    return code;
}

ml_status ml_report_gate_level(const char *name, uint32_t *out, ml_error *error)
{
    *out = name == NULL ? 0 : ml_level_named(name);
    if (name != NULL && *out == 0) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "--fail-on cannot be \"%s\"; it is note, warning or error", name);
    }
    return ML_OK;
}

int ml_report_gate(const ml_documents *documents, uint32_t level)
{
    for (size_t i = 0; i < documents->finding_count; i++) {
        if (documents->findings[i].block->finding->level >= level) {
            return ML_EXIT_GATE;
        }
    }
    return ML_EXIT_OK;
}
