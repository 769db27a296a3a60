/* startup: imports that take long.
 *
 * startup/slow-import: a module of the project, or the modules of another package together, took at least `min-time`
 *   (100 ms) of their own to be imported, and 5 % of the run or of its first 10 s, whichever is shorter. A
 *   warning from 500 ms (without the time in which it lacked a core) and 10 % on, if it is the project's own or was never seen running outside of imports, else
 *   a note. At most three, longest first. Own time is without what the
 *   modules imported from elsewhere, so each millisecond is charged to one culprit.
 *   Guards: without events of imports, at least 5 samples; the body of the program itself is no import.
 *   Source: the events "py.import" where there are some, which are exact; else samples with the module's body as the
 *   innermost one inside of importlib, which find no import below the sampling period for sure.
 *   What it cannot know: whether the import could wait; whether a library was used whose functions are all of C or
 *   too quick to be seen; work that a program does at the top level of a module
 *   on purpose; what was imported before recording began.
 */
#include "common/statistics.h"
#include "imports.h"

enum {
    FINDINGS_MAX = 3,
    SAMPLES_LEAST = 5,
    SAMPLES_SURE = 20,
    CHAIN_MAX = 6,
    ROWS_SHOWN = 10,
    TABLE_ROWS_MAX = 1000
};

static const uint64_t START_NS = UINT64_C(10000000000);
static const uint64_t WARNING_NS = 500000000;
static const double LEAST_SHARE = 0.05, WARNING_SHARE = 0.10;

static uint64_t start_of_run(const ml_model *model)
{
    return model->duration_ns < START_NS ? model->duration_ns : START_NS;
}

static double share_of(const imports *from, const import_unit *unit)
{
    return (double)unit->self_ns / (double)start_of_run(from->model);
}

static int is_slow(const imports *from, const import_unit *unit)
{
    return unit->self_ns >= (uint64_t)ml_option_as_int(from->host, "min-time") &&
           share_of(from, unit) >= LEAST_SHARE && (unit->exact || unit->samples >= SAMPLES_LEAST);
}

/* The slow unit with the most time after `previous`; earlier ones win ties. */
static const import_unit *next_slowest(const imports *from, const import_unit *previous)
{
    const import_unit *best = NULL;
    for (size_t i = 0; i < from->unit_count; i++) {
        const import_unit *unit = &from->units[i];
        int is_after = !previous || unit->self_ns < previous->self_ns ||
                       (unit->self_ns == previous->self_ns && unit > previous);
        if (is_after && is_slow(from, unit) && (!best || unit->self_ns > best->self_ns))
            best = unit;
    }
    return best;
}

/* Time of each stack of which the leaf is the body of that module, also as a part of other stacks. */
static void sum_bodies(const imports *from, uint32_t module, uint64_t *by_stack)
{
    const ml_model *model = from->model;
    for (uint64_t i = 0; i < model->samples->count; i++) {
        ML_EACH_FRAME(model, model->samples->stack[i], frame) {
            uint32_t function = model->stacks->function[frame];
            if (ml_function_module(model, function) == module && imports_is_body(model, function))
                by_stack[frame] += model->samples->wall_ns[i];
        }
    }
}

/* The line of a module's body at which it was seen for the longest; 0: never seen. */
static uint32_t slowest_line(const imports *from, const import *one)
{
    const ml_model *model = from->model;
    uint64_t *by_stack = (uint64_t *)ml_alloc(from->host, model->stacks->count, sizeof *by_stack);
    uint32_t best = 0;
    if (!by_stack)
        return 0;
    sum_bodies(from, one->module, by_stack);
    for (uint32_t i = 1; i < model->stacks->count; i++)
        if (by_stack[i] > by_stack[best])
            best = i;
    return ml_stack_line(model, best);
}

/* ---------------------------------------------------------------- the finding */

/* "prog.py:2, middle.py:1": who imported whom, the outermost first. */
static const char *chain_of(char *text, size_t size, const imports *from, uint32_t stack)
{
    const ml_model *model = from->model;
    uint32_t frames[CHAIN_MAX];
    size_t count = 0, used = 0;
    text[0] = '\0';
    ML_EACH_FRAME(model, stack, frame) {
        uint32_t function = model->stacks->function[frame];
        if (frame != imports_asking_frame(model, frame) ||
            (count && !imports_is_body(model, function) &&
             !(ml_function_origin(model, function) & ML_MODULE_PROJECT)))
            continue;
        if (count == CHAIN_MAX)
            break;
        frames[count++] = frame;
    }
    while (count-- > 0) {
        ml_format(text + used, size - used, "%s%s:%u", used ? ", " : "",
                  ml_base_name(ml_function_file(model, ml_stack_function(model, frames[count]))),
                  (unsigned)ml_stack_line(model, frames[count]));
        used += strlen(text + used);
    }
    return text;
}

