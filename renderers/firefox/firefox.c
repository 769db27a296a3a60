/* firefox: the run for https://profiler.firefox.com, which reads it from a file and sends it nowhere.
 *
 * Its "processed profile" of version 60, JSON, which every newer one takes:
 * https://github.com/firefox-devtools/profiler/blob/main/docs-developer/processed-profile-format.md. A sample is a run of equal samples, with
 * their number as its weight; what a thread waited for is an innermost frame of its own, of the category that the profiler
 * leaves out as idle. Messages are markers. Times are milliseconds. */
#include "profile.h"

static const char categories[] =
    "[{\"name\":\"Other\",\"color\":\"grey\",\"subcategories\":[\"Other\"]},"
    "{\"name\":\"Idle\",\"color\":\"transparent\",\"subcategories\":[\"Other\"]},"
    "{\"name\":\"Program\",\"color\":\"orange\",\"subcategories\":[\"Other\"]},"
    "{\"name\":\"Third party\",\"color\":\"green\",\"subcategories\":[\"Other\"]},"
    "{\"name\":\"Standard library\",\"color\":\"blue\",\"subcategories\":[\"Other\"]}]";

static const char marker_schema[] =
    "[{\"name\":\"Log\",\"display\":[\"marker-chart\",\"marker-table\",\"timeline-overview\"],"
    "\"tooltipLabel\":\"{marker.data.text}\",\"chartLabel\":\"{marker.data.text}\","
    "\"tableLabel\":\"{marker.data.level} {marker.data.source}: {marker.data.text}\",\"fields\":["
    "{\"key\":\"level\",\"label\":\"Level\",\"format\":\"string\"},"
    "{\"key\":\"source\",\"label\":\"From\",\"format\":\"string\"},"
    "{\"key\":\"text\",\"label\":\"Message\",\"format\":\"string\"}]}]";

/* ---------------------------------------------------------------- samples */

/* What the run of a thread is in the table of stacks. */
static int64_t row_of_run(profile *self, uint64_t run)
{
    const ml_samples *samples = self->model->samples;
    uint32_t stack = samples->stack[run], state = samples->state[run] & ML_STATE_MASK;
    uint32_t *known;
    if (!stack || state <= ML_STATE_RUNNING || state >= STATES)
        return stack ? (int64_t)stack - 1 : NO_ROW;
    known = self->row_of + (size_t)stack * STATES + state;
    if (!*known) {
        self->waits[self->wait_count].stack = stack;
        self->waits[self->wait_count].state = state;
        *known = ++self->wait_count;
    }
    return (int64_t)tables_stack_rows(self) + *known - 1;
}

/* A row of samples: a run, or the end of one that no other follows. */
typedef struct sample_row {
    uint64_t time_ns, weight, cpu_ns; /* CPU is that of the row before */
    int64_t stack;
} sample_row;

typedef void (*row_use)(profile *self, const sample_row *row, uint32_t number);

static uint32_t each_row(profile *self, uint32_t thread, row_use use)
{
    const ml_samples *samples = self->model->samples;
    uint64_t first = self->model->threads->sample_first[thread];
    uint64_t end = first + self->model->threads->sample_count[thread], cpu_ns = 0;
    uint64_t period = self->model->period_ns ? self->model->period_ns : 1;
    uint32_t number = 0;
    for (uint64_t run = first; run < end; run++) {
        uint64_t until = samples->start_ns[run] + samples->wall_ns[run];
        sample_row row = {samples->start_ns[run], samples->wall_ns[run] / period, cpu_ns,
                          row_of_run(self, run)};
        use(self, &row, number++);
        cpu_ns = samples->cpu_ns[run];
        if (run + 1 == end || samples->start_ns[run + 1] > until) {
            sample_row stop = {until, 0, cpu_ns, NO_ROW};
            use(self, &stop, number++);
            cpu_ns = 0;
        }
    }
    return number;
}

static void count_row(profile *self, const sample_row *row, uint32_t number)
{
    (void)self, (void)row, (void)number;
}

static void put_comma(profile *self, uint32_t number)
{
    if (number)
        sink_char(self->out, ',');
}

static void put_stack(profile *self, const sample_row *row, uint32_t number)
{
    put_comma(self, number);
    if (row->stack == NO_ROW)
        sink_text(self->out, "null");
    else
        sink_format(self->out, "%" PRId64, row->stack);
}

static void put_time(profile *self, const sample_row *row, uint32_t number)
{
    put_comma(self, number);
    put_milliseconds(self->out, row->time_ns);
}

static void put_weight(profile *self, const sample_row *row, uint32_t number)
{
    put_comma(self, number);
    sink_format(self->out, "%" PRIu64, row->weight);
}

static void put_cpu(profile *self, const sample_row *row, uint32_t number)
{
    put_comma(self, number);
    sink_format(self->out, "%" PRIu64, row->cpu_ns);
}

