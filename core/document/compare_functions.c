#include "core/document/compare.h"

#include "core/document/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_part = 0.01;     /* of the run */
static const double least_seconds = 0.050; /* of a run */
static const double least_change = 0.15;   /* of the larger side */
static const double false_discoveries = 0.01;

/* A function of one of the runs, on its way to its partner. */
typedef struct entry {
    const char *module, *name;
    int side;
    uint32_t row;
} entry;

/* One run while its times are summed. */
typedef struct summing {
    const ml_model *model;
    uint32_t *key; /* of each function: row of the comparison */
    double *
        of_stack[ML_MEASURES]; /* of each stack: its own time, then that of what is above it, too */
    double whole[ML_MEASURES];
    double weight; /* of a sample, in seconds */
} summing;

/* ---- which functions are the same ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* The module's name; the program's own file is one module whatever it is called. */
static const char *module_name(const ml_model *model, uint32_t module)
{
    if (module >= model->modules->count) {
        return "";
    }
    return strcmp(last_part(ml_model_text(model, model->modules->file[module])), model->name) == 0
               ? "__main__"
               : ml_model_text(model, model->modules->name[module]);
}

static int by_key(const entry *a, const entry *b)
{
    int order = strcmp(a->module, b->module);

    return order != 0 ? order : strcmp(a->name, b->name);
}

