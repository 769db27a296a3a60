/* What the page's script needs of the model, column by column; data.js reads it in the same order. */
#include "columns.h"
#include "page.h"

enum {
    MESSAGES_MOST = 100000,
    RESOURCES_MOST = 50000,
    LASTING_MOST = 50000,
    TEXT_MOST = 500,
    NAME_MOST = 4000
};

static const size_t TEXTS_MOST = 6u << 20;

/* Of what was found so far, 0 at first, and one number more: that mostly is a multiple of it. */
static uint64_t common_divisor(uint64_t found, uint64_t more)
{
    while (found > 1 && more % found) {
        uint64_t rest = more % found;
        more = found;
        found = rest;
    }
    return found ? found : more;
}

/* ---------------------------------------------------------------- core: functions, stacks, samples */

/* The largest steps in which all times, and all CPU times, of samples are whole; and those between the beginnings of
 * threads, and of their CPU times in all. */
typedef struct steps {
    uint64_t time, cpu, begin, whole;
} steps;

/* The first and the next row that is not of the thread; empty when the model says something strange. */
static uint64_t first_of(const ml_model *model, uint32_t thread, uint64_t *end)
{
    uint64_t first = model->threads->sample_first[thread];
    uint64_t count = model->threads->sample_count[thread];
    *end = first;
    if (first <= model->samples->count && count <= model->samples->count - first)
        *end = first + count;
    return first;
}

static uint64_t begin_of(const ml_model *model, uint32_t thread)
{
    uint64_t end, first = first_of(model, thread, &end);
    return end > first ? model->samples->start_ns[first] : 0;
}

static void add_thread(steps *found, const ml_model *model, uint32_t thread)
{
    const ml_samples *samples = model->samples;
    uint64_t end, first = first_of(model, thread, &end);
    for (uint64_t i = first; i < end; i++) {
        found->time = common_divisor(found->time, samples->start_ns[i] - samples->start_ns[first]);
        found->time = common_divisor(found->time, samples->wall_ns[i]);
        found->cpu = common_divisor(found->cpu, samples->cpu_ns[i]);
    }
    found->begin = common_divisor(found->begin, begin_of(model, thread));
    found->whole = common_divisor(found->whole, model->threads->cpu_ns[thread]);
}

static steps find_steps(const ml_model *model)
{
    steps found = {0, 0, 0, 0};
    for (uint32_t thread = 0; thread < model->threads->count; thread++)
        add_thread(&found, model, thread);
    found.time += found.time == 0;
    found.cpu += found.cpu == 0;
    found.begin += found.begin == 0;
    found.whole += found.whole == 0;
    return found;
}

static void put_functions(columns *to, const ml_model *model)
{
    const ml_modules *modules = model->modules;
    const ml_functions *functions = model->functions;
    columns_number(to, modules->count);
    for (uint32_t i = 0; i < modules->count; i++)
        columns_string(to, modules->name[i], NAME_MOST);
    for (uint32_t i = 0; i < modules->count; i++)
        columns_string(to, modules->file[i], NAME_MOST);
    for (uint32_t i = 0; i < modules->count; i++)
        columns_number(to, modules->flags[i]);
    columns_number(to, functions->count);
    for (uint32_t i = 0; i < functions->count; i++)
        columns_string(to, functions->name[i], NAME_MOST);
    for (uint32_t i = 0; i < functions->count; i++)
        columns_number(to, functions->module[i] < modules->count ? functions->module[i] + 1u : 0);
    for (uint32_t i = 0; i < functions->count; i++)
        columns_number(to, functions->line[i]);
}

