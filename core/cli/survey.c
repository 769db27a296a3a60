#include "core/cli/survey.h"

#include "core/cli/foreign.h"
#include "core/cli/report.h"
#include "core/document/facts.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static ml_status grow(ml_arena *arena, ml_survey *self, ml_survey_row **out, ml_error *error)
{
    if (ml_arena_grow(arena, &self->rows, &self->capacity, self->count + 1, sizeof(**out)) < 0) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu rows", self->count + 1);
    }
    *out = &self->rows[self->count];
    **out = (ml_survey_row){.number = self->count};
    self->count++;
    return ML_OK;
}

static ml_status add_error(ml_arena *arena, ml_survey *self, const char *path,
                           const ml_error *cause, ml_error *error)
{
    ml_survey_row *row;

    ML_TRY(grow(arena, self, &row, error));
    row->path = path;
    row->error = ml_arena_text(arena, cause->text);
    self->unreadable++;
    return row->error != NULL
               ? ML_OK
               : ml_error_set(error, ML_ERROR_MEMORY, "no memory for the error of %s", path);
}

static const char *how_it_ended(const ml_model *model)
{
    const ml_processes *processes = model->processes;
    uint32_t flags = processes->count == 0 ? 0 : processes->flags[0];

    return model->damaged || (flags & ML_PROCESS_DAMAGED) != 0 ? "damaged"
           : (flags & ML_PROCESS_CLEAN_END) != 0               ? "clean"
                                                               : "open";
}

static void take_model(ml_survey_row *row, const ml_model *model)
{
    row->start_wall_ns = model->start_wall_ns;
    row->duration_ns = model->duration_ns;
    row->cpu_ns = ml_facts_cpu_ns(model);
    row->samples = ml_facts_samples(model);
    row->ticks = model->ticks;
    row->ticks_missed = model->ticks_missed;
    row->exit_code = ml_facts_exit_code(model);
    row->processes = model->processes->count;
    row->ended = how_it_ended(model);
    if (!ml_facts_peak(model, "rss", &row->peak_memory)) {
        row->peak_memory = -1;
    }
}

/* Findings are in order of rank, so the first is the worst. */
static void take_documents(ml_survey_row *row, const ml_documents *documents)
{
    for (size_t i = 0; i < documents->finding_count; i++) {
        uint32_t level = documents->findings[i].block->finding->level;
        if (level >= ML_LEVEL_NOTE && level <= ML_LEVEL_ERROR) {
            row->findings[level]++;
        }
    }
    for (size_t i = 0; i < documents->document_count; i++) {
        row->failed += documents->documents[i]->status > ML_DOCUMENT_SKIPPED;
    }
    row->worst = documents->finding_count == 0 ? 0 : documents->findings[0].block->finding->level;
}

/* The texts outlive the model and the documents. */
static ml_status copy_texts(ml_arena *arena, ml_survey_row *row, const ml_model *model,
                            const ml_documents *documents)
{
    const ml_finding *worst =
        documents->finding_count == 0 ? NULL : documents->findings[0].block->finding;

    row->program = ml_arena_text(arena, model->name);
    row->command = ml_arena_text(arena, model->command);
    row->label = ml_arena_text(arena, model->label);
    row->session = ml_arena_text(arena, model->session);
    row->rule = ml_arena_text(arena, worst == NULL ? "" : worst->rule);
    row->message = ml_arena_text(arena, worst == NULL ? "" : worst->message);
    return row->program == NULL || row->command == NULL || row->label == NULL ||
                   row->session == NULL || row->rule == NULL || row->message == NULL
               ? ML_ERROR_MEMORY
               : ML_OK;
}

/* ---- the runs of a file ---- */

/* What is worked with for one file. */
typedef struct work {
    ml_arena *arena; /* of the rows */
    ml_survey *index;
    ml_pool *pool;
    const ml_choice *plugins;
    const char *path;
    ml_reader *reader;
} work;

static ml_status add_run(const work *self, const ml_image_source *sources, size_t count,
                         ml_arena *scratch, ml_error *error)
{
    ml_documents documents;
    ml_error cause = {0};
    ml_survey_row *row;
    ml_image *image;
    ml_status status;

    if (ml_image_build(sources, count, ML_SOURCES_HOT, &image, &cause) < 0) {
        return add_error(self->arena, self->index, self->path, &cause, error);
    }
    status = ml_report_analyze(self->pool, scratch, self->plugins, image, &documents, error);
    if (status == ML_OK) {
        status = grow(self->arena, self->index, &row, error);
    }
    if (status == ML_OK) {
        const ml_model *model = ml_image_model(image);
        row->path = self->path;
        take_model(row, model);
        take_documents(row, &documents);
        status =
            copy_texts(self->arena, row, model, &documents) < 0
                ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for the row of %s", self->path)
                : ML_OK;
    }
    ml_image_close(image);
    return status;
}