static int by_key_then_side(const void *left, const void *right)
{
    const entry *a = left;
    const entry *b = right;
    int order = by_key(a, b);

    order = order != 0 ? order : (a->side > b->side) - (a->side < b->side);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static size_t list_entries(entry *entries, size_t count, const ml_model *model, int side)
{
    for (uint32_t i = 0; i < model->functions->count; i++) {
        entries[count++] = (entry){.module = module_name(model, model->functions->module[i]),
                                   .name = ml_model_text(model, model->functions->name[i]),
                                   .side = side,
                                   .row = i};
    }
    return count;
}

static int is_project(const ml_model *model, uint32_t function)
{
    uint32_t module = model->functions->module[function];

    return module < model->modules->count &&
           (model->modules->flags[module] & ML_MODULE_PROJECT) != 0;
}

/* Functions of a name become one row; `shown` is that of the last, which is the later run's if that has it. */
static ml_status join(ml_arena *arena, ml_comparison *self, const entry *entries, size_t count,
                      summing *sides)
{
    for (size_t i = 0; i < count; i++) {
        const ml_model *model = sides[entries[i].side].model;
        ml_compare_function *row;
        if (i == 0 || by_key(&entries[i - 1], &entries[i]) != 0) {
            self->function_count++;
        }
        row = &self->functions[self->function_count - 1];
        row->module = entries[i].module;
        row->name = entries[i].name;
        row->shown = ml_model_function(arena, model, entries[i].row);
        row->in_project = is_project(model, entries[i].row);
        sides[entries[i].side].key[entries[i].row] = (uint32_t)(self->function_count - 1);
        if (row->shown == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return ML_OK;
}

static ml_status match(ml_arena *arena, ml_comparison *self, summing *sides)
{
    size_t room = 0;
    size_t count = 0;
    entry *entries;

    for (int side = 0; side < ML_SIDES; side++) {
        room += sides[side].model->functions->count;
    }
    entries = ml_arena_array(arena, room, sizeof(*entries));
    self->functions = ml_arena_array(arena, room, sizeof(*self->functions));
    if (entries == NULL || self->functions == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (int side = 0; side < ML_SIDES; side++) {
        count = list_entries(entries, count, sides[side].model, side);
    }
    if (count > 1) {
        qsort(entries, count, sizeof(*entries), by_key_then_side);
    }
    return join(arena, self, entries, count, sides);
}

/* ---- times ---- */

static ml_status begin_side(ml_arena *arena, summing *self, const ml_model *model)
{
    self->model = model;
    self->key = ml_arena_array(arena, model->functions->count, sizeof(*self->key));
    for (int measure = 0; measure < ML_MEASURES; measure++) {
        self->of_stack[measure] =
            ml_arena_array(arena, model->stacks->count, sizeof(*self->of_stack[measure]));
        if (self->of_stack[measure] == NULL) {
            return ML_ERROR_MEMORY;
        }
    }
    return self->key == NULL ? ML_ERROR_MEMORY : ML_OK;
}

static void add_samples(summing *self)
{
    const ml_samples *samples = self->model->samples;
    double wall = 0;
    double taken = 0;

    for (uint64_t i = 0; i < samples->count; i++) {
        double seconds = (double)samples->wall_ns[i] / 1e9;
        double cpu = (double)samples->cpu_ns[i] / 1e9;
        uint32_t stack = samples->stack[i];
        wall += seconds;
        taken += samples->taken[i];
        self->of_stack[ML_MEASURE_CPU][stack] += cpu;
        self->whole[ML_MEASURE_CPU] += cpu;
        if ((samples->state[i] & ML_STATE_MASK) != ML_STATE_RUNNING && seconds > cpu) {
            self->of_stack[ML_MEASURE_WAIT][stack] += seconds - cpu;
        }
    }
    self->weight = taken > 0 ? wall / taken : (double)self->model->period_ns / 1e9;
    self->whole[ML_MEASURE_WAIT] = (double)self->model->duration_ns / 1e9;
}

/* Is the function of a stack on it further down, too? */
static int is_recursive(const summing *self, uint32_t stack, uint32_t key)
{
    const ml_stacks *stacks = self->model->stacks;

    for (uint32_t at = stacks->parent[stack]; at != 0; at = stacks->parent[at]) {
        if (self->key[stacks->function[at]] == key) {
            return 1;
        }
    }
    return 0;
}

/* Parents precede their children, so from the end each stack is complete before its parent. */
static void sum_functions(summing *self, ml_compare_function *functions, int side)
{
    const ml_stacks *stacks = self->model->stacks;

    for (uint32_t stack = stacks->count; stack-- > 1;) {
        ml_compare_function *row = &functions[self->key[stacks->function[stack]]];
        row->there[side] = 1;
        for (int measure = 0; measure < ML_MEASURES; measure++) {
            row->self[measure].value[side] += self->of_stack[measure][stack];
        }
    }
    for (uint32_t stack = stacks->count; stack-- > 1;) {
        uint32_t key = self->key[stacks->function[stack]];
        int counts = !is_recursive(self, stack, key);
        for (int measure = 0; measure < ML_MEASURES; measure++) {
            double *of_stack = self->of_stack[measure];
            functions[key].total[measure].value[side] += counts ? of_stack[stack] : 0;
            of_stack[stacks->parent[stack]] += of_stack[stack];
        }
    }
}

/* ---- which differences count ---- */

/* A time without a sample may have been just missed: it gets the error of one. */
static void set_error(ml_compare_time *time, const summing *sides)
{
    double variance = 0;

    for (int side = 0; side < ML_SIDES; side++) {
        variance += fmax(time->value[side], sides[side].weight) * sides[side].weight;
    }
    time->error = sqrt(variance);
}

static void scale(ml_compare_time *time, const double *factors)
{
    /* The errors of the sides are of one size: the mean factor does for both. */
    time->error *= (factors[ML_BEFORE] + factors[ML_AFTER]) / 2;
    for (int side = 0; side < ML_SIDES; side++) {
        time->value[side] *= factors[side];
    }
}

static double change_of(const ml_compare_time *time)
{
    return fabs(time->value[ML_AFTER] - time->value[ML_BEFORE]);
}

static double chance_of(const ml_compare_time *time)
{
    return time->error > 0 ? erfc(change_of(time) / time->error / sqrt(2)) : 1;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Benjamini and Hochberg: the largest p[k], of n in rising order, that is at most k / n of the rate. */
static double largest_chance(double *chances, size_t count)
{
    qsort(chances, count, sizeof(*chances), by_value);
    for (size_t i = count; i > 0; i--) {
        if (chances[i - 1] <= false_discoveries * (double)i / (double)count) {
            return chances[i - 1];
        }
    }
    return -1;
}

static void judge(ml_compare_time *time, double chance, double least)
{
    double larger = fmax(time->value[ML_BEFORE], time->value[ML_AFTER]);

    time->differs = chance_of(time) <= chance && change_of(time) >= least &&
                    change_of(time) >= least_change * larger;
}

static ml_status judge_all(ml_arena *arena, ml_comparison *self, int measure, double least)
{
    double *own = ml_arena_array(arena, self->function_count, sizeof(*own));
    double *total = ml_arena_array(arena, self->function_count, sizeof(*total));
    double own_chance;
    double total_chance;

    if (own == NULL || total == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < self->function_count; i++) {
        own[i] = chance_of(&self->functions[i].self[measure]);
        total[i] = chance_of(&self->functions[i].total[measure]);
    }
    own_chance = largest_chance(own, self->function_count);
    total_chance = largest_chance(total, self->function_count);
    for (size_t i = 0; i < self->function_count; i++) {
        judge(&self->functions[i].self[measure], own_chance, least);
        judge(&self->functions[i].total[measure], total_chance, least);
    }
    return ML_OK;
}

/* ---- in order ---- */

/* A function with what it is listed by. Rows lie in one array, so their addresses are their order. */
typedef struct listed {
    const ml_compare_function *function;
    double change, larger; /* of its time: with its sign; the larger side */
} listed;

static int by_change(const void *left, const void *right)
{
    const listed *a = left;
    const listed *b = right;
    double first = fabs(a->change);
    double second = fabs(b->change);

    return first != second ? (first < second) - (first > second)
                           : (a->function > b->function) - (a->function < b->function);
}

static listed list_one(const ml_compare_function *function, const ml_compare_time *time)
{
    return (listed){.function = function,
                    .change = time->value[ML_AFTER] - time->value[ML_BEFORE],
                    .larger = fmax(time->value[ML_AFTER], time->value[ML_BEFORE])};
}

/* The whole program's differences say nothing of where. */
static int is_nearly_all(const ml_comparison *self, const ml_compare_function *function,
                         int measure)
{
    static const double nearly = 0.9;

    for (int side = 0; side < ML_SIDES; side++) {
        double all = 0;
        for (size_t i = 0; i < self->function_count; i++) {
            all += self->functions[i].self[measure].value[side];
        }
        if (function->total[measure].value[side] < nearly * all) {
            return 0;
        }
    }
    return 1;
}

/* Does a function further down stand for most of the difference of item `which`? */
static int is_explained(const listed *items, size_t count, size_t which)
{
    static const double most = 0.8;

    for (size_t i = 0; i < count; i++) {
        if (items[i].larger < items[which].larger &&
            items[i].change / items[which].change >= most) {
            return 1;
        }
    }
    return 0;
}

static ml_status list_changed(ml_arena *arena, ml_comparison *self, int measure, listed *items)
{
    size_t count = 0;

    for (size_t i = 0; i < self->function_count; i++) {
        const ml_compare_function *function = &self->functions[i];
        if (function->self[measure].differs) {
            items[count++] = list_one(function, &function->self[measure]);
        }
    }
    if (count > 1) {
        qsort(items, count, sizeof(*items), by_change);
    }
    self->changed[measure] = ml_arena_array(arena, count, sizeof(*self->changed[measure]));
    for (size_t i = 0; self->changed[measure] != NULL && i < count; i++) {
        self->changed[measure][i] = items[i].function;
    }
    self->changed_count[measure] = count;
    return self->changed[measure] == NULL ? ML_ERROR_MEMORY : ML_OK;
}

static ml_status list_callers(ml_arena *arena, ml_comparison *self, int measure, listed *items)
{
    size_t count = 0;

    for (size_t i = 0; i < self->function_count; i++) {
        const ml_compare_function *function = &self->functions[i];
        if (function->in_project && function->total[measure].differs) {
            items[count++] = list_one(function, &function->total[measure]);
        }
    }
    if (count > 1) {
        qsort(items, count, sizeof(*items), by_change);
    }
    self->callers[measure] = ml_arena_array(arena, count, sizeof(*self->callers[measure]));
    for (size_t i = 0; self->callers[measure] != NULL && i < count; i++) {
        if (!items[i].function->self[measure].differs && !is_explained(items, count, i) &&
            !is_nearly_all(self, items[i].function, measure)) {
            self->callers[measure][self->caller_count[measure]++] = items[i].function;
        }
    }
    return self->callers[measure] == NULL ? ML_ERROR_MEMORY : ML_OK;
}

static ml_status list_measure(ml_arena *arena, ml_comparison *self, int measure)
{
    listed *items = ml_arena_array(arena, self->function_count, sizeof(*items));

    if (items == NULL) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(list_changed(arena, self, measure, items));
    return list_callers(arena, self, measure, items);
}

static ml_status judge_measure(ml_arena *arena, ml_comparison *self, const summing *sides,
                               int measure)
{
    double factors[ML_SIDES] = {1, 1};
    double least = 0;

    for (int side = 0; side < ML_SIDES; side++) {
        double length = (double)sides[side].model->duration_ns / 1e9;
        double floor = fmax(least_part * sides[side].whole[measure], least_seconds);
        factors[side] = self->per_second && length > 0 ? 1 / length : 1;
        least = fmax(least, floor * factors[side]);
    }
    for (size_t i = 0; i < self->function_count; i++) {
        set_error(&self->functions[i].self[measure], sides);
        set_error(&self->functions[i].total[measure], sides);
        scale(&self->functions[i].self[measure], factors);
        scale(&self->functions[i].total[measure], factors);
    }
    ML_TRY(judge_all(arena, self, measure, least));
    return list_measure(arena, self, measure);
}

ml_status ml_compare_functions(ml_arena *arena, ml_comparison *comparison)
{
    summing sides[ML_SIDES] = {0};

    for (int side = 0; side < ML_SIDES; side++) {
        ML_TRY(begin_side(arena, &sides[side], comparison->side[side].model));
    }
    ML_TRY(match(arena, comparison, sides));
    for (int side = 0; side < ML_SIDES; side++) {
        add_samples(&sides[side]);
        sum_functions(&sides[side], comparison->functions, side);
    }
    for (int measure = 0; measure < ML_MEASURES; measure++) {
        ML_TRY(judge_measure(arena, comparison, sides, measure));
    }
    return ML_OK;
}