/* Row 0, "no stack", is not written. */
static void put_stacks(columns *to, const ml_model *model)
{
    const ml_stacks *stacks = model->stacks;
    columns_number(to, stacks->count ? stacks->count - 1 : 0);
    for (uint32_t i = 1; i < stacks->count; i++)
        columns_number(to, stacks->parent[i] ? i - stacks->parent[i] : 0);
    for (uint32_t i = 1; i < stacks->count; i++)
        columns_number(to, stacks->function[i] < model->functions->count ? stacks->function[i] + 1u
                                                                         : 0);
    for (uint32_t i = 1; i < stacks->count; i++) {
        uint32_t function = stacks->function[i];
        int64_t from = function < model->functions->count ? model->functions->line[function] : 0;
        columns_signed(to, (int64_t)stacks->line[i] - from);
    }
}

typedef enum thread_column { PID, MAIN, WHOLE, BEGIN, RUNS, THREAD_COLUMNS } thread_column;

static uint64_t thread_number(const ml_model *model, uint32_t thread, thread_column column,
                              steps step)
{
    const ml_threads *threads = model->threads;
    uint32_t process = threads->process[thread];
    uint64_t end, first = first_of(model, thread, &end);
    switch (column) {
    case PID: return process < model->processes->count ? model->processes->pid[process] : 0;
    case MAIN: return threads->is_main[thread];
    case WHOLE: return threads->cpu_ns[thread] / step.whole;
    case BEGIN: return begin_of(model, thread) / step.begin;
    default: return end - first;
    }
}

/* Of some columns, what changes from thread to thread: a server with a thread for each request has many like each other. */
static void put_threads(columns *to, const ml_model *model, steps step)
{
    const ml_threads *threads = model->threads;
    columns_number(to, threads->count);
    columns_number(to, step.begin);
    columns_number(to, step.whole);
    for (uint32_t i = 0; i < threads->count; i++)
        columns_string(to, threads->name[i], NAME_MOST);
    for (int column = 0; column < THREAD_COLUMNS; column++) {
        int is_change = column == PID || column == BEGIN;
        uint64_t before = 0;
        for (uint32_t i = 0; i < threads->count; i++) {
            uint64_t value = thread_number(model, i, (thread_column)column, step);
            columns_signed(to, (int64_t)(value - before));
            before = is_change ? value : 0;
        }
    }
}

typedef enum run_column { GAP, SLOTS, STACK, STATE, TAKEN, CPU, RUN_COLUMNS } run_column;

/* A column of the runs of one thread; numbers that follow from the ones before are near zero. */
static void put_runs(columns *to, const ml_model *model, uint32_t thread, run_column column,
                     steps step)
{
    const ml_samples *samples = model->samples;
    uint64_t end, first = first_of(model, thread, &end);
    uint64_t expected = end > first ? samples->start_ns[first] : 0;
    uint32_t before = 0;
    for (uint64_t i = first; i < end; i++) {
        uint64_t slots = samples->wall_ns[i] / step.time;
        switch (column) {
        case GAP:
            columns_signed(
                to, ((int64_t)samples->start_ns[i] - (int64_t)expected) / (int64_t)step.time);
            break;
        case SLOTS: columns_number(to, slots); break;
        case STACK: columns_signed(to, (int64_t)samples->stack[i] - (int64_t)before); break;
        case STATE: columns_number(to, samples->state[i]); break;
        case TAKEN: columns_signed(to, (int64_t)samples->taken[i] - (int64_t)slots); break;
        default: columns_number(to, samples->cpu_ns[i] / step.cpu);
        }
        expected = samples->start_ns[i] + samples->wall_ns[i];
        before = samples->stack[i];
    }
}

static ml_status put_core(page *to)
{
    const ml_model *model = to->model;
    columns *out = columns_begin(to->host, to->out, model, "core");
    steps step = find_steps(model);
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's data");
    columns_number(out, model->duration_ns);
    columns_number(out, model->period_ns);
    columns_number(out, step.time);
    columns_number(out, step.cpu);
    columns_number(out, model->calls->count);
    put_functions(out, model);
    put_stacks(out, model);
    put_threads(out, model, step);
    for (int column = 0; column < RUN_COLUMNS; column++)
        for (uint32_t thread = 0; thread < model->threads->count; thread++)
            put_runs(out, model, thread, (run_column)column, step);
    return columns_end(out);
}