static void put_evidence(ml_draft finding, const imports *from, const import_unit *unit)
{
    char chain[1024], self[ML_NUMBER_MAX], total[ML_NUMBER_MAX], start[ML_NUMBER_MAX],
        share[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    ml_evidence(finding, "%s, which began at %s, took %s with all that it imports.",
                unit->first->name, ml_format_time(start, unit->first->start_ns),
                ml_format_duration(total, unit->first->total_ns));
    if (unit->modules > 1)
        ml_evidence(finding, "%zu modules are added up; the slowest itself is %s with %s.",
                    unit->modules, unit->slowest->name,
                    ml_format_duration(self, unit->slowest->self_ns));
    chain_of(chain, sizeof chain, from, unit->first->stack);
    if (chain[0])
        ml_evidence(finding, "Imported by: %s.", chain);
    ml_format_ratio(share, share_of(from, unit));
    ml_evidence(
        finding, "That is %s of %s; threshold: %d %% and %s. Measured by %s; %s samples.", share,
        from->model->duration_ns < START_NS ? "the run" : "the first 10 s of the run",
        (int)(LEAST_SHARE * 100 + 0.5),
        ml_format_duration(self, (uint64_t)ml_option_as_int(from->host, "min-time")),
        unit->exact ? "events of imports" : "samples alone", ml_format_count(count, unit->samples));
}

static void put_places_and_next(ml_draft finding, const imports *from, const import_unit *unit)
{
    const ml_model *model = from->model;
    uint32_t frame = ml_stack_own_frame(model, imports_asking_frame(model, unit->first->stack));
    uint32_t asking = ml_stack_function(model, frame), line = 0;
    const char *file = ml_module_file(model, unit->slowest->module);
    if (ml_module_flags(model, unit->slowest->module) & ML_MODULE_PROJECT)
        line = slowest_line(from, unit->slowest);
    if (line)
        ml_next(finding, "Look at %s:%u: do that work when it is needed, not at import.",
                ml_base_name(file), (unsigned)line);
    if (frame)
        ml_next(finding,
                "Import %.*s within the function that needs it, if not every run does: it is asked "
                "for at %s:%u.",
                unit->name_length, unit->name, ml_base_name(ml_function_file(model, asking)),
                (unsigned)ml_stack_line(model, frame));
    ml_next(finding, "See the table of imports, or run python -X importtime.");
    if (frame) {
        ml_location_of_function(finding, asking, ml_stack_line(model, frame));
        ml_set_number(finding, ML_FIELD_START, unit->first->start_ns);
        ml_set_number(finding, ML_FIELD_END, unit->first->end_ns);
    }
    if (line) {
        ml_add(finding, ML_LIST_LOCATION, "");
        ml_set_text(finding, ML_FIELD_FUNCTION, "<module>");
        ml_set_text(finding, ML_FIELD_MODULE, unit->slowest->name);
        ml_set_text(finding, ML_FIELD_FILE, file);
        ml_set_number(finding, ML_FIELD_LINE, line);
    }
}

/* A library that the program was seen to use has its price; what is the program's own can be changed. */
static int could_be_spared(const imports *from, const import_unit *unit)
{
    uint32_t flags = ml_module_flags(from->model, unit->slowest->module);
    return !unit->is_used || (flags & ML_MODULE_PROJECT);
}

static ml_status put_slow(const imports *from, const import_unit *unit)
{
    double worked = 1 - imports_starved_share(from->model, unit->first);
    int is_warning = (double)unit->self_ns * worked >= (double)WARNING_NS &&
                     share_of(from, unit) >= WARNING_SHARE && could_be_spared(from, unit);
    char key[256], name[256], title[300], self[ML_NUMBER_MAX], start[ML_NUMBER_MAX];
    ml_format(name, sizeof name, "%.*s", unit->name_length, unit->name);
    ml_draft finding =
        ml_finding_begin(from->host, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "slow-import",
                         ml_format(key, sizeof key, "slow-import:%.200s", name),
                         ml_format(title, sizeof title, "Importing %s is slow", name));
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 65);
    ml_confidence(finding, unit->exact                     ? ML_CONFIDENCE_HIGH
                           : unit->samples >= SAMPLES_SURE ? ML_CONFIDENCE_MEDIUM
                                                           : ML_CONFIDENCE_LOW);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, unit->self_ns);
    ml_fingerprint(finding, name);
    ml_message(finding, "importing %s took %s of its own, from %s on", name,
               ml_format_duration(self, unit->self_ns),
               ml_format_time(start, unit->first->start_ns));
    put_evidence(finding, from, unit);
    if (worked < 0.5)
        ml_evidence(finding,
                    "For %.0f %% of that time, the thread was ready to run and lacked a core.",
                    (1 - worked) * 100);
    if (!unit->is_used)
        ml_evidence(finding, "No function of it was seen running outside of imports.");
    put_places_and_next(finding, from, unit);
    ml_limits(
        finding,
        "It is no waste if every run needs the module, or if the program does its work at the "
        "top level of that module on purpose. A first import after an installation also "
        "compiles, and the disk may have been cold.");
    return ml_end(finding, "A module that took long to import.");
}

