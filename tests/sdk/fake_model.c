#include "fake_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 10, ROWS_MAX = 1 << 16, TEXT_MAX = 1 << 22 };

typedef struct rows {
    const char *table;
    const char *types; /* n: number, s: text */
    size_t count;
    uint64_t (*cells)[FIELDS_MAX];
} rows;

enum {
    RUN,
    PROCESS,
    MODULE,
    FUNCTION,
    STACK,
    THREAD,
    SAMPLE,
    MESSAGE,
    COUNTER,
    POINT,
    RESOURCE,
    CALL,
    IMPORT,
    QUALITY,
    PYTHON,
    GAP,
    SOURCE,
    TABLES
};

static rows tables[TABLES] = {
    {"run", "ssnns", 0, NULL},          {"process", "nnn", 0, NULL},
    {"module", "ssn", 0, NULL},         {"function", "snn", 0, NULL},
    {"stack", "nnn", 0, NULL},          {"thread", "nsnnnn", 0, NULL},
    {"sample", "nnnnnnn", 0, NULL},     {"message", "nnnnnsssn", 0, NULL},
    {"counter", "ssnn", 0, NULL},       {"point", "nn", 0, NULL},
    {"resource", "nnnnnnsnn", 0, NULL}, {"call", "nnnnnnnn", 0, NULL},
    {"import", "nnnsn", 0, NULL},       {"quality", "snnnnn", 0, NULL},
    {"python", "s", 0, NULL},           {"gap", "nnnnnnn", 0, NULL},
    {"source", "nns", 0, NULL},
};
static char bytes[TEXT_MAX];
static size_t bytes_used;
static uint64_t offsets[ROWS_MAX];
static uint32_t lengths[ROWS_MAX];
static uint32_t string_count;

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        exit(9);
    return memory;
}

static void die(const char *what, const char *line)
{
    fprintf(stderr, "fake_model: %s: %s\n", what, line);
    exit(9);
}

static uint64_t intern(const char *text)
{
    if (string_count == ROWS_MAX || bytes_used + strlen(text) + 1 > TEXT_MAX)
        die("too much text", text);
    offsets[string_count] = bytes_used;
    for (; *text; text++) {
        int escape = text[0] == '\\' && (text[1] == 'n' || text[1] == 'e');
        bytes[bytes_used++] = (char)(!escape ? *text : *++text == 'n' ? '\n' : 27);
    }
    lengths[string_count] = (uint32_t)(bytes_used - offsets[string_count]);
    bytes[bytes_used++] = '\0';
    return string_count++;
}

static void add_row(rows *to, char *fields)
{
    uint64_t *cells;
    if (!to->cells)
        to->cells = take(ROWS_MAX, sizeof *to->cells);
    if (to->count == ROWS_MAX)
        die("too many rows", to->table);
    cells = to->cells[to->count++];
    for (size_t i = 0; to->types[i] && fields; i++) {
        char *end = strchr(fields, '|');
        if (end)
            *end++ = '\0';
        cells[i] = to->types[i] == 's' ? intern(fields) : (uint64_t)strtoll(fields, NULL, 10);
        fields = end;
    }
}

static void add_line(char *line)
{
    char *fields = strchr(line, '|');
    line[strcspn(line, "\n")] = '\0';
    if (!fields)
        die("no table", line);
    *fields++ = '\0';
    for (int i = 0; i < TABLES; i++)
        if (strcmp(tables[i].table, line) == 0) {
            add_row(&tables[i], fields);
            if (i == COUNTER)
                tables[i].cells[tables[i].count - 1][3] = tables[POINT].count;
            return;
        }
    die("no such table", line);
}

static uint32_t *column(int table, size_t field)
{
    uint32_t *made = take(tables[table].count + 1, sizeof *made);
    for (size_t i = 0; i < tables[table].count; i++)
        made[i] = (uint32_t)tables[table].cells[i][field];
    return made;
}