/* ---------------------------------------------------------------- counters */

static int has_times_of(const ml_counters *counters, uint32_t counter, uint32_t other)
{
    const uint64_t *times = counters->time_ns + counters->first[counter];
    const uint64_t *others = counters->time_ns + counters->first[other];
    return counters->points[counter] == counters->points[other] &&
           memcmp(times, others, counters->points[other] * sizeof *times) == 0;
}

static void put_points(columns *to, const ml_counters *counters, uint32_t counter)
{
    uint64_t first = counters->first[counter], end = first + counters->points[counter];
    int known = counter > 0 && has_times_of(counters, counter, counter - 1);
    uint64_t time = 0, value = 0;
    columns_number(to, (uint64_t)known);
    for (uint64_t i = first; i < end && !known; i++) {
        columns_signed(to, (int64_t)(counters->time_ns[i] / 1000) - (int64_t)time);
        time = counters->time_ns[i] / 1000;
    }
    for (uint64_t i = first; i < end; i++) {
        columns_signed(to, (int64_t)((uint64_t)counters->value[i] - value));
        value = (uint64_t)counters->value[i];
    }
}

static ml_status put_counters(page *to)
{
    const ml_counters *counters = to->model->counters;
    columns *out = columns_begin(to->host, to->out, to->model, "counters");
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's counters");
    columns_number(out, counters->count);
    for (uint32_t i = 0; i < counters->count; i++) {
        columns_string(out, counters->name[i], NAME_MOST);
        columns_string(out, counters->unit[i], NAME_MOST);
        columns_number(out, counters->kind[i]);
        columns_number(out, counters->process[i] < to->model->processes->count
                                ? to->model->processes->pid[counters->process[i]]
                                : 0);
        columns_number(out, counters->points[i]);
        put_points(out, counters, i);
    }
    return columns_end(out);
}

/* ---------------------------------------------------------------- log */

static void put_message(columns *to, const ml_model *model, uint64_t row, uint64_t before)
{
    const ml_messages *messages = model->messages;
    uint32_t thread = messages->thread[row], stack = messages->stack[row];
    columns_signed(to, (int64_t)(messages->time_ns[row] / 1000) - (int64_t)before);
    columns_number(to, messages->kind[row]);
    columns_number(to, messages->level[row]);
    columns_number(to, thread < model->threads->count ? thread + 1u : 0);
    columns_number(to, stack < model->stacks->count ? stack : 0);
    columns_string(to, messages->source[row], NAME_MOST);
    columns_string(to, messages->text[row], TEXT_MOST);
    columns_string(to, messages->file[row], NAME_MOST);
    columns_number(to, messages->line[row]);
}

/* A bit before each message says that one follows; then how many there were in all. */
static ml_status put_log(page *to)
{
    const ml_messages *messages = to->model->messages;
    columns *out = columns_begin(to->host, to->out, to->model, "log");
    uint64_t before = 0;
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's log");
    for (uint64_t i = 0;
         i < messages->count && i < MESSAGES_MOST && columns_text_size(out) < TEXTS_MOST; i++) {
        columns_number(out, 1);
        put_message(out, to->model, i, before);
        before = messages->time_ns[i] / 1000;
    }
    columns_number(out, 0);
    columns_number(out, messages->count);
    return columns_end(out);
}

/* ---------------------------------------------------------------- descriptors */

static ml_status put_resources(page *to)
{
    const ml_resources *resources = to->model->resources;
    columns *out = columns_begin(to->host, to->out, to->model, "resources");
    uint64_t count = resources->count < RESOURCES_MOST ? resources->count : RESOURCES_MOST;
    uint64_t before = 0;
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's descriptors");
    columns_number(out, count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t open = resources->open_ns[i] / 1000, close = resources->close_ns[i] / 1000;
        uint32_t thread = resources->thread[i];
        columns_signed(out, (int64_t)open - (int64_t)before);
        columns_number(out, resources->close_ns[i] == UINT64_MAX ? 0
                            : close > open                       ? close - open + 1
                                                                 : 1);
        columns_number(out, thread < to->model->threads->count ? thread + 1u : 0);
        columns_number(out,
                       resources->stack[i] < to->model->stacks->count ? resources->stack[i] : 0);
        columns_number(out, resources->inherited[i] != 0);
        columns_string(out, resources->label[i], TEXT_MOST);
        before = open;
    }
    return columns_end(out);
}

