#include "core/document/compare.h"

#include "core/document/facts.h"

#include <math.h>
#include <string.h>

static const double number_part = 0.05; /* below this part numbers that are measured are alike */
static const double cost_part = 0.15;   /* below this part the costs of a finding are */

/* ---- key numbers ---- */

enum {
    NUMBER_LENGTH,
    NUMBER_CPU,
    NUMBER_MEMORY,
    NUMBER_DESCRIPTORS,
    NUMBER_THREADS,
    NUMBER_PROCESSES,
    NUMBER_ERRORS,
    NUMBER_EXIT,
    NUMBERS
};

static const struct {
    const char *name;
    uint32_t type;
} number_kinds[NUMBERS] = {
    [NUMBER_LENGTH] = {"length", ML_TYPE_DURATION},
    [NUMBER_CPU] = {"CPU", ML_TYPE_DURATION},
    [NUMBER_MEMORY] = {"peak memory", ML_TYPE_BYTES},
    [NUMBER_DESCRIPTORS] = {"most descriptors open", ML_TYPE_INT},
    [NUMBER_THREADS] = {"threads", ML_TYPE_INT},
    [NUMBER_PROCESSES] = {"processes", ML_TYPE_INT},
    [NUMBER_ERRORS] = {"errors in the log", ML_TYPE_INT},
    [NUMBER_EXIT] = {"exit code", ML_TYPE_INT},
};

static void set(ml_compare_number *number, int side, double value)
{
    number->known[side] = 1;
    number->value[side] = value;
}

static void set_peak(ml_compare_number *number, int side, const ml_model *model, const char *name)
{
    int64_t peak;

    if (ml_facts_peak(model, name, &peak)) {
        set(number, side, (double)peak);
    }
}

static void read_numbers(ml_compare_number *numbers, int side, const ml_model *model)
{
    int64_t exit_code = ml_facts_exit_code(model);

    set(&numbers[NUMBER_LENGTH], side, (double)model->duration_ns);
    set(&numbers[NUMBER_CPU], side, (double)ml_facts_cpu_ns(model));
    set_peak(&numbers[NUMBER_MEMORY], side, model, "rss");
    set_peak(&numbers[NUMBER_DESCRIPTORS], side, model, "descriptors");
    set(&numbers[NUMBER_THREADS], side, (double)model->threads->count);
    set(&numbers[NUMBER_PROCESSES], side, (double)model->processes->count);
    set(&numbers[NUMBER_ERRORS], side, (double)ml_facts_errors(model));
    if (exit_code != INT64_MIN) {
        set(&numbers[NUMBER_EXIT], side, (double)exit_code);
    }
}

static int numbers_differ(const ml_compare_number *number)
{
    double before = number->value[ML_BEFORE];
    double after = number->value[ML_AFTER];

    if (!number->known[ML_BEFORE] || !number->known[ML_AFTER]) {
        return 0;
    }
    return number->type == ML_TYPE_INT
               ? fabs(after - before) > 0.5
               : fabs(after - before) >= number_part * fmax(after, before) && after != before;
}

static ml_status compare_numbers(ml_arena *arena, ml_comparison *self)
{
    self->numbers = ml_arena_array(arena, NUMBERS, sizeof(*self->numbers));
    if (self->numbers == NULL) {
        return ML_ERROR_MEMORY;
    }
    self->number_count = NUMBERS;
    for (int i = 0; i < NUMBERS; i++) {
        self->numbers[i].name = number_kinds[i].name;
        self->numbers[i].type = number_kinds[i].type;
    }
    for (int side = 0; side < ML_SIDES; side++) {
        read_numbers(self->numbers, side, self->side[side].model);
    }
    for (int i = 0; i < NUMBERS; i++) {
        self->numbers[i].differs = numbers_differ(&self->numbers[i]);
    }
    return ML_OK;
}

/* ---- findings ---- */

static int is_same(const ml_ranked *a, const ml_ranked *b)
{
    return strcmp(a->block->finding->rule, b->block->finding->rule) == 0 &&
           strcmp(a->block->finding->fingerprint, b->block->finding->fingerprint) == 0;
}