static uint64_t *wide(int table, size_t field)
{
    uint64_t *made = take(tables[table].count + 1, sizeof *made);
    for (size_t i = 0; i < tables[table].count; i++)
        made[i] = tables[table].cells[i][field];
    return made;
}

static uint32_t *same(int table, uint32_t value)
{
    uint32_t *made = take(tables[table].count + 1, sizeof *made);
    for (size_t i = 0; i < tables[table].count; i++)
        made[i] = value;
    return made;
}

/* Row 0 of stacks is "no stack". */
static uint32_t *below_none(int table, size_t field, uint32_t none)
{
    uint32_t *made = take(tables[table].count + 1, sizeof *made);
    made[0] = none;
    for (size_t i = 0; i < tables[table].count; i++)
        made[i + 1] = (uint32_t)tables[table].cells[i][field];
    return made;
}

/* Self and total of a function from the samples; `field` 5 is wall time, 6 CPU, 3 samples. */
static uint64_t *sum_of_functions(size_t field, int total)
{
    uint64_t *sums = take(tables[FUNCTION].count, sizeof *sums);
    for (size_t i = 0; i < tables[SAMPLE].count; i++) {
        const uint64_t *sample = tables[SAMPLE].cells[i];
        uint8_t *seen = take(tables[FUNCTION].count, 1);
        for (uint64_t stack = sample[1]; stack; stack = tables[STACK].cells[stack - 1][0]) {
            uint64_t function = tables[STACK].cells[stack - 1][1];
            sums[function] += seen[function]++ ? 0 : sample[field];
            if (!total)
                break;
        }
        free(seen);
    }
    return sums;
}

static uint64_t *samples_of_threads(int count_them)
{
    uint64_t *made = take(tables[THREAD].count, sizeof *made);
    for (size_t i = tables[SAMPLE].count; i-- > 0;) {
        uint64_t thread = tables[SAMPLE].cells[i][0];
        made[thread] = count_them ? made[thread] + 1 : i;
    }
    return made;
}

static uint64_t *points_of_counters(void)
{
    uint64_t *made = take(tables[COUNTER].count, sizeof *made);
    for (size_t i = 0; i < tables[COUNTER].count; i++) {
        uint64_t end =
            i + 1 < tables[COUNTER].count ? tables[COUNTER].cells[i + 1][3] : tables[POINT].count;
        made[i] = end - tables[COUNTER].cells[i][3];
    }
    return made;
}

static uint32_t count_of(int table)
{
    return (uint32_t)tables[table].count;
}

static ml_strings strings;
static ml_processes processes;
static ml_modules modules;
static ml_functions functions;
static ml_stacks stacks;
static ml_threads threads;
static ml_samples samples;
static ml_calls calls;
static ml_messages messages;
static ml_counters counters;
static ml_resources resources;
static ml_events_table events;
static ml_sources sources;
static ml_gaps gaps;
static ml_model model;

static void make_program(void)
{
    strings = (ml_strings){string_count, 0, offsets, lengths, bytes};
    processes = (ml_processes){count_of(PROCESS),
                               0,
                               column(PROCESS, 0),
                               same(PROCESS, 1),
                               take(ROWS_MAX, 8),
                               wide(PROCESS, 2),
                               same(PROCESS, ML_NONE),
                               same(PROCESS, ML_NONE),
                               same(PROCESS, ML_PROCESS_CLEAN_END),
                               wide(PROCESS, 1),
                               take(ROWS_MAX, 8)};
    modules =
        (ml_modules){count_of(MODULE), 0, column(MODULE, 0), column(MODULE, 1), column(MODULE, 2)};
    functions = (ml_functions){count_of(FUNCTION),     0,
                               column(FUNCTION, 0),    column(FUNCTION, 1),
                               column(FUNCTION, 2),    sum_of_functions(5, 0),
                               sum_of_functions(5, 1), sum_of_functions(6, 0),
                               sum_of_functions(6, 1), sum_of_functions(3, 0),
                               sum_of_functions(3, 1)};
    stacks = (ml_stacks){count_of(STACK) + 1,     0,
                         below_none(STACK, 0, 0), below_none(STACK, 1, ML_NONE),
                         below_none(STACK, 2, 0), take(ROWS_MAX, 4)};
    threads = (ml_threads){count_of(THREAD),      0,
                           column(THREAD, 0),     column(THREAD, 1),
                           wide(THREAD, 5),       wide(THREAD, 3),
                           wide(THREAD, 4),       wide(THREAD, 5),
                           column(THREAD, 2),     samples_of_threads(0),
                           samples_of_threads(1), take(ROWS_MAX, 8),
                           take(ROWS_MAX, 8)};
}

