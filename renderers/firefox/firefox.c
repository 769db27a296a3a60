/* firefox: the run for https://profiler.firefox.com, which reads it from a file and sends it nowhere.
 *
 * Its "processed profile" of version 60, JSON, which every newer one takes:
 * https://github.com/firefox-devtools/profiler/blob/main/docs-developer/processed-profile-format.md. A sample is a run of equal samples, with
 * their number as its weight; what a thread waited for is an innermost frame of its own, of the category that the profiler
 * leaves out as idle. Messages are markers. Times are milliseconds. */
#include "common/json_text.h"

#include <inttypes.h>

enum { MESSAGES_MOST = 100000, NO_NUMBER = -2 };

/* The first strings of the table, by state of a thread and by kind of message; names of functions and files follow. */
enum { STATES = 7, KINDS = 6, S_UNKNOWN = STATES + KINDS, S_FIXED };
static const char *const fixed[S_FIXED] = {
    "",
    "",
    "waiting for the interpreter's lock",
    "waiting for a lock",
    "waiting for input or output",
    "sleeping",
    "waiting",
    "Message",
    "Log",
    "Print",
    "Mark",
    "Exception",
    "Warning",
    "?",
};

enum { OTHER, IDLE, PROGRAM, THIRD, STDLIB };
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

/* A stack with a state below it. */
typedef struct waiting {
    uint32_t stack, state;
} waiting;

typedef struct profile {
    sink *out;
    const ml_model *model;
    uint32_t *row_of; /* by stack and state: 1 + index in `waits`, or 0 */
    waiting *waits;   /* in the order in which they were met */
    uint32_t wait_count;
    uint32_t *first_message, *next_message; /* by thread, by message: 1 + a message, or 0 */
} profile;

/* ---------------------------------------------------------------- columns */

static void put_milliseconds(sink *out, uint64_t ns)
{
    sink_format(out, "%" PRIu64 ".%06u", ns / 1000000, (unsigned)(ns % 1000000));
}

typedef int64_t (*number_of)(const profile *self, uint32_t row);

static void put_column(const profile *self, const char *name, uint32_t rows, number_of number)
{
    sink_format(self->out, ",\"%s\":[", name);
    for (uint32_t row = 0; row < rows; row++) {
        int64_t value = number(self, row);
        if (row)
            sink_char(self->out, ',');
        if (value == NO_NUMBER)
            sink_text(self->out, "null");
        else
            sink_format(self->out, "%" PRId64, value);
    }
    sink_char(self->out, ']');
}

static void put_same(const profile *self, const char *name, uint32_t rows, const char *value)
{
    sink_format(self->out, ",\"%s\":[", name);
    for (uint32_t row = 0; row < rows; row++)
        sink_format(self->out, row ? ",%s" : "%s", value);
    sink_char(self->out, ']');
}

/* ---------------------------------------------------------------- stacks and frames */

/* Rows are the model's stacks but the first, "no stack", and then `waits`. A frame is one of a stack, or of a state. */
static uint32_t stack_rows(const profile *self)
{
    return self->model->stacks->count ? self->model->stacks->count - 1 : 0;
}

static int64_t prefix_of(const profile *self, uint32_t row)
{
    uint32_t own = stack_rows(self);
    uint32_t parent =
        row < own ? self->model->stacks->parent[row + 1] : self->waits[row - own].stack;
    return parent ? (int64_t)parent - 1 : NO_NUMBER;
}

static int64_t frame_of(const profile *self, uint32_t row)
{
    uint32_t own = stack_rows(self);
    return row < own ? row : own + self->waits[row - own].state;
}

static uint32_t function_count(const profile *self)
{
    return self->model->functions->count;
}

/* Functions are the model's, one that is not known, and the states. */
static int64_t function_of_frame(const profile *self, uint32_t row)
{
    uint32_t own = stack_rows(self), known = function_count(self);
    uint32_t function = row < own ? self->model->stacks->function[row + 1] : 0;
    return row >= own ? known + 1 + (row - own) : function < known ? function : known;
}

static int64_t line_of_frame(const profile *self, uint32_t row)
{
    uint32_t line = row < stack_rows(self) ? self->model->stacks->line[row + 1] : 0;
    return line ? (int64_t)line : NO_NUMBER;
}