static void put_samples(profile *self, uint32_t thread)
{
    static const struct {
        const char *name;
        row_use put;
    } columns[] = {{"stack", put_stack},
                   {"time", put_time},
                   {"weight", put_weight},
                   {"threadCPUDelta", put_cpu}};
    uint32_t rows = each_row(self, thread, count_row);
    sink_format(self->out, ",\"samples\":{\"length\":%u,\"weightType\":\"samples\"",
                (unsigned)rows);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sink_format(self->out, ",\n\"%s\":[", columns[i].name);
        each_row(self, thread, columns[i].put);
        sink_char(self->out, ']');
    }
    sink_char(self->out, '}');
}

/* ---------------------------------------------------------------- threads */

static void put_thread(profile *self, uint32_t thread)
{
    const ml_threads *threads = self->model->threads;
    const ml_processes *processes = self->model->processes;
    uint32_t process = threads->process[thread];
    uint32_t pid = process < processes->count ? processes->pid[process] : 0;
    sink_text(self->out, thread ? ",\n{\"name\":" : "\n{\"name\":");
    json_string(self->out, ml_text_of(self->model, threads->name[thread]));
    sink_text(self->out, ",\"processName\":");
    json_string(self->out, self->model->name);
    sink_format(self->out,
                ",\"processType\":\"default\",\"isMainThread\":%s,\"pid\":\"%u\",\"tid\":%" PRIu64
                ",\"processStartupTime\":0,\"processShutdownTime\":null,\"pausedRanges\":[],"
                "\"registerTime\":",
                threads->is_main[thread] ? "true" : "false", (unsigned)pid,
                (uint64_t)threads->native_id[thread]);
    put_milliseconds(self->out, threads->start_ns[thread]);
    sink_text(self->out, ",\"unregisterTime\":");
    put_milliseconds(self->out, threads->end_ns[thread]);
    put_samples(self, thread);
    markers_put(self, thread);
    sink_char(self->out, '}');
}

static ml_status put_threads(profile *self, const ml_host *host)
{
    const ml_model *model = self->model;
    size_t stacks = model->stacks->count;
    self->row_of = (uint32_t *)ml_alloc(host, stacks * STATES, sizeof *self->row_of);
    self->waits = (waiting *)ml_alloc(host, stacks * STATES, sizeof *self->waits);
    self->first_message =
        (uint32_t *)ml_alloc(host, model->threads->count, sizeof *self->first_message);
    self->next_message = (uint32_t *)ml_alloc(host, MESSAGES_MOST, sizeof *self->next_message);
    if (!self->row_of || !self->waits || !self->first_message || !self->next_message)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the stacks of this recording");
    markers_find(self);
    for (uint32_t thread = 0; thread < model->threads->count; thread++)
        put_thread(self, thread);
    return ML_OK;
}

static void put_meta(const profile *self, const char *product, int64_t start_ms, uint64_t period_ns)
{
    sink_text(self->out, "{\"meta\":{\"version\":27,\"preprocessedProfileVersion\":60,"
                         "\"importedFrom\":\"microlog\",\"product\":");
    json_string(self->out, product);
    sink_text(self->out, ",\"interval\":");
    put_milliseconds(self->out, period_ns);
    sink_format(
        self->out,
        ",\"startTime\":%" PRId64 ",\"processType\":0,\"stackwalk\":0,\"symbolicated\":true,"
        "\"sourceCodeIsNotOnSearchfox\":true,\"usesOnlyOneStackType\":true,"
        "\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\",\"threadCPUDelta\":\"ns\"},\n"
        "\"categories\":%s,\n\"markerSchema\":%s},\n\"libs\":[],\"pages\":[],\n\"threads\":[",
        start_ms, categories, marker_schema);
}

/* Merged results have no samples: of them there is a profile without threads. */
static ml_status run(const ml_host *host, void *self)
{
    static const ml_stacks no_stacks;
    static const ml_functions no_functions;
    static const ml_modules no_modules;
    static const ml_model nothing = {
        .stacks = &no_stacks, .functions = &no_functions, .modules = &no_modules};
    const ml_model *model = ml_get_model(host);
    profile to = {.out = sink_open(host), .model = model ? model : &nothing};
    (void)self;
    if (!to.out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the output");
    if (model)
        put_meta(&to, model->name, model->start_wall_ns / 1000000, model->period_ns);
    else
        put_meta(&to, "Several runs", 0, 1000000);
    if (model && put_threads(&to, host) != ML_OK)
        return ML_ERROR_MEMORY;
    sink_char(to.out, ']');
    tables_put(&to);
    sink_text(to.out, "}\n");
    return sink_end(to.out);
}

ML_DEFINE_RENDERER("firefox", "1.0", "Firefox Profiler",
                   "threads, stacks and messages for profiler.firefox.com", "application/json",
                   "firefox.json", run)
