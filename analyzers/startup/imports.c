#include "imports.h"

#include "common/events.h"

#include <stdlib.h>

static const char LOADER[] = "<frozen importlib._bootstrap"; /* also of ..._external */

static int is_loader(const ml_model *model, uint32_t function)
{
    return strncmp(ml_function_file(model, function), LOADER, sizeof LOADER - 1) == 0;
}

int imports_is_body(const ml_model *model, uint32_t function)
{
    return strcmp(ml_function_name(model, function), "<module>") == 0;
}

uint32_t imports_asking_frame(const ml_model *model, uint32_t stack)
{
    ML_EACH_FRAME(model, stack, frame) {
        if (!is_loader(model, model->stacks->function[frame]))
            return frame;
    }
    return 0;
}

static uint32_t find_module(const ml_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->modules->count; i++)
        if (strcmp(ml_module_name(model, i), name) == 0)
            return i;
    return ML_NONE;
}

/* ---------------------------------------------------------------- events */

/* Fields of events "py.import". */
enum { MODULE, DURATION, FIELDS };

typedef struct import_kind {
    uint32_t kind; /* ML_NONE: there are none */
    uint32_t fields[FIELDS];
} import_kind;

static import_kind find_kind(const ml_model *model)
{
    static const char *const names[FIELDS] = {"module", "duration"};
    import_kind found = {0};
    found.kind = events_kind(model, "py.import", names, FIELDS, found.fields);
    return found;
}

/* An event is written when its import has ended. `unclaimed` are the imports of its thread that ended before and lie
 * in no other yet: those that ended after this one began are its own. */
typedef struct event_walk {
    size_t *unclaimed;
    size_t count;
} event_walk;

static void claim_inner(imports *into, event_walk *walk, import *outer)
{
    uint64_t inner = 0;
    while (walk->count) {
        const import *last = &into->all[walk->unclaimed[walk->count - 1]];
        if (last->end_ns <= outer->start_ns)
            break;
        inner += last->total_ns;
        walk->count--;
    }
    outer->self_ns = outer->total_ns > inner ? outer->total_ns - inner : 0;
}

static void add_event(imports *into, event_walk *walk, import_kind kind, uint64_t row)
{
    const ml_events_table *events = into->model->events;
    const int64_t *values = events_fields(into->model, row);
    int64_t us = values[kind.fields[DURATION]];
    import *one = &into->all[into->count];
    one->name = ml_text_of(into->model, (uint32_t)values[kind.fields[MODULE]]);
    one->module = find_module(into->model, one->name);
    one->stack = events->stack[row];
    one->end_ns = events->time_ns[row];
    one->total_ns = us > 0 && us < INT64_MAX / 1000 ? (uint64_t)us * 1000 : 0;
    one->total_ns = one->total_ns < one->end_ns ? one->total_ns : one->end_ns;
    one->start_ns = one->end_ns - one->total_ns;
    one->thread = events->thread[row];
    one->exact = 1;
    claim_inner(into, walk, one);
    walk->unclaimed[walk->count++] = into->count++;
}

static uint64_t count_events(const ml_events_table *events, uint32_t kind)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < events->count; i++)
        count += events->kind[i] == kind;
    return count;
}

/* An import's row among the events. */
typedef struct event_row {
    uint32_t thread;
    uint64_t row;
} event_row;

static int by_thread_and_row(const void *one, const void *other)
{
    const event_row *a = (const event_row *)one, *b = (const event_row *)other;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* The imports of each thread in order of time; `count` is that of `rows`. */
static size_t list_events(const ml_model *model, uint32_t kind, event_row *rows)
{
    const ml_events_table *events = model->events;
    size_t count = 0;
    for (uint64_t i = 0; i < events->count; i++)
        if (events->kind[i] == kind && events->thread[i] < model->threads->count)
            rows[count++] = (event_row){events->thread[i], i};
    qsort(rows, count, sizeof *rows, by_thread_and_row);
    return count;
}

static void add_events(imports *into, event_walk *walk, import_kind kind, event_row *rows)
{
    size_t count = list_events(into->model, kind.kind, rows);
    for (size_t i = 0; i < count;) {
        uint32_t thread = rows[i].thread;
        walk->count = 0;
        for (; i < count && rows[i].thread == thread; i++)
            add_event(into, walk, kind, rows[i].row);
        for (size_t k = 0; k < walk->count; k++)
            into->top_ns += into->all[walk->unclaimed[k]].total_ns;
    }
}

/* ---------------------------------------------------------------- samples */

typedef struct sample_walk {
    uint8_t *in_loader; /* by stack: a frame of importlib is on it */
    uint32_t *body;  /* by stack: its innermost frame that is an imported module's body; 0: none */
    import *modules; /* by row of modules */
} sample_walk;

static void look_at_stacks(const ml_model *model, sample_walk *walk)
{
    const ml_stacks *stacks = model->stacks;
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t parent = stacks->parent[i], function = stacks->function[i];
        int is_import = walk->in_loader[parent] && imports_is_body(model, function);
        walk->in_loader[i] = walk->in_loader[parent] || is_loader(model, function);
        walk->body[i] = is_import ? i : walk->body[parent];
    }
}

