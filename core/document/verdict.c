#include "core/document/rank.h"

#include "core/base/buffer.h"
#include "core/document/names.h"

#include <stdbool.h>
#include <string.h>

enum { STATES = ML_STATE_OTHER + 1 };

/* What that thread did, weighed by wall time. */
typedef struct summary {
    uint64_t wall_ns;
    uint64_t state_ns[STATES];
    uint32_t state; /* the most frequent one */
} summary;

static void count_levels(const ml_documents *documents, size_t levels[ML_LEVEL_ERROR + 1])
{
    for (size_t i = 0; i < documents->finding_count; i++) {
        levels[documents->findings[i].block->finding->level]++;
    }
}

static void put_count(ml_buffer *out, size_t count, const char *noun)
{
    ml_buffer_put_format(out, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void put_findings(ml_buffer *out, const ml_documents *documents)
{
    size_t levels[ML_LEVEL_ERROR + 1] = {0};
    const char *separator = ": ";

    count_levels(documents, levels);
    put_count(out, documents->finding_count, "finding");
    for (uint32_t level = ML_LEVEL_ERROR; level >= ML_LEVEL_NOTE; level--) {
        if (levels[level] != 0) {
            ml_buffer_put_text(out, separator);
            put_count(out, levels[level], ml_name_level(level));
            separator = ", ";
        }
    }
}

/* "No findings" is a result only of what ran to its end. */
static void put_checks(ml_buffer *out, const ml_documents *documents)
{
    size_t ran = 0;

    for (size_t i = 0; i < documents->document_count; i++) {
        ran += documents->documents[i]->status == ML_DOCUMENT_OK;
    }
    ml_buffer_put_text(out, "no findings; ");
    put_count(out, ran, "check");
    ml_buffer_put_text(out, " ran");
    if (ran < documents->document_count) {
        ml_buffer_put_format(out, ", %zu did not", documents->document_count - ran);
    }
}

/* ---- what the run was doing ---- */

/* The thread that says what the run was doing: the one that used most CPU, or the main thread if none used any. */
static uint32_t telling_thread(const ml_threads *threads)
{
    uint32_t best = ML_NONE;

    for (uint32_t i = 0; i < threads->count; i++) {
        if (threads->sample_count[i] != 0 &&
            (best == ML_NONE || threads->cpu_ns[i] > threads->cpu_ns[best] ||
             (threads->cpu_ns[i] == threads->cpu_ns[best] && threads->is_main[i] &&
              !threads->is_main[best]))) {
            best = i;
        }
    }
    return best;
}

/* With several threads, which one is meant. */
static void put_thread(ml_buffer *out, const ml_model *model, uint32_t thread)
{
    if (model->threads->count < 2) {
        return;
    }
    if (model->threads->is_main[thread]) {
        ml_buffer_put_text(out, "main thread ");
    } else {
        ml_buffer_put_format(out, "thread %s ", ml_model_text(model, model->threads->name[thread]));
    }
}

static void summarize(const ml_model *model, uint32_t thread, summary *out)
{
    uint64_t first = model->threads->sample_first[thread];
    uint64_t count = model->threads->sample_count[thread];

    for (uint64_t i = first; i < first + count; i++) {
        uint32_t state = model->samples->state[i] & ML_STATE_MASK;
        out->wall_ns += model->samples->wall_ns[i];
        out->state_ns[state < STATES ? state : ML_STATE_UNKNOWN] += model->samples->wall_ns[i];
    }
    for (uint32_t state = 0; state < STATES; state++) {
        if (out->state_ns[state] > out->state_ns[out->state]) {
            out->state = state;
        }
    }
}

static uint32_t module_flags(const ml_model *model, uint32_t function)
{
    uint32_t module =
        function < model->functions->count ? model->functions->module[function] : ML_NONE;

    return module < model->modules->count ? model->modules->flags[module] : 0;
}

static bool is_module_body(const ml_model *model, uint32_t function)
{
    return function < model->functions->count &&
           strcmp(ml_model_text(model, model->functions->name[function]), "<module>") == 0;
}

/* The innermost function of the project on a stack, or the innermost one at all. That a module's body is on it says
 * nothing. */
static uint32_t function_of(const ml_model *model, uint32_t stack)
{
    const ml_stacks *stacks = model->stacks;
    uint32_t leaf = stack < stacks->count ? stacks->function[stack] : ML_NONE;

    while (stack != 0 && stack < stacks->count) {
        if ((module_flags(model, stacks->function[stack]) & ML_MODULE_PROJECT) &&
            !is_module_body(model, stacks->function[stack])) {
            return stacks->function[stack];
        }
        stack = stacks->parent[stack];
    }
    return leaf;
}

/* The time of the thread in its most frequent state, by stack; NULL without memory. */
static uint64_t *time_by_stack(ml_arena *arena, const ml_model *model, uint32_t thread,
                               const summary *seen)
{
    uint64_t *time = ml_arena_array(arena, model->stacks->count, sizeof(*time));
    uint64_t first = model->threads->sample_first[thread];

    for (uint64_t i = first; time != NULL && i < first + model->threads->sample_count[thread];
         i++) {
        if ((model->samples->state[i] & ML_STATE_MASK) == seen->state &&
            model->samples->stack[i] < model->stacks->count) {
            time[model->samples->stack[i]] += model->samples->wall_ns[i];
        }
    }
    return time;
}

/* The function in which the thread spent most time in its most frequent state. */
static ml_status busiest(ml_arena *arena, const ml_model *model, uint32_t thread,
                         const summary *seen, uint32_t *function, uint64_t *wall_ns)
{
    uint64_t *time = ml_arena_array(arena, model->functions->count, sizeof(*time));
    uint64_t *of_stack = time_by_stack(arena, model, thread, seen);

    *function = ML_NONE;
    *wall_ns = 0;
    if (time == NULL || of_stack == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < model->stacks->count; i++) {
        uint32_t at = of_stack[i] == 0 ? ML_NONE : function_of(model, i);
        if (at < model->functions->count) {
            time[at] += of_stack[i];
        }
    }
    for (uint32_t i = 0; i < model->functions->count; i++) {
        if (time[i] > *wall_ns) {
            *wall_ns = time[i];
            *function = i;
        }
    }
    return ML_OK;
}

static unsigned percent(uint64_t part, uint64_t whole)
{
    return (unsigned)((double)part * 100.0 / (double)whole + 0.5);
}

static ml_status put_activity(ml_buffer *out, ml_arena *arena, const ml_model *model)
{
    uint32_t thread = telling_thread(model->threads);
    summary seen = {0};
    uint32_t function;
    uint64_t wall_ns;
    const char *name;

    if (thread == ML_NONE) {
        return ML_OK;
    }
    summarize(model, thread, &seen);
    if (seen.wall_ns == 0) {
        return ML_OK;
    }
    if (seen.state != ML_STATE_UNKNOWN) {
        ml_buffer_put_text(out, "; ");
        put_thread(out, model, thread);
        ml_buffer_put_format(out, "%s %s",
                             seen.state_ns[seen.state] > seen.wall_ns / 2 ? "mostly" : "most often",
                             ml_name_state(seen.state));
    }
    ML_TRY(busiest(arena, model, thread, &seen, &function, &wall_ns));
    if (function != ML_NONE) {
        name = ml_model_function(arena, model, function);
        ml_buffer_put_format(out, "%s %u %% of the time in %s",
                             seen.state == ML_STATE_UNKNOWN ? ";" : ",",
                             percent(wall_ns, seen.wall_ns), name == NULL ? "?" : name);
    }
    return ML_OK;
}

const char *ml_verdict(ml_arena *arena, const ml_documents *documents, const ml_model *model)
{
    ml_buffer out;
    const char *verdict = NULL;

    ml_buffer_init(&out, 1 << 20);
    if (documents->finding_count == 0) {
        put_checks(&out, documents);
    } else {
        put_findings(&out, documents);
    }
    if (model != NULL && put_activity(&out, arena, model) < 0) {
        out.status = ML_ERROR_MEMORY;
    }
    if (out.status == ML_OK) {
        verdict = ml_arena_copy(arena, out.data, out.length);
    }
    ml_buffer_release(&out);
    return verdict;
}