/* The first finding like `wanted` that has no partner yet, or NULL. */
static const ml_ranked *find_partner(const ml_documents *documents, char *is_taken,
                                     const ml_ranked *wanted)
{
    for (size_t i = 0; i < documents->finding_count; i++) {
        if (!is_taken[i] && is_same(&documents->findings[i], wanted)) {
            is_taken[i] = 1;
            return &documents->findings[i];
        }
    }
    return NULL;
}

/* What a finding costs, in whatever it is measured by. */
static double cost_of(const ml_finding *finding)
{
    return finding->impact_ns != 0      ? (double)finding->impact_ns
           : finding->impact_bytes != 0 ? (double)finding->impact_bytes
                                        : (double)finding->impact_count;
}

/* Near a threshold the level alone is chance. */
static int judge_finding(const ml_ranked *before, const ml_ranked *after)
{
    const ml_finding *was;
    const ml_finding *is;
    double larger;

    if (before == NULL || after == NULL) {
        return before == NULL ? ML_FINDING_NEW : ML_FINDING_GONE;
    }
    was = before->block->finding;
    is = after->block->finding;
    larger = fmax(cost_of(was), cost_of(is));
    if (is->level == was->level ||
        (larger > 0 && fabs(cost_of(is) - cost_of(was)) < cost_part * larger)) {
        return ML_FINDING_SAME;
    }
    return is->level > was->level ? ML_FINDING_WORSE : ML_FINDING_BETTER;
}

static ml_status compare_findings(ml_arena *arena, ml_comparison *self)
{
    const ml_documents *before = self->side[ML_BEFORE].documents;
    const ml_documents *after = self->side[ML_AFTER].documents;
    char *is_taken = ml_arena_alloc(arena, before->finding_count);

    self->findings = ml_arena_array(arena, before->finding_count + after->finding_count,
                                    sizeof(*self->findings));
    if (is_taken == NULL || self->findings == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < after->finding_count; i++) {
        ml_compare_finding *row = &self->findings[self->finding_count++];
        row->side[ML_AFTER] = &after->findings[i];
        row->side[ML_BEFORE] = find_partner(before, is_taken, &after->findings[i]);
    }
    for (size_t i = 0; i < before->finding_count; i++) {
        if (!is_taken[i]) {
            self->findings[self->finding_count++].side[ML_BEFORE] = &before->findings[i];
        }
    }
    for (size_t i = 0; i < self->finding_count; i++) {
        ml_compare_finding *row = &self->findings[i];
        row->change = judge_finding(row->side[ML_BEFORE], row->side[ML_AFTER]);
    }
    return ML_OK;
}

const char *ml_compare_change_name(const ml_compare_finding *finding)
{
    static const char *const names[] = {[ML_FINDING_SAME] = "same",
                                        [ML_FINDING_NEW] = "new",
                                        [ML_FINDING_WORSE] = "worse",
                                        [ML_FINDING_BETTER] = "better",
                                        [ML_FINDING_GONE] = "gone"};

    return names[finding->change];
}

uint32_t ml_compare_worst_new(const ml_comparison *comparison)
{
    uint32_t worst = 0;

    for (size_t i = 0; i < comparison->finding_count; i++) {
        const ml_compare_finding *row = &comparison->findings[i];
        if (row->change == ML_FINDING_NEW || row->change == ML_FINDING_WORSE) {
            uint32_t level = row->side[ML_AFTER]->block->finding->level;
            worst = level > worst ? level : worst;
        }
    }
    return worst;
}

ml_status ml_compare(ml_arena *arena, const ml_compare_side *before, const ml_compare_side *after,
                     int per_second, ml_comparison *out)
{
    *out = (ml_comparison){.per_second = per_second, .side = {*before, *after}};
    ML_TRY(compare_numbers(arena, out));
    ML_TRY(compare_findings(arena, out));
    return ml_compare_functions(arena, out);
}