/* Adds a run to every module whose body is on its stack, once each. */
static void add_run(const imports *into, sample_walk *walk, uint64_t row)
{
    const ml_samples *samples = into->model->samples;
    const ml_stacks *stacks = into->model->stacks;
    uint64_t start = samples->start_ns[row], end = start + samples->wall_ns[row];
    int innermost = 1;
    for (uint32_t body = walk->body[samples->stack[row]]; body; innermost = 0) {
        import *one = &walk->modules[ml_function_module(into->model, stacks->function[body])];
        if (!one->stack)
            one->start_ns = start;
        one->stack = one->stack ? one->stack : stacks->parent[body];
        one->thread = samples->thread[row];
        one->self_ns += innermost ? samples->wall_ns[row] : 0;
        one->samples += innermost ? samples->taken[row] : 0;
        /* A run that was counted already, for an inner body of the same module, ended at `end`. */
        one->total_ns += one->end_ns == end && !innermost ? 0 : samples->wall_ns[row];
        one->end_ns = end;
        body = walk->body[stacks->parent[body]];
    }
}

static int has_event(const imports *from, size_t events, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < events; i++) {
        size_t other = strlen(from->all[i].name);
        if (other >= length && strcmp(from->all[i].name + other - length, name) == 0 &&
            (other == length || from->all[i].name[other - length - 1] == '.'))
            return 1;
    }
    return 0;
}

static ml_status add_samples(imports *into, size_t events)
{
    const ml_model *model = into->model;
    sample_walk walk;
    walk.in_loader = (uint8_t *)ml_alloc(into->host, model->stacks->count, 1);
    walk.body = (uint32_t *)ml_alloc(into->host, model->stacks->count, sizeof *walk.body);
    walk.modules = (import *)ml_alloc(into->host, model->modules->count, sizeof *walk.modules);
    if (!walk.in_loader || !walk.body || !walk.modules)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for %u modules",
                       (unsigned)model->modules->count);
    look_at_stacks(model, &walk);
    for (uint64_t i = 0; i < model->samples->count; i++)
        add_run(into, &walk, i);
    for (size_t i = 0; i < events; i++)
        if (into->all[i].module != ML_NONE)
            into->all[i].samples = walk.modules[into->all[i].module].samples;
    for (uint32_t i = 0; i < model->modules->count; i++) {
        import *one = &walk.modules[i];
        one->name = ml_module_name(model, i);
        one->module = i;
        if (one->total_ns && !has_event(into, events, one->name))
            into->all[into->count++] = *one;
    }
    return ML_OK;
}

/* ---------------------------------------------------------------- units */

static int compare_imports(const void *left, const void *right)
{
    const import *a = (const import *)left, *b = (const import *)right;
    int order = a->name == b->name ? 0 : strcmp(a->name, b->name); /* a name is one string */
    if (order)
        return order;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->total_ns > b->total_ns) - (a->total_ns < b->total_ns);
}

/* How much of the name says which unit it belongs to. */
static size_t unit_length(const ml_model *model, const import *one)
{
    uint32_t flags = ml_module_flags(model, one->module);
    return flags & ML_MODULE_PROJECT ? strlen(one->name) : strcspn(one->name, ".");
}

static void add_to_unit(import_unit *unit, const import *one)
{
    unit->self_ns += one->self_ns;
    unit->samples += one->samples;
    unit->modules++;
    unit->exact |= one->exact;
    if (!unit->first || one->total_ns > unit->first->total_ns)
        unit->first = one;
    if (!unit->slowest || one->self_ns > unit->slowest->self_ns)
        unit->slowest = one;
}