/* ---------------------------------------------------------------- events that took a time */

/* Of a kind of event, which field is how long it took, and which one says what it was. ML_NONE: none. */
typedef struct lasting {
    uint32_t kind, duration, text, number;
} lasting;

static lasting find_lasting(const ml_model *model, uint32_t kind)
{
    const ml_events_table *events = model->events;
    lasting found = {kind, ML_NONE, ML_NONE, ML_NONE};
    for (uint32_t i = events->kind_field_count[kind]; i-- > 0;) {
        uint32_t field = events->kind_field_first[kind] + i;
        const char *name = ml_text_of(model, events->field_name[field]);
        if (events->field_is_text[field])
            found.text = i;
        else if (strcmp(name, "duration") == 0 || strcmp(name, "pause") == 0)
            found.duration = i;
        else
            found.number = i;
    }
    return found;
}

/* A bit before each event says that one follows. */
static void put_lasting(columns *to, const ml_model *model, lasting of)
{
    const ml_events_table *events = model->events;
    uint64_t before = 0, count = 0;
    columns_number(to, 1);
    columns_string(to, events->kind_name[of.kind], NAME_MOST);
    for (uint64_t i = 0; i < events->count && count < LASTING_MOST; i++) {
        const int64_t *fields = events->field + events->field_first[i];
        if (events->kind[i] != of.kind)
            continue;
        columns_number(to, 1);
        columns_signed(to, (int64_t)(events->time_ns[i] / 1000) - (int64_t)before);
        columns_signed(to, fields[of.duration]);
        columns_string(to, of.text == ML_NONE ? ML_NONE : (uint32_t)fields[of.text], NAME_MOST);
        columns_signed(to, of.number == ML_NONE ? -1 : fields[of.number]);
        before = events->time_ns[i] / 1000;
        count++;
    }
    columns_number(to, 0);
}

static ml_status put_events(page *to)
{
    const ml_events_table *events = to->model->events;
    columns *out = columns_begin(to->host, to->out, to->model, "events");
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's events");
    for (uint32_t kind = 0; kind < events->kind_count; kind++) {
        lasting of = find_lasting(to->model, kind);
        if (of.duration != ML_NONE)
            put_lasting(out, to->model, of);
    }
    columns_number(out, 0);
    return columns_end(out);
}

/* ---------------------------------------------------------------- lines of source */

static ml_status put_source(page *to)
{
    static const ml_sources none;
    const ml_model *model = to->model;
    const ml_sources *lines =
        model->struct_size >= offsetof(ml_model, gaps) && model->sources ? model->sources : &none;
    columns *out = columns_begin(to->host, to->out, model, "source");
    uint32_t module = 0, line = 0;
    if (!out)
        return ml_fail(to->host, ML_ERROR_MEMORY, "no memory for the page's lines of source");
    columns_number(out, lines->count);
    for (uint32_t i = 0; i < lines->count; i++) {
        columns_number(out, lines->module[i] - module);
        columns_signed(out, (int64_t)lines->line[i] - (int64_t)line);
        columns_string(out, lines->text[i], TEXT_MOST);
        module = lines->module[i];
        line = lines->line[i];
    }
    return columns_end(out);
}

ml_status page_data(page *to)
{
    static ml_status (*const parts[])(page *) = {put_core,      put_counters, put_log,
                                                 put_resources, put_events,   put_source};
    ml_status status = ML_OK;
    for (size_t i = 0; to->model && status == ML_OK && i < sizeof parts / sizeof *parts; i++)
        status = parts[i](to);
    return status;
}