static void make_events(void)
{
    samples =
        (ml_samples){count_of(SAMPLE),  column(SAMPLE, 0), column(SAMPLE, 1), column(SAMPLE, 2),
                     column(SAMPLE, 3), wide(SAMPLE, 4),   wide(SAMPLE, 5),   wide(SAMPLE, 6)};
    messages = (ml_messages){count_of(MESSAGE),  wide(MESSAGE, 0),   column(MESSAGE, 1),
                             column(MESSAGE, 2), column(MESSAGE, 3), column(MESSAGE, 4),
                             column(MESSAGE, 5), column(MESSAGE, 6), column(MESSAGE, 7),
                             column(MESSAGE, 8)};
    counters = (ml_counters){count_of(COUNTER),
                             0,
                             column(COUNTER, 0),
                             column(COUNTER, 1),
                             same(COUNTER, ML_COUNTER_GAUGE),
                             column(COUNTER, 2),
                             wide(COUNTER, 3),
                             points_of_counters(),
                             wide(POINT, 0),
                             (const int64_t *)wide(POINT, 1)};
    resources = (ml_resources){count_of(RESOURCE),  same(RESOURCE, ML_RESOURCE_DESCRIPTOR),
                               column(RESOURCE, 0), column(RESOURCE, 1),
                               wide(RESOURCE, 2),   wide(RESOURCE, 3),
                               wide(RESOURCE, 4),   same(RESOURCE, ML_NONE),
                               column(RESOURCE, 5), column(RESOURCE, 6),
                               column(RESOURCE, 7), wide(RESOURCE, 8)};
}

static void make_gaps(void)
{
    gaps = (ml_gaps){count_of(GAP),  0,
                     same(GAP, 0),   column(GAP, 2),
                     column(GAP, 3), wide(GAP, 0),
                     wide(GAP, 1),   wide(GAP, 4),
                     wide(GAP, 5),   wide(GAP, 6)};
}

static void make_calls(void)
{
    uint64_t *samples_of = wide(CALL, 6), *inside_end = wide(CALL, 6);
    uint64_t *first_of = take(tables[THREAD].count, 8), *count_of_thread = take(ROWS_MAX, 8);
    for (size_t i = tables[CALL].count; i-- > 0;) {
        first_of[tables[CALL].cells[i][1]] = i;
        count_of_thread[tables[CALL].cells[i][1]]++;
    }
    threads.call_first = first_of;
    threads.call_count = count_of_thread;
    for (size_t i = 0; i < tables[CALL].count; i++) {
        const uint64_t *cells = tables[CALL].cells[i];
        samples_of[i] = cells[7] ? cells[7] : (cells[6] - cells[5]) / tables[RUN].cells[0][3];
        for (inside_end[i] = i + 1; inside_end[i] < tables[CALL].count; inside_end[i]++)
            if (tables[CALL].cells[inside_end[i]][2] <= cells[2])
                break;
    }
    calls = (ml_calls){count_of(CALL),  column(CALL, 0), column(CALL, 1), column(CALL, 2),
                       column(CALL, 3), wide(CALL, 4),   inside_end,      wide(CALL, 5),
                       wide(CALL, 6),   samples_of};
}