/* Finds the unit that a module belongs to: they are in order of name. */
static import_unit *unit_of(const imports *from, uint32_t module)
{
    const char *name = ml_module_name(from->model, module);
    size_t length = ml_module_flags(from->model, module) & ML_MODULE_PROJECT ? strlen(name)
                                                                             : strcspn(name, ".");
    for (size_t i = 0; i < from->unit_count; i++)
        if ((size_t)from->units[i].name_length == length &&
            memcmp(from->units[i].name, name, length) == 0)
            return &from->units[i];
    return NULL;
}

/* A module counts as used if a function of it stands on a stack on which nothing is imported. */
static ml_status find_used(imports *into)
{
    const ml_model *model = into->model;
    uint8_t *in_import = (uint8_t *)ml_alloc(into->host, model->stacks->count, 1);
    uint8_t *is_used = (uint8_t *)ml_alloc(into->host, model->modules->count, 1);
    if (!in_import || !is_used)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for the use of modules");
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t function = model->stacks->function[i],
                 module = ml_function_module(model, function);
        in_import[i] = in_import[model->stacks->parent[i]] || is_loader(model, function);
        if (!in_import[i] && module < model->modules->count)
            is_used[module] = 1;
    }
    for (uint32_t i = 0; i < model->modules->count; i++) {
        import_unit *unit = is_used[i] ? unit_of(into, i) : NULL;
        if (unit)
            unit->is_used = 1;
    }
    return ML_OK;
}

/* Imports are in order of name, so those of a unit stand together. */
static ml_status make_units(imports *into)
{
    into->units = (import_unit *)ml_alloc(into->host, into->count, sizeof *into->units);
    if (!into->units)
        return ml_fail(into->host, ML_ERROR_MEMORY, "no memory for %zu imports", into->count);
    for (size_t i = 0; i < into->count; i++) {
        const import *one = &into->all[i];
        size_t length = unit_length(into->model, one);
        import_unit *unit = into->unit_count ? &into->units[into->unit_count - 1] : NULL;
        if (!unit || (size_t)unit->name_length != length ||
            strncmp(unit->name, one->name, length) != 0) {
            unit = &into->units[into->unit_count++];
            unit->name = one->name;
            unit->name_length = (int)length;
        }
        add_to_unit(unit, one);
    }
    return ML_OK;
}

double imports_starved_share(const ml_model *model, const import *one)
{
    const ml_samples *samples = model->samples;
    uint64_t all_ns = 0, starved_ns = 0;
    if (one->thread >= model->threads->count || model->threads->cpu_ns[one->thread] == 0)
        return 0;
    ML_EACH_SAMPLE(model, one->thread, i) {
        uint64_t wall = samples->wall_ns[i], cpu = samples->cpu_ns[i];
        if (samples->start_ns[i] < one->start_ns || samples->start_ns[i] >= one->end_ns)
            continue;
        all_ns += wall;
        if ((samples->state[i] & ML_STATE_MASK) == ML_STATE_RUNNING && cpu < wall)
            starved_ns += wall - cpu;
    }
    return all_ns ? (double)starved_ns / (double)all_ns : 0;
}

ml_status imports_find(const ml_host *host, imports *out)
{
    const ml_model *model = ml_get_model(host);
    import_kind kind = find_kind(model);
    uint64_t events = kind.kind != ML_NONE ? count_events(model->events, kind.kind) : 0;
    event_row *rows = (event_row *)ml_alloc(host, events, sizeof *rows);
    event_walk walk;
    ml_status status;
    memset(out, 0, sizeof *out);
    out->host = host;
    out->model = model;
    out->all = (import *)ml_alloc(host, events + model->modules->count, sizeof(import));
    walk.unclaimed = (size_t *)ml_alloc(host, events, sizeof(size_t));
    if (!out->all || !walk.unclaimed || !rows)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %llu imports",
                       (unsigned long long)events);
    if (events)
        add_events(out, &walk, kind, rows);
    status = add_samples(out, out->count);
    qsort(out->all, out->count, sizeof(import), compare_imports);
    if (status == ML_OK)
        status = make_units(out);
    return status == ML_OK ? find_used(out) : status;
}