static int is_same_run(const ml_recording *a, const ml_recording *b)
{
    static const uint8_t none[16];

    return memcmp(a->head.session, b->head.session, sizeof(none)) == 0 &&
           memcmp(a->head.session, none, sizeof(none)) != 0;
}

/* The recordings of the run that begins with recording `first`; 0 if that belongs to an earlier one. */
static size_t gather_run(const ml_reader *reader, size_t first, ml_image_source *sources)
{
    const ml_recording *wanted = ml_reader_recording(reader, first);
    size_t count = 0;

    for (size_t i = 0; i < ml_reader_count(reader); i++) {
        const ml_recording *other = ml_reader_recording(reader, i);
        if (i != first && !is_same_run(wanted, other)) {
            continue;
        }
        if (i < first) {
            return 0;
        }
        sources[count++] = (ml_image_source){reader, other};
    }
    return count;
}

static ml_status add_runs(const work *self, ml_error *error)
{
    size_t recordings = ml_reader_count(self->reader);
    ml_status status = ML_OK;

    for (size_t i = 0; i < recordings && status == ML_OK; i++) {
        ml_arena scratch;
        ml_image_source *sources;
        size_t count;
        ml_arena_init(&scratch, 0);
        sources = ml_arena_array(&scratch, recordings, sizeof(*sources));
        count = sources == NULL ? 0 : gather_run(self->reader, i, sources);
        if (sources == NULL) {
            status = ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu recordings of %s",
                                  recordings, self->path);
        } else if (count != 0) {
            status = add_run(self, sources, count, &scratch, error);
        }
        ml_arena_release(&scratch);
    }
    return status;
}

ml_status ml_survey_add(ml_arena *arena, ml_survey *self, ml_pool *pool, const ml_choice *plugins,
                        const char *path, ml_error *error)
{
    work one = {.arena = arena, .index = self, .pool = pool, .plugins = plugins, .path = path};
    ml_error cause = {0};
    ml_status status;

    if (ml_reader_open(path, NULL, &one.reader, &cause) < 0) {
        ml_foreign_explain(path, &cause);
        return add_error(arena, self, path, &cause, error);
    }
    status = add_runs(&one, error);
    ml_reader_close(one.reader);
    return status;
}

/* ---- order ---- */

static int compare(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int by_file(const ml_survey_row *a, const ml_survey_row *b)
{
    return strcmp(a->path, b->path);
}

static int by_time(const ml_survey_row *a, const ml_survey_row *b)
{
    return (a->start_wall_ns > b->start_wall_ns) - (a->start_wall_ns < b->start_wall_ns);
}

static int by_length(const ml_survey_row *a, const ml_survey_row *b)
{
    return compare(a->duration_ns, b->duration_ns);
}

static int by_cpu(const ml_survey_row *a, const ml_survey_row *b)
{
    return compare(a->cpu_ns, b->cpu_ns);
}

static int by_memory(const ml_survey_row *a, const ml_survey_row *b)
{
    return (a->peak_memory < b->peak_memory) - (a->peak_memory > b->peak_memory);
}

static int by_findings(const ml_survey_row *a, const ml_survey_row *b)
{
    for (int level = ML_LEVEL_ERROR; level >= ML_LEVEL_NOTE; level--) {
        if (a->findings[level] != b->findings[level]) {
            return compare(a->findings[level], b->findings[level]);
        }
    }
    return 0;
}

typedef int (*row_order)(const ml_survey_row *a, const ml_survey_row *b);

static const struct {
    const char *name;
    row_order order;
} orders[] = {{"findings", by_findings}, {"file", by_file}, {"time", by_time},
              {"length", by_length},     {"cpu", by_cpu},   {"memory", by_memory}};

static int in_order(const void *left, const void *right, void *context)
{
    const ml_survey_row *a = left;
    const ml_survey_row *b = right;
    const row_order *order = context;
    int result = (b->error != NULL) - (a->error != NULL);

    if (result == 0 && a->error == NULL) {
        result = (*order)(a, b);
    }
    result = result != 0 ? result : strcmp(a->path, b->path);
    return result != 0 ? result : (a->number > b->number) - (a->number < b->number);
}

ml_status ml_survey_sort(ml_survey *self, const char *by, ml_error *error)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (by == NULL || strcmp(by, orders[i].name) == 0) {
            row_order order = orders[i].order;
            if (self->count > 1) {
                qsort_r(self->rows, self->count, sizeof(*self->rows), in_order, &order);
            }
            return ML_OK;
        }
    }
    return ml_error_set(
        error, ML_ERROR_ARGUMENT,
        "--sort cannot be \"%s\"; it is findings, file, time, length, cpu or memory", by);
}

void ml_survey_filter(ml_survey *self, uint32_t level)
{
    size_t kept = 0;

    for (size_t i = 0; i < self->count; i++) {
        if (self->rows[i].error != NULL || self->rows[i].worst >= level) {
            self->rows[kept++] = self->rows[i];
        }
    }
    self->count = kept;
}