static int64_t category_of_frame(const profile *self, uint32_t row)
{
    int64_t function = function_of_frame(self, row);
    uint32_t flags = function < function_count(self)
                         ? ml_function_origin(self->model, (uint32_t)function)
                         : ML_MODULE_SYNTHETIC;
    return row >= stack_rows(self)         ? IDLE
           : flags & ML_MODULE_SYNTHETIC   ? OTHER
           : flags & ML_MODULE_STDLIB      ? STDLIB
           : flags & ML_MODULE_THIRD_PARTY ? THIRD
                                           : PROGRAM;
}

static int64_t name_of_function(const profile *self, uint32_t row)
{
    uint32_t known = function_count(self);
    return row < known    ? (int64_t)S_FIXED + row
           : row == known ? S_UNKNOWN
                          : (int64_t)row - known - 1;
}

static int64_t source_of_function(const profile *self, uint32_t row)
{
    uint32_t module = row < function_count(self) ? self->model->functions->module[row] : ML_NONE;
    return module < self->model->modules->count ? (int64_t)module : NO_NUMBER;
}

static int64_t line_of_function(const profile *self, uint32_t row)
{
    uint32_t line = row < function_count(self) ? self->model->functions->line[row] : 0;
    return line ? (int64_t)line : NO_NUMBER;
}

static int64_t name_of_source(const profile *self, uint32_t row)
{
    return (int64_t)S_FIXED + function_count(self) + row;
}

static void put_strings(const profile *self)
{
    const ml_model *model = self->model;
    sink_text(self->out, ",\n\"stringArray\":[");
    for (uint32_t i = 0; i < S_FIXED; i++) {
        sink_text(self->out, i ? "," : "");
        json_string(self->out, fixed[i]);
    }
    for (uint32_t i = 0; i < model->functions->count; i++) {
        sink_text(self->out, ",\n");
        json_string(self->out, ml_function_name(model, i));
    }
    for (uint32_t i = 0; i < model->modules->count; i++) {
        sink_text(self->out, ",\n");
        json_string(self->out, ml_text_of(model, model->modules->file[i]));
    }
    sink_char(self->out, ']');
}

static void begin_table(const profile *self, const char *name, uint32_t rows)
{
    sink_format(self->out, "\n\"%s\":{\"length\":%u", name, (unsigned)rows);
}

static void put_frames(const profile *self)
{
    uint32_t rows = stack_rows(self) + STATES;
    begin_table(self, "frameTable", rows);
    put_same(self, "address", rows, "-1");
    put_same(self, "inlineDepth", rows, "0");
    put_column(self, "category", rows, category_of_frame);
    put_same(self, "subcategory", rows, "0");
    put_column(self, "func", rows, function_of_frame);
    put_same(self, "nativeSymbol", rows, "null");
    put_same(self, "innerWindowID", rows, "null");
    put_column(self, "line", rows, line_of_frame);
    put_same(self, "column", rows, "null");
    sink_text(self->out, "},");
}

static void put_functions(const profile *self)
{
    uint32_t rows = function_count(self) + 1 + STATES;
    begin_table(self, "funcTable", rows);
    put_column(self, "name", rows, name_of_function);
    put_same(self, "isJS", rows, "false");
    put_same(self, "relevantForJS", rows, "false");
    put_same(self, "resource", rows, "-1");
    put_column(self, "source", rows, source_of_function);
    put_column(self, "lineNumber", rows, line_of_function);
    put_same(self, "columnNumber", rows, "null");
    sink_text(self->out, "},");
}

/* After the threads, which tell what stacks there are. */
static void put_shared(const profile *self)
{
    uint32_t stacks = stack_rows(self) + self->wait_count, sources = self->model->modules->count;
    sink_text(self->out, ",\n\"shared\":{");
    begin_table(self, "stackTable", stacks);
    put_column(self, "prefix", stacks, prefix_of);
    put_column(self, "frame", stacks, frame_of);
    sink_text(self->out, "},");
    put_frames(self);
    put_functions(self);
    begin_table(self, "sources", sources);
    put_same(self, "id", sources, "null");
    put_column(self, "filename", sources, name_of_source);
    sink_text(self->out,
              "},\n\"resourceTable\":{\"length\":0,\"lib\":[],\"name\":[],\"host\":[],\"type\":[]},"
              "\n\"nativeSymbols\":{\"length\":0,\"libIndex\":[],\"address\":[],\"name\":[],"
              "\"functionSize\":[]}");
    put_strings(self);
    sink_char(self->out, '}');
}

