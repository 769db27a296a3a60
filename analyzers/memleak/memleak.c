/* memleak: does the program's memory grow, which objects, and where?
 *
 * Two things are looked at: the censuses of Python's objects by type, and the resident memory of the process, read once a
 * second. What both grow by is Python's; what only the second grows by is native: of libraries, buffers, or fragments.
 *
 * memleak/objects-grow: objects of a type are more from census to census after the warm-up (a tenth of the run, at least
 *   1 s, and until the last import of 20 ms or more in the first half: modules fill memory). Threshold: at least eight
 *   censuses; Sen's slope, of which the 99 % interval is above zero; growth by that slope of at least 1 % and 100 KB; steps
 *   up that are no chance at 1 %: of up to ten by how large they are (signed-rank test), of more by how many (sign test). A
 *   warning if all such types grow by 10 % of the heap and 1 MB, else a note. With four to seven censuses a note of low
 *   confidence, if a type is more at each of them.
 * memleak/growth: the resident memory grows, by the same rules from 1 MB on, and not because of these objects (they make
 *   less than half of it). A warning from 10 % and 10 MB on, else a note. High confidence from 30 readings on.
 *   Guards: readings and censuses of a process that is about to end (common/ending.h) count nowhere: what main's
 *   variables held is freed by then. If the last third grows by less than a quarter of the slope, memory has reached its
 *   level, as a cache or an allocator does: no finding. Medians keep single jumps from making a slope.
 *   Where: the lines that made an object when new memory had to be mapped for it, if what was mapped is half of the growth;
 *   each with a fifth of it is a place, since what is made for a moment may be what room lacks for. Else each step up is
 *   shared out among the lines that ran in that second, which shows what was there, not what did it: named are those with a
 *   tenth of the growth and 1.3 times the share of it that they have of the running time, or with four fifths of it; what
 *   always runs beside others is not. Before these, the function whose cache or closure holds the type that makes half of the growth
 *   is the place, where the recording's end says so.
 *   What it cannot know: whether growth is meant; memory that is swapped out, or was freed and not given back to the
 *   system.
 */
#include "allocations.h"
#include "objects.h"

enum { READINGS_SURE = 30, SUSPECTS_MAX = 3, ROWS_SHOWN = 10 };

static const double WARNING_SHARE = 0.10, WARNING_BYTES = 1e7;
static const double SUSPECT_SHARE = 0.10, SUSPECT_LIFT = 1.3, SUSPECT_ALONE = 0.8;

/* ---------------------------------------------------------------- the finding */

static void put_trend(ml_draft finding, const ml_model *model, const growth *about)
{
    const ml_counters *counters = model->counters;
    uint64_t last = about->first + about->points - 1;
    char from[ML_NUMBER_MAX], to[ML_NUMBER_MAX], start[ML_NUMBER_MAX], end[ML_NUMBER_MAX];
    ml_evidence(finding,
                "%s at %s, %s at %s: %zu readings behind the warm-up, of which %zu are higher than "
                "the one before and %zu lower (%s: chance %.2g).",
                ml_format_bytes(from, (uint64_t)counters->value[about->first]),
                ml_format_time(start, about->start_ns),
                ml_format_bytes(to, (uint64_t)counters->value[last]),
                ml_format_time(end, about->end_ns), about->points, about->steps_up,
                about->steps_down, about->step_test, about->step_chance);
    ml_evidence(
        finding,
        "Slope %.3g MB a minute (99 %%: %.3g to %.3g); in the last third %.3g, so it has not "
        "come to a level.",
        about->all.slope * 60 / 1e6, about->all.likely.low * 60 / 1e6,
        about->all.likely.high * 60 / 1e6, about->last_slope * 60 / 1e6);
}

static void put_collector(ml_draft finding, const ml_model *model, const growth *about)
{
    const ml_counters *counters = model->counters;
    static const char *const names[3] = {"gc_collections", "gc_collected", "gc_uncollectable"};
    long long since[3];
    for (int i = 0; i < 3; i++) {
        uint32_t counter = counter_find(model, names[i], about->process);
        uint64_t first;
        if (counter == ML_NONE)
            return;
        first = counters->first[counter];
        since[i] = (long long)(counters->value[first + counters->points[counter] - 1] -
                               counters->value[first]);
    }
    ml_evidence(finding,
                "The garbage collector ran %lld times, freed %lld objects and left %lld that it "
                "could not free%s.",
                since[0], since[1], since[2],
                since[0] > 0 && since[2] == 0
                    ? ": what grows is still referred to, or is no Python object"
                    : "");
}

/* Was it there when memory grew faster than at other times, or is there hardly another? What is always there among
 * others says nothing. */
static int is_suspect(const suspects *found, const suspect *one)
{
    return one->bytes > 0 && one->bytes >= found->bytes * SUSPECT_SHARE &&
           (one->bytes >= found->bytes * SUSPECT_ALONE ||
            one->bytes * found->time >= one->time * found->bytes * SUSPECT_LIFT);
}