/* One kind, with the fields of the recorder's. */
static void make_imports(void)
{
    static const char *const names[] = {"py.import", "module", "duration", "us", ""};
    static uint32_t ids[5], zero[1], two[1] = {2}, is_text[2] = {1, 0}, units[2];
    int64_t *fields = take(tables[IMPORT].count * 2, sizeof *fields);
    uint64_t *first = take(tables[IMPORT].count, sizeof *first);
    if (!tables[IMPORT].count)
        return;
    for (int i = 0; i < 5; i++)
        ids[i] = (uint32_t)intern(names[i]);
    units[0] = ids[4];
    units[1] = ids[3];
    for (size_t i = 0; i < tables[IMPORT].count; i++) {
        first[i] = i * 2;
        fields[i * 2] = (int64_t)tables[IMPORT].cells[i][3];
        fields[i * 2 + 1] = (int64_t)tables[IMPORT].cells[i][4];
    }
    events = (ml_events_table){count_of(IMPORT),
                               wide(IMPORT, 0),
                               same(IMPORT, 0),
                               column(IMPORT, 1),
                               column(IMPORT, 2),
                               same(IMPORT, 0),
                               first,
                               fields,
                               1,
                               0,
                               ids,
                               zero,
                               two,
                               ids + 1,
                               units,
                               is_text};
}

static const char *text_of_run(size_t field)
{
    return bytes + offsets[tables[RUN].cells[0][field]];
}

static void make_model(void)
{
    model.struct_size = sizeof model;
    model.duration_ns = tables[RUN].cells[0][2];
    model.period_ns = tables[RUN].cells[0][3];
    model.ticks = 1000;
    model.start_wall_ns = INT64_C(1714559696000000000);
    model.utc_offset_s = 7200;
    model.name = text_of_run(0);
    model.command = text_of_run(1);
    model.problem = text_of_run(4);
    model.python = "3.11.2 (main)";
    model.host = model.system = model.directory = model.label = model.recorder = model.session =
        model.method = text_of_run(0);
    model.strings = &strings;
    model.processes = &processes;
    model.modules = &modules;
    model.functions = &functions;
    model.stacks = &stacks;
    model.threads = &threads;
    model.samples = &samples;
    model.calls = &calls;
    model.messages = &messages;
    model.counters = &counters;
    model.resources = &resources;
    sources =
        (ml_sources){count_of(SOURCE), 0, column(SOURCE, 0), column(SOURCE, 1), column(SOURCE, 2)};
    model.sources = &sources;
    model.gaps = &gaps;
    model.events = &events;
}

/* How the recording went and under which Python, if the model says. */
static void make_quality(void)
{
    const uint64_t *cells = tables[QUALITY].cells ? tables[QUALITY].cells[0] : NULL;
    if (tables[PYTHON].cells)
        model.python = bytes + offsets[tables[PYTHON].cells[0][0]];
    if (!cells)
        return;
    model.method = bytes + offsets[cells[0]];
    model.ticks = cells[1];
    model.ticks_missed = cells[2];
    model.recorder_cpu_ns = cells[3];
    model.damaged = (uint32_t)cells[4];
    processes.flags = same(PROCESS, cells[5] == 2   ? ML_PROCESS_JOURNAL
                                    : cells[5] != 0 ? ML_PROCESS_CLEAN_END
                                                    : 0);
}

const ml_model *fake_model_read(const char *path)
{
    static char line[1 << 20];
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot open", path);
    while (fgets(line, sizeof line, file))
        add_line(line);
    fclose(file);
    if (tables[RUN].count != 1)
        die("one line `run` is needed", path);
    make_imports(); /* adds strings */
    make_program();
    make_events();
    make_calls();
    make_gaps();
    make_model();
    make_quality();
    return &model;
}