/* ---------------------------------------------------------------- the rest of the document */

static void put_import(ml_draft table, const ml_model *model, const import *one)
{
    uint32_t frame = ml_stack_own_frame(model, imports_asking_frame(model, one->stack));
    char place[300];
    ml_format(place, sizeof place, "%.250s:%u",
              ml_base_name(ml_function_file(model, ml_stack_function(model, frame))),
              (unsigned)ml_stack_line(model, frame));
    ml_cell_text(table, one->name);
    ml_cell_number(table, one->self_ns);
    ml_cell_number(table, one->total_ns);
    ml_cell_number(table, one->start_ns);
    if (frame)
        ml_cell_text(table, place);
    else
        ml_cell_null(table);
}

static ml_status find_longest(const imports *from, largest *out)
{
    double *times = (double *)ml_alloc(from->host, from->count, sizeof *times);
    if (!times)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for %zu imports", from->count);
    for (size_t i = 0; i < from->count; i++)
        times[i] = (double)from->all[i].total_ns;
    *out = largest_of(times, from->count, TABLE_ROWS_MAX);
    return ML_OK;
}

static ml_status end_table(ml_draft table, size_t left_out, double least_ns)
{
    char text[512], count[ML_NUMBER_MAX], least[ML_NUMBER_MAX];
    size_t length = (size_t)snprintf(
        text, sizeof text,
        "What was imported, how long that took itself and with all that it imported, and the line "
        "of the project that it came from.");
    if (left_out)
        ml_format(text + length, sizeof text - length,
                  " Left out: %s imports that took %s or less with all that they imported.",
                  ml_format_count(count, left_out), ml_format_duration(least, (uint64_t)least_ns));
    return ml_end(table, text);
}

static ml_status put_table(const imports *from)
{
    largest longest = {0, 0};
    size_t left_out = 0;
    ml_status status = find_longest(from, &longest);
    ml_draft table;
    if (status != ML_OK)
        return status;
    table = ml_table_begin(from->host, "imports", "Imports by their own time");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 35);
    ml_table_column(table, "module", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "self", ML_TYPE_DURATION, ML_REDUCE_MAX);
    ml_table_column(table, "total", ML_TYPE_DURATION, ML_REDUCE_MAX);
    ml_table_column(table, "start", ML_TYPE_TIME, ML_REDUCE_MIN);
    ml_table_column(table, "imported by", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 1, ROWS_SHOWN);
    for (size_t i = 0; i < from->count; i++) {
        if (largest_take(&longest, (double)from->all[i].total_ns))
            put_import(table, from->model, &from->all[i]);
        else
            left_out++;
    }
    return end_table(table, left_out, longest.least);
}

static ml_status put_clean(const imports *from)
{
    char text[512], count[ML_NUMBER_MAX], least[ML_NUMBER_MAX];
    ml_format(
        text, sizeof text,
        "Checked %s imports: none took %s and %d %% of %s by itself. What was imported before "
        "recording began is not known.",
        ml_format_count(count, from->count),
        ml_format_duration(least, (uint64_t)ml_option_as_int(from->host, "min-time")),
        (int)(LEAST_SHARE * 100 + 0.5),
        from->model->duration_ns < START_NS ? "the run" : "its first 10 s");
    return ml_put_text(from->host, "clean", "Imports", text);
}

static ml_status run(const ml_host *host, void *self)
{
    imports found;
    const import_unit *unit = NULL;
    ml_status status = imports_find(host, &found);
    int put = 0;
    (void)self;
    while (status == ML_OK && put < FINDINGS_MAX && (unit = next_slowest(&found, unit)) != NULL) {
        status = put_slow(&found, unit);
        put++;
    }
    if (status == ML_OK && put == 0)
        status = put_clean(&found);
    if (status == ML_OK && found.top_ns)
        status = ml_put_metric(host, 30, "import-time", "imports", ML_TYPE_DURATION,
                               (double)found.top_ns, 1, ML_REDUCE_MAX);
    return status == ML_OK && found.count ? put_table(&found) : status;
}

static const ml_option options[] = {
    ML_OPTION("min-time", ML_OPTION_DURATION, "100ms", 0, 0,
              "least time of its own that makes an import slow"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS("startup", "1.0", "Imports", "imports that take long", options, run)