static void put_suspects(ml_draft finding, const ml_model *model, const suspects *found)
{
    for (size_t i = 0, put = 0; i < found->count && put < SUSPECTS_MAX; i++) {
        const suspect *one = &found->all[i];
        char bytes[ML_NUMBER_MAX], of_time[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
        if (!is_suspect(found, one))
            continue;
        put++;
        ml_evidence(finding,
                    "%s (%s of the growth) came in seconds in which %s (%s:%u) was seen, which has "
                    "%s of the running time: consistent with growth there.",
                    ml_format_bytes(bytes, (uint64_t)one->bytes),
                    ml_format_ratio(share, one->bytes / found->bytes),
                    ml_function_name(model, one->function),
                    ml_base_name(ml_function_file(model, one->function)), (unsigned)one->line,
                    ml_format_ratio(of_time, one->time / found->time));
    }
}

/* How much of the growth are Python's objects? */
static void put_python(ml_draft finding, const growth *about, const heap_types *types)
{
    double python = types->total.grown_bytes > 0 ? types->total.grown_bytes : 0;
    char bytes[ML_NUMBER_MAX], rest[ML_NUMBER_MAX];
    if (types->total.points < POINTS_LEAST)
        return;
    ml_evidence(
        finding,
        "By %zu censuses Python's objects grew by %s in themselves: %s of the growth is native, "
        "that is memory of libraries, buffers, or fragments.",
        types->total.points, ml_format_bytes(bytes, (uint64_t)python),
        ml_format_bytes(rest,
                        (uint64_t)(about->grown_bytes > python ? about->grown_bytes - python : 0)));
}

static const suspect *first_suspect(const suspects *found)
{
    for (size_t i = 0; i < found->count; i++)
        if (is_suspect(found, &found->all[i]))
            return &found->all[i];
    return NULL;
}

static void put_place(ml_draft finding, const ml_model *model, const growth *about,
                      const suspect *first)
{
    if (!first) {
        ml_evidence(
            finding,
            "Where it grows is not known: no line was there when it grew faster, and blocks "
            "of more than 512 bytes are not seen as they are made.");
        return;
    }
    ml_location_of_function(finding, first->function, first->line);
    ml_set_number(finding, ML_FIELD_START, about->start_ns);
    ml_set_number(finding, ML_FIELD_END, about->end_ns);
    ml_next(
        finding,
        "Look for a list, dictionary, cache or global that only grows in what %s (%s:%u) calls.",
        ml_function_name(model, first->function),
        ml_base_name(ml_function_file(model, first->function)), (unsigned)first->line);
}

static ml_status put_growth(const ml_host *host, const growth *about, const heap_types *types)
{
    const ml_model *model = ml_get_model(host);
    int is_warning = about->grown_bytes >= WARNING_BYTES &&
                     about->grown_bytes >= about->median_bytes * WARNING_SHARE;
    char key[64], grown[ML_NUMBER_MAX], span[ML_NUMBER_MAX], pid[40] = "";
    suspects found;
    int placed = 0;
    ml_status status = growth_suspects(host, about, &found);
    if (status != ML_OK)
        return status;
    if (model->processes->count > 1)
        ml_format(pid, sizeof pid, " of process %u",
                  (unsigned)model->processes->pid[about->process]);
    ml_draft finding = ml_finding_begin(
        host, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "growth",
        ml_format(key, sizeof key, "growth:%u", (unsigned)about->process), "Memory grows");
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 80);
    ml_confidence(finding,
                  about->points >= READINGS_SURE ? ML_CONFIDENCE_HIGH : ML_CONFIDENCE_MEDIUM);
    ml_set_number(finding, ML_FIELD_IMPACT_BYTES, (uint64_t)about->grown_bytes);
    ml_fingerprint(finding, "rss");
    ml_message(
        finding,
        "memory%s grows by %.3g MB a minute after the warm-up (99 %%: %.3g to %.3g): by %s in %s",
        pid, about->all.slope * 60 / 1e6, about->all.likely.low * 60 / 1e6,
        about->all.likely.high * 60 / 1e6, ml_format_bytes(grown, (uint64_t)about->grown_bytes),
        ml_format_duration(span, about->end_ns - about->start_ns));
    put_trend(finding, model, about);
    put_python(finding, about, types);
    objects_put_types(finding, model, types);
    status = allocations_put(host, finding, about);
    if (status == ML_OK)
        status = objects_put_sites(host, finding, about, &placed);
    if (status != ML_OK)
        return status;
    put_suspects(finding, model, &found);
    put_collector(finding, model, about);
    if (!placed && !objects_put_holder(finding, model, types, about, first_suspect(&found) == NULL))
        put_place(finding, model, about, first_suspect(&found));
    ml_next(finding, "Record with --allocations on for the lines that allocate what stays.");
    ml_limits(finding,
              "It is the resident memory of the whole process. It is no leak if it is meant "
              "to grow, as a cache does before it is full.");
    return ml_end(finding, "The memory of the process grows and does not come to a level.");
}

/* ---------------------------------------------------------------- the rest of the document */

