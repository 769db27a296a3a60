#include "core/document/rank.h"

#include "core/document/names.h"

#include <stdlib.h>
#include <string.h>

enum { WHOLE = 1000000 }; /* an impact of 1 */

/* A finding with what it is compared by. */
typedef struct candidate {
    ml_ranked ranked;
    uint64_t score;
    int is_project;
} candidate;

static uint64_t part_of(uint64_t part, uint64_t whole)
{
    if (whole == 0 || part == 0) {
        return 0;
    }
    return part >= whole ? WHOLE : (uint64_t)((double)part / (double)whole * WHOLE);
}

/* The largest resident memory of the run, or 1 GiB. */
static uint64_t largest_memory(const ml_model *model)
{
    const ml_counters *counters = model == NULL ? NULL : model->counters;
    int64_t largest = 0;

    for (uint32_t i = 0; counters != NULL && i < counters->count; i++) {
        if (strcmp(ml_model_text(model, counters->name[i]), "rss") != 0) {
            continue;
        }
        for (uint64_t point = 0; point < counters->points[i]; point++) {
            int64_t value = counters->value[counters->first[i] + point];
            largest = value > largest ? value : largest;
        }
    }
    return largest > 0 ? (uint64_t)largest : UINT64_C(1) << 30;
}

static uint64_t score_of(const ml_finding *finding, uint64_t duration, uint64_t memory)
{
    uint64_t time = part_of(finding->impact_ns, duration);
    uint64_t bytes = part_of(finding->impact_bytes, memory);
    uint64_t count = part_of(finding->impact_count, 1000) / 10;
    uint64_t impact = time > bytes ? time : bytes;

    return (impact > count ? impact : count) * finding->confidence;
}

static int is_project(const ml_finding *finding, const ml_model *model)
{
    const char *file = finding->location_count == 0 ? "" : finding->locations[0].file;
    const ml_modules *modules = model == NULL ? NULL : model->modules;

    for (uint32_t i = 0; file[0] != '\0' && modules != NULL && i < modules->count; i++) {
        if (strcmp(ml_model_text(model, modules->file[i]), file) == 0) {
            return (modules->flags[i] & ML_MODULE_PROJECT) != 0;
        }
    }
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_rank(const void *left, const void *right)
{
    const candidate *a = left;
    const candidate *b = right;
    const ml_finding *x = a->ranked.block->finding;
    const ml_finding *y = b->ranked.block->finding;
    int order = compare(y->level, x->level);

    order = order != 0 ? order : compare(b->score, a->score);
    order = order != 0 ? order : b->is_project - a->is_project;
    order = order != 0 ? order : strcmp(x->rule, y->rule);
    order = order != 0 ? order : strcmp(x->fingerprint, y->fingerprint);
    order = order != 0 ? order : strcmp(a->ranked.block->key, b->ranked.block->key);
    return order != 0 ? order : strcmp(a->ranked.document->plugin, b->ranked.document->plugin);
}

static int by_plugin(const void *left, const void *right)
{
    const ml_document *const *a = left;
    const ml_document *const *b = right;

    return strcmp((*a)->plugin, (*b)->plugin);
}

static size_t count_findings(const ml_document *const *documents, size_t count)
{
    size_t findings = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t block = 0; block < documents[i]->block_count; block++) {
            findings += documents[i]->blocks[block]->finding != NULL;
        }
    }
    return findings;
}

static void collect(candidate *candidates, const ml_document *document, const ml_model *model,
                    uint64_t memory, size_t *count)
{
    uint64_t duration = model == NULL ? 0 : model->duration_ns;

    for (size_t i = 0; i < document->block_count; i++) {
        const ml_finding *finding = document->blocks[i]->finding;
        if (finding != NULL) {
            candidates[(*count)++] = (candidate){
                .ranked = {document, document->blocks[i]},
                .score = score_of(finding, duration, memory),
                .is_project = is_project(finding, model),
            };
        }
    }
}

/* The host made the blocks (builder.c), so it may finish them: the handle is all that is left. */
static ml_status number(ml_arena *arena, const ml_finding *finding, size_t place)
{
    ml_finding *ours = (ml_finding *)(uintptr_t)finding;

    ours->handle = ml_arena_format(arena, "F%zu", place + 1);
    return ours->handle == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_rank(ml_arena *arena, const ml_document **documents, size_t count,
                  const ml_model *model, ml_documents *out)
{
    size_t findings = count_findings(documents, count);
    candidate *candidates = ml_arena_array(arena, findings, sizeof(*candidates));
    ml_ranked *ranked = ml_arena_array(arena, findings, sizeof(*ranked));
    uint64_t memory = largest_memory(model);
    size_t filled = 0;

    if (candidates == NULL || ranked == NULL) {
        return ML_ERROR_MEMORY;
    }
    qsort(documents, count, sizeof(*documents), by_plugin);
    for (size_t i = 0; i < count; i++) {
        collect(candidates, documents[i], model, memory, &filled);
    }
    qsort(candidates, findings, sizeof(*candidates), by_rank);
    for (size_t i = 0; i < findings; i++) {
        ranked[i] = candidates[i].ranked;
        ML_TRY(number(arena, ranked[i].block->finding, i));
    }
    *out = (ml_documents){.struct_size = sizeof(*out),
                          .documents = documents,
                          .document_count = count,
                          .findings = ranked,
                          .finding_count = findings};
    out->verdict = ml_verdict(arena, out, model);
    return out->verdict == NULL ? ML_ERROR_MEMORY : ML_OK;
}