/* ---------------------------------------------------------------- samples */

/* What the run of a thread is in the table of stacks. */
static int64_t row_of_run(profile *self, uint64_t run)
{
    const ml_samples *samples = self->model->samples;
    uint32_t stack = samples->stack[run], state = samples->state[run] & ML_STATE_MASK;
    uint32_t *known;
    if (!stack || state <= ML_STATE_RUNNING || state >= STATES)
        return stack ? (int64_t)stack - 1 : NO_NUMBER;
    known = self->row_of + (size_t)stack * STATES + state;
    if (!*known) {
        self->waits[self->wait_count].stack = stack;
        self->waits[self->wait_count].state = state;
        *known = ++self->wait_count;
    }
    return (int64_t)stack_rows(self) + *known - 1;
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
            sample_row stop = {until, 0, cpu_ns, NO_NUMBER};
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
    if (row->stack == NO_NUMBER)
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

/* ---------------------------------------------------------------- messages */

/* Of no thread: the first one's. Lists are built from the last to the first. */
static void find_messages(profile *self)
{
    const ml_messages *messages = self->model->messages;
    uint32_t threads = self->model->threads->count;
    uint64_t count = messages->count < MESSAGES_MOST ? messages->count : MESSAGES_MOST;
    for (uint64_t i = count; threads && i-- > 0;) {
        uint32_t thread = messages->thread[i] < threads ? messages->thread[i] : 0;
        self->next_message[i] = self->first_message[thread];
        self->first_message[thread] = (uint32_t)i + 1;
    }
}

static const char *word_of_level(uint32_t level)
{
    return level >= 50   ? "critical"
           : level >= 40 ? "error"
           : level >= 30 ? "warning"
           : level >= 20 ? "info"
           : level       ? "debug"
                         : "";
}

typedef void (*message_use)(const profile *self, uint32_t message);

static void put_message_name(const profile *self, uint32_t message)
{
    uint32_t kind = self->model->messages->kind[message];
    sink_format(self->out, "%u", (unsigned)(STATES + (kind < KINDS ? kind : 0)));
}

static void put_message_time(const profile *self, uint32_t message)
{
    put_milliseconds(self->out, self->model->messages->time_ns[message]);
}

static void put_message_data(const profile *self, uint32_t message)
{
    const ml_messages *messages = self->model->messages;
    sink_format(self->out, "\n{\"type\":\"Log\",\"level\":\"%s\",\"source\":",
                word_of_level(messages->level[message]));
    json_string(self->out, ml_text_of(self->model, messages->source[message]));
    sink_text(self->out, ",\"text\":");
    json_string(self->out, ml_text_of(self->model, messages->text[message]));
    sink_char(self->out, '}');
}

static void put_zero(const profile *self, uint32_t message)
{
    (void)message;
    sink_char(self->out, '0');
}

static void put_null(const profile *self, uint32_t message)
{
    (void)message;
    sink_text(self->out, "null");
}

static void put_markers(const profile *self, uint32_t thread)
{
    static const struct {
        const char *name;
        message_use put;
    } columns[] = {{"name", put_message_name}, {"startTime", put_message_time},
                   {"endTime", put_null},      {"phase", put_zero},
                   {"category", put_zero},     {"data", put_message_data}};
    uint32_t count = 0;
    for (uint32_t at = self->first_message[thread]; at; at = self->next_message[at - 1])
        count++;
    sink_format(self->out, ",\"markers\":{\"length\":%u", (unsigned)count);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sink_format(self->out, ",\n\"%s\":[", columns[i].name);
        for (uint32_t at = self->first_message[thread]; at; at = self->next_message[at - 1]) {
            columns[i].put(self, at - 1);
            sink_text(self->out, self->next_message[at - 1] ? "," : "");
        }
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
    put_markers(self, thread);
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
    find_messages(self);
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
    put_shared(&to);
    sink_text(to.out, "}\n");
    return sink_end(to.out);
}

ML_DEFINE_RENDERER("firefox", "1.0", "Firefox Profiler",
                   "threads, stacks and messages for profiler.firefox.com", "application/json",
                   "firefox.json", run)