static ml_status put_clean(const ml_host *host, const growth *about, const heap_types *types)
{
    char text[700], slope[80] = "", census[120] = "There was no census of objects by type.";
    if (about->points >= POINTS_LEAST)
        ml_format(slope, sizeof slope, " (slope %.3g MB a minute)", about->all.slope * 60 / 1e6);
    if (types->total.points)
        ml_format(census, sizeof census, "No type of objects grows, by %zu censuses.",
                  types->total.points);
    if (about->points < POINTS_LEAST)
        ml_format(text, sizeof text,
                  "Nothing can be said about leaks: there are %zu readings of memory behind the "
                  "warm-up, and %d are needed, one a second. Record a longer run. %s",
                  about->points, POINTS_LEAST, census);
    else
        ml_format(text, sizeof text,
                  "Memory does not leak as far as can be told: %s, in %zu readings behind the "
                  "warm-up%s. %s",
                  about->reason, about->points, slope, census);
    return ml_put_text(host, "clean", "Memory", text);
}

/* The table of readings, for the chart, of all processes. */
static ml_status put_readings(const ml_host *host, const growth *each)
{
    const ml_model *model = ml_get_model(host);
    const ml_counters *counters = model->counters;
    ml_draft table = ml_table_begin(host, "readings", "Resident memory, reading by reading");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 10);
    ml_table_column(table, "process", ML_TYPE_INT, ML_REDUCE_NONE);
    ml_table_column(table, "time", ML_TYPE_TIME, ML_REDUCE_NONE);
    ml_table_column(table, "memory", ML_TYPE_BYTES, ML_REDUCE_NONE);
    ml_set_number(table, ML_FIELD_LIMIT, ROWS_SHOWN);
    for (uint32_t i = 0; i < model->processes->count; i++) {
        if (each[i].counter == ML_NONE)
            continue;
        for (uint64_t k = 0; k < counters->points[each[i].counter]; k++) {
            uint64_t point = counters->first[each[i].counter] + k;
            ml_cell_int(table, (int64_t)model->processes->pid[i]);
            ml_cell_number(table, counters->time_ns[point]);
            ml_cell_number(table,
                           counters->value[point] > 0 ? (uint64_t)counters->value[point] : 0);
        }
    }
    return ml_end(table, "The resident memory of the program, once a second.");
}

static ml_status put_chart(const ml_host *host)
{
    ml_draft chart = ml_block_begin(host, ML_BLOCK_CHART, "memory", "Resident memory over time");
    ml_set_number(chart, ML_FIELD_IMPORTANCE, 30);
    ml_set_number(chart, ML_FIELD_SHAPE, ML_CHART_LINE);
    ml_set_text(chart, ML_FIELD_TABLE, "readings");
    ml_set_text(chart, ML_FIELD_X, "time");
    ml_add(chart, ML_LIST_Y, "memory");
    return ml_end(chart, "The resident memory of the program over time.");
}

/* Does what was said of objects tell why memory grows? */
static int is_said(const growth *about, const heap_types *types, int objects)
{
    return about->reason || (objects && types->total.points >= POINTS_LEAST &&
                             types->total.grown_bytes * 2 >= about->grown_bytes);
}

/* What a process has to say; `*said` is raised if there is a finding. */
static ml_status look(const ml_host *host, uint32_t process, growth *about, heap_types *types,
                      int *said)
{
    int objects = 0;
    ml_status status = growth_look(host, "rss", process, about);
    if (status == ML_OK)
        status = heap_types_find(host, process, types);
    /* What few censuses hint at is part of the finding on memory, if there is one. */
    if (status == ML_OK && (about->reason || types->total.points >= POINTS_LEAST))
        status = objects_put_finding(host, types, &objects);
    *said |= objects || !about->reason;
    return status != ML_OK || is_said(about, types, objects) ? status
                                                             : put_growth(host, about, types);
}

static ml_status run(const ml_host *host, void *self)
{
    const ml_model *model = ml_get_model(host);
    uint32_t count = model->processes->count;
    growth *each = (growth *)ml_alloc(host, count, sizeof *each);
    heap_types *types = (heap_types *)ml_alloc(host, count, sizeof *types);
    ml_status status = ML_OK;
    int said = 0, has_readings = 0, has_types = 0;
    (void)self;
    if (!each || !types)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %u processes", (unsigned)count);
    for (uint32_t i = 0; status == ML_OK && i < count; i++) {
        status = look(host, i, &each[i], &types[i], &said);
        has_readings |= each[i].counter != ML_NONE;
        has_types |= types[i].count != 0;
    }
    if (status == ML_OK && !said && count)
        status = put_clean(host, &each[0], &types[0]);
    if (status == ML_OK && has_types)
        status = objects_put_table(host, types);
    if (status == ML_OK && has_readings)
        status = put_readings(host, each);
    return status == ML_OK && has_readings ? put_chart(host) : status;
}

ML_DEFINE_ANALYZER("memleak", "1.0", "Memory leaks", "memory that grows and does not stop", run)
