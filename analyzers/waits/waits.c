/* waits: what threads wait for, and whether that holds the program up.
 *
 * Time off the CPU by thread, place and cause. The cause is what the innermost functions of the standard library say
 * (common/waiting.h), else the recorded state where the recorder knew it, else "not known".
 *
 * waits/mostly-waiting: one line of the main flow waited, with the CPU idle. Threshold: 20 % of the run
 *   (`min-share`) and 500 ms, per thread that waited there; the process used at most half a core meanwhile by
 *   its counters, its threads were running for at most half of the time by their samples, and the thread that waited
 *   used a tenth of a core at most. A warning if the cause is known or there are ten stretches, else a note; of waits
 *   for a child process it takes ten stretches, for one is how a program leaves its work to another. A note, too, if two
 *   threads or more wait there at a time, on average: what could be done about it, to let waits overlap, has been done.
 *   At most three, longest first.
 *   Guards: a wait for work (a queue, an event loop, accept), for an event or for the interpreter's lock is none. Other
 *   threads than the main one only count while the main thread waits for threads, so a thread that waits for
 *   its next task is no finding.
 * waits/loop-blocked: a line waited inside of a callback of asyncio's event loop, and nothing else of that loop ran.
 *   Threshold: waits of 100 ms in a row (what asyncio itself calls a slow callback: slow_callback_duration), together 5 % of
 *   the run and 200 ms, nine tenths of what the line waited inside of callbacks. A warning from three stretches on, else a
 *   note, for a loop that has one thing to do is not held up. Such a line is not told again as mostly waiting.
 *   Guards: the loop's own wait for events is none, nor is a wait for the interpreter's lock. What it cannot know: callbacks
 *   that compute for long (several in a row look like one), whether other tasks were ready, loops in C (uvloop).
 * waits/lock: threads waited at one line for a lock. Threshold: 10 % of the run and 200 ms together, at least two
 *   threads, three stretches a thread; or, at a line `with name:`, half of the life of the threads that waited there, and
 *   500 ms of each. A warning; a note of low confidence if the source of the line is not at hand.
 *   Guards: by a thread's state alone, a wait for the next piece of work in native code (queue.SimpleQueue.get) is one for a
 *   lock, so the line must take one: by `with`, by acquire(), or in a function of the standard library that does. If
 *   the function waits for work itself for half of that time, the threads take turns in being idle.
 * waits/gil-contention: two threads or more computed at the same time on one core's worth of CPU. Threshold: see gil.h;
 *   together 1 s and 20 % of the run. Counters and samples must agree. Threads that wait for the interpreter's lock
 *   only to go on with their IO do not compute.
 *   What it cannot know: native code that waits has no frame (time.sleep, recv of a bare socket), so its
 *   cause is only known where the recorder saw it; who holds a lock; whether the machine was busy otherwise.
 */
#include "common/counters.h"
#include "common/thread_rows.h"
#include "gil.h"
#include "locks.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 3, STRETCHES_MANY = 10, STRETCHES_LEAST = 3, ROWS_SHOWN = 10 };

static const uint64_t WAIT_LEAST_NS = 500000000;
static const uint64_t GIL_LEAST_NS = 1000000000;
static const double GIL_SHARE = 0.20;
static const double IDLE_CORE = 0.5, IDLE_THREAD = 0.1;
static const double SIDE_BY_SIDE = 2; /* threads */
static const uint64_t LOOP_SLOW_NS = 100000000, LOOP_LEAST_NS = 200000000;
static const double LOOP_SHARE = 0.05;

static int compare_by_flow(const void *left, const void *right)
{
    const place *a = (const place *)left, *b = (const place *)right;
    uint64_t one = a->sum.flow_ns ? a->sum.flow_ns / a->threads : 0;
    uint64_t other = b->sum.flow_ns ? b->sum.flow_ns / b->threads : 0;
    if (one != other)
        return one > other ? -1 : 1;
    if (a->sum.first_ns != b->sum.first_ns)
        return a->sum.first_ns < b->sum.first_ns ? -1 : 1;
    if (a->sum.function != b->sum.function)
        return a->sum.function < b->sum.function ? -1 : 1;
    if (a->sum.line != b->sum.line)
        return a->sum.line < b->sum.line ? -1 : 1;
    return (int)a->sum.cause - (int)b->sum.cause;
}

/* ---------------------------------------------------------------- mostly waiting */

/* How much of its waiting a thread may use of CPU. The sample that begins a stretch also has what the thread used since the
 * one before, when it was not waiting yet: half a period in the mean, which is much where stretches are short. */
static double idle_thread_share(const wait_sites *from, const place *one)
{
    double edges = (double)one->stretches * (double)from->model->period_ns / 2;
    double share = IDLE_THREAD + edges / (double)one->sum.waiting_ns;
    return share < IDLE_CORE ? share : IDLE_CORE;
}

static int is_idle(const wait_sites *from, const place *one)
{
    int counters_agree =
        !from->has_counters || (double)one->sum.flow_cpu_ns <= (double)one->sum.flow_ns * IDLE_CORE;
    return counters_agree &&
           (double)one->sum.flow_running_ns <= (double)one->sum.flow_ns * IDLE_CORE &&
           (double)one->sum.cpu_ns <= (double)one->sum.waiting_ns * idle_thread_share(from, one);
}

static int blocks_loop(const wait_sites *from, const place *one)
{
    return one->sum.loop_ns >= LOOP_LEAST_NS && one->sum.longest_ns >= LOOP_SLOW_NS &&
           one->sum.loop_ns * 10 >= one->sum.waiting_ns * 9 &&
           (double)one->sum.loop_ns >= (double)from->model->duration_ns * LOOP_SHARE;
}

static int is_waiting(const wait_sites *from, const place *one)
{
    double least = (double)from->model->duration_ns * ml_option_as_real(from->host, "min-share");
    uint64_t each = one->threads ? one->sum.flow_ns / one->threads : 0;
    return one->sum.cause != WAIT_LOCK && !blocks_loop(from, one) && each >= WAIT_LEAST_NS &&
           (double)each >= least && is_idle(from, one);
}

/* How many threads wait there at a time, on average from the first wait to the last. */
static double at_a_time(const place *one)
{
    uint64_t span = one->sum.last_ns - one->sum.first_ns;
    return span ? (double)one->sum.flow_ns / (double)span : 0;
}

static void put_cpu(ml_draft finding, const wait_sites *from, const place *one)
{
    char process[ML_NUMBER_MAX], thread[ML_NUMBER_MAX], most[ML_NUMBER_MAX];
    ml_format_ratio(most, idle_thread_share(from, one));
    ml_format_ratio(process, (double)one->sum.flow_cpu_ns / (double)one->sum.flow_ns);
    ml_format_ratio(thread, (double)one->sum.cpu_ns / (double)one->sum.waiting_ns);
    if (from->has_counters)
        ml_evidence(finding,
                    "CPU meanwhile: the process %s of a core by its counters, the thread %s by its "
                    "samples; threshold: 50 %% and %s.",
                    process, thread, most);
    else
        ml_evidence(finding, "CPU of the thread meanwhile: %s, by its samples alone.", thread);
}

static void put_cause_and_next(ml_draft finding, const ml_model *model, const place *one)
{
    const char *file = ml_base_name(ml_function_file(model, one->sum.function));
    unsigned line = (unsigned)one->sum.line;
    switch (one->sum.cause) {
    case WAIT_IO:
        ml_evidence(finding, "It waited for IO.");
        ml_next(finding, "Do the IO at %s:%u in fewer, larger pieces, or several at a time.", file,
                line);
        break;
    case WAIT_CHILD:
        ml_evidence(finding, "It waited for a child process.");
        ml_next(finding, "Do something else while the process at %s:%u runs, or make it faster.",
                file, line);
        break;
    case WAIT_SLEEP:
        ml_evidence(finding, "It slept.");
        ml_next(finding,
                "Wait at %s:%u for what is wanted (an event, a file descriptor), not for "
                "time to pass.",
                file, line);
        break;
    default:
        ml_evidence(finding, "What it waited for is not known: consistent with native code that "
                             "sleeps, reads, or takes a lock.");
        ml_next(finding,
                "Look at the call at %s:%u: overlap what it waits for, or ask for more at "
                "a time.",
                file, line);
    }
}

static ml_status put_waiting(const wait_sites *from, const place *one)
{
    const ml_model *model = from->model;
    int is_known = one->sum.cause != WAIT_UNKNOWN;
    int is_warning = at_a_time(one) < SIDE_BY_SIDE && (one->stretches >= STRETCHES_MANY ||
                                                       (is_known && one->sum.cause != WAIT_CHILD));
    const char *name = ml_function_name(model, one->sum.function);
    uint64_t each = one->sum.flow_ns / one->threads;
    char title[512], waits[ML_NUMBER_MAX], all[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    ml_format(title, sizeof title, "%s waits", name);
    ml_draft finding = places_begin(from, one, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE,
                                    "mostly-waiting", title);
    ml_confidence(finding, !is_known            ? ML_CONFIDENCE_LOW
                           : from->has_counters ? ML_CONFIDENCE_HIGH
                                                : ML_CONFIDENCE_MEDIUM);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, each);
    ml_format_ratio(share, (double)each / (double)model->duration_ns);
    ml_message(finding, "%s (%s:%u) waits %s of %s (%s) with the CPU idle%s", name,
               ml_base_name(ml_function_file(model, one->sum.function)), (unsigned)one->sum.line,
               ml_format_duration(waits, each), ml_format_duration(all, model->duration_ns), share,
               one->threads > 1 ? ", in each of several threads" : "");
    places_put_stretches(finding, from, one);
    put_cpu(finding, from, one);
    if (at_a_time(one) >= SIDE_BY_SIDE)
        ml_evidence(finding,
                    "On average %.1f threads wait there at a time, so the waits overlap already.",
                    at_a_time(one));
    put_cause_and_next(finding, model, one);
    places_put_location(finding, model, one);
    ml_limits(finding, "Waits that follow each other directly look like one. It is no fault if the "
                       "program is meant to wait there, and it is wrong if the process was stopped "
                       "or throttled.");
    return ml_end(finding, "The program waits there with the CPU idle.");
}

static ml_status put_waits(const wait_sites *from, size_t *found)
{
    places all;
    ml_status status = places_find(from, 1, &all);
    size_t before = *found;
    if (status != ML_OK)
        return status;
    qsort(all.all, all.count, sizeof *all.all, compare_by_flow);
    for (size_t i = 0; status == ML_OK && i < all.count && *found < before + FINDINGS_MAX; i++) {
        if (!is_waiting(from, &all.all[i]))
            continue;
        status = put_waiting(from, &all.all[i]);
        ++*found;
    }
    return status;
}

/* ---------------------------------------------------------------- event loops */

static ml_status put_blocked(const wait_sites *from, const place *one)
{
    const ml_model *model = from->model;
    uint32_t level = one->stretches >= STRETCHES_LEAST ? ML_LEVEL_WARNING : ML_LEVEL_NOTE;
    const char *name = ml_function_name(model, one->sum.function);
    const char *file = ml_base_name(ml_function_file(model, one->sum.function));
    char title[512], waits[ML_NUMBER_MAX], share[ML_NUMBER_MAX], longest[ML_NUMBER_MAX];
    ml_format(title, sizeof title, "%s holds up the event loop", name);
    ml_draft finding = places_begin(from, one, level, "loop-blocked", title);
    ml_confidence(finding,
                  one->sum.cause == WAIT_UNKNOWN ? ML_CONFIDENCE_MEDIUM : ML_CONFIDENCE_HIGH);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, one->sum.loop_ns);
    ml_format_ratio(share, (double)one->sum.loop_ns / (double)model->duration_ns);
    ml_message(finding,
               "%s (%s:%u) waits %s (%s of the run) inside of the event loop, up to %s in a row: "
               "nothing else of the loop runs meanwhile",
               name, file, (unsigned)one->sum.line, ml_format_duration(waits, one->sum.loop_ns),
               share, ml_format_duration(longest, one->sum.longest_ns));
    places_put_stretches(finding, from, one);
    ml_evidence(finding, "What it waited for: %s. Threshold: 100 ms in a row, and 5 %% of the run.",
                wait_word(one->sum.cause));
    ml_next(finding,
            "At %s:%u await what does not block instead, or hand the call to a thread "
            "(asyncio.to_thread, loop.run_in_executor).",
            file, (unsigned)one->sum.line);
    places_put_location(finding, model, one);
    ml_limits(finding, "Waits that follow each other directly look like one. It is no fault while "
                       "the loop has nothing else to do.");
    return ml_end(finding, "A callback of the event loop waits, and all other tasks with it.");
}

/* ---------------------------------------------------------------- the interpreter's lock */

static void put_switches(ml_draft finding, const ml_model *model, const gil_contention *one)
{
    uint32_t counter = counter_find(model, "switches_voluntary", one->process);
    const ml_counters *counters = model->counters;
    uint64_t first, last;
    if (counter == ML_NONE || counters->points[counter] < 2)
        return;
    first = counters->first[counter];
    last = first + counters->points[counter] - 1;
    ml_evidence(finding,
                "The process gave up the CPU of its own will %lld times between %.2f s and "
                "%.2f s: a thread that waits for the interpreter's lock does so all the time.",
                (long long)(counters->value[last] - counters->value[first]),
                (double)counters->time_ns[first] / 1e9, (double)counters->time_ns[last] / 1e9);
}

static ml_status put_contention(const wait_sites *from, const gil_contention *one)
{
    const ml_model *model = from->model;
    int is_known = one->known_ns * 2 > one->waiting_ns;
    char function[ML_FUNCTION_KEY_MAX], key[300], waits[ML_NUMBER_MAX], during[ML_NUMBER_MAX],
        cpu[ML_NUMBER_MAX], known[ML_NUMBER_MAX];
    ml_format(key, sizeof key, "gil-contention:%s",
              ml_function_key(function, model, one->function, one->line));
    ml_draft finding = ml_finding_begin(from->host, ML_LEVEL_WARNING, "gil-contention", key,
                                        "Threads share the interpreter's lock");
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 75);
    ml_confidence(finding, is_known ? ML_CONFIDENCE_HIGH : ML_CONFIDENCE_MEDIUM);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, one->waiting_ns / one->threads);
    ml_fingerprint(finding, ml_module_name(model, ml_function_module(model, one->function)));
    ml_fingerprint(finding, ml_function_name(model, one->function));
    ml_message(finding,
               "%u threads computed at the same time for %s and were off the CPU for %s of "
               "it together, mostly in %s",
               (unsigned)one->threads, ml_format_duration(during, one->time_ns),
               ml_format_duration(waits, one->waiting_ns), ml_function_name(model, one->function));
    ml_format_ratio(cpu, one->cpu_ns / (double)one->time_ns);
    ml_evidence(finding,
                "The process used %s of a core meanwhile by its counters; threshold: at most "
                "130 %%, with two threads running for 10 %% or more.",
                cpu);
    ml_evidence(finding,
                "For %s of the waiting, the recorder saw that it was for the interpreter's "
                "lock; the rest is consistent with it.",
                ml_format_duration(known, one->known_ns));
    put_switches(finding, model, one);
    ml_next(finding,
            "Do the work of %s in processes (multiprocessing, ProcessPoolExecutor), or in a "
            "library that lets go of the lock: threads do not make it faster.",
            ml_function_name(model, one->function));
    ml_location_of_function(finding, one->function, one->line);
    ml_set_number(finding, ML_FIELD_START, one->first_ns);
    ml_set_number(finding, ML_FIELD_END, one->last_ns);
    ml_limits(finding, "It looks the same if the process may use only one core, or if others kept "
                       "the machine busy.");
    return ml_end(finding, "Threads that compute take turns.");
}

static ml_status put_contentions(const wait_sites *from, size_t *found)
{
    ml_status status = ML_OK;
    for (uint32_t i = 0; status == ML_OK && i < from->model->processes->count; i++) {
        gil_contention one;
        status = gil_look(from, i, &one);
        if (status != ML_OK || one.time_ns < GIL_LEAST_NS || one.function == ML_NONE ||
            (double)one.time_ns < (double)from->model->duration_ns * GIL_SHARE)
            continue;
        status = put_contention(from, &one);
        ++*found;
        break; /* one a run: other processes of a pool would say the same */
    }
    return status;
}

/* ---------------------------------------------------------------- tables */

static ml_status put_threads(const wait_sites *from, const thread_rows *rows)
{
    const ml_model *model = from->model;
    uint64_t(*sums)[WAIT_CAUSES] =
        (uint64_t(*)[WAIT_CAUSES])ml_alloc(from->host, rows->count, sizeof *sums);
    ml_draft table;
    if (!sums)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for a table of threads");
    for (uint32_t i = 0; i < model->threads->count; i++)
        for (int cause = WAIT_NONE; cause < WAIT_CAUSES; cause++)
            sums[rows->row[i]][cause] += from->threads[i][cause];
    table = ml_table_begin(from->host, "threads", "What threads waited for");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 35);
    ml_table_column(table, "thread", ML_TYPE_TEXT, ML_REDUCE_KEY);
    for (int cause = WAIT_NONE; cause < WAIT_CAUSES; cause++)
        ml_table_column(table, wait_word((wait_cause)cause), ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_show(table, 1, ROWS_SHOWN);
    for (uint32_t i = 0; i < rows->count; i++) {
        ml_cell_text(table, rows->name[i]);
        for (int cause = WAIT_NONE; cause < WAIT_CAUSES; cause++)
            ml_cell_number(table, sums[i][cause]);
    }
    return thread_rows_end(table, rows, "For each thread, the time it ran, and waited for what.");
}

/* What a row of the table of places tells: of one thread, or of several that share a row. */
typedef struct place_sum {
    uint64_t waiting_ns, stretches, longest_ns;
} place_sum;

static void put_place(ml_draft table, const wait_site *at, const char *thread, const place_sum *sum)
{
    ml_cell_function(table, at->function);
    ml_cell_int(table, at->line);
    ml_cell_text(table, wait_word(at->cause));
    ml_cell_text(table, thread);
    ml_cell_number(table, sum->waiting_ns);
    ml_cell_int(table, (int64_t)sum->stretches);
    ml_cell_number(table, sum->longest_ns);
}

/* Puts the rows of one line and cause, the sites from `first` on; returns where the next begin. `sums`, by row of threads, is
 * zeroed before and after; `used` has room for as many. */
static size_t put_place_rows(ml_draft table, const wait_sites *from, const thread_rows *rows,
                             size_t first, place_sum *sums, uint32_t *used)
{
    const wait_site *at = &from->sites[first];
    size_t end = first, count = 0;
    for (; end < from->count; end++) {
        const wait_site *one = &from->sites[end];
        place_sum *sum = &sums[rows->row[one->thread]];
        if (one->function != at->function || one->line != at->line || one->cause != at->cause)
            break;
        if (sum->stretches == 0)
            used[count++] = rows->row[one->thread];
        sum->waiting_ns += one->waiting_ns;
        sum->stretches += one->stretches;
        sum->longest_ns = one->longest_ns > sum->longest_ns ? one->longest_ns : sum->longest_ns;
    }
    for (size_t i = 0; i < count; i++) {
        put_place(table, at, rows->name[used[i]], &sums[used[i]]);
        memset(&sums[used[i]], 0, sizeof *sums);
    }
    return end;
}

static ml_status put_table(const wait_sites *from, const thread_rows *rows)
{
    place_sum *sums = (place_sum *)ml_alloc(from->host, rows->count, sizeof *sums);
    uint32_t *used = (uint32_t *)ml_alloc(from->host, rows->count, sizeof *used);
    ml_draft table;
    if (!sums || !used)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for a table of places");
    table = ml_table_begin(from->host, "places", "Where threads waited");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 45);
    ml_table_column(table, "function", ML_TYPE_FUNCTION, ML_REDUCE_KEY);
    ml_table_column(table, "line", ML_TYPE_INT, ML_REDUCE_KEY);
    ml_table_column(table, "for", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "thread", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "waiting", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "stretches", ML_TYPE_INT, ML_REDUCE_SUM);
    ml_table_column(table, "longest", ML_TYPE_DURATION, ML_REDUCE_MAX);
    ml_table_show(table, 4, ROWS_SHOWN);
    for (size_t i = 0; i < from->count;)
        i = put_place_rows(table, from, rows, i, sums, used);
    return thread_rows_end(table, rows,
                           "The lines of the project (or of libraries) at which threads waited.");
}

/* Threads have the same rows in both. */
static ml_status put_tables(const wait_sites *from)
{
    thread_rows rows;
    ml_status status = thread_rows_find(&rows, from->host);
    if (status == ML_OK && from->count)
        status = put_table(from, &rows);
    return status == ML_OK ? put_threads(from, &rows) : status;
}

static ml_status put_clean(const wait_sites *from)
{
    char text[512], count[ML_NUMBER_MAX];
    ml_format(
        text, sizeof text,
        "Checked %s places where threads waited: none held up the main flow with the CPU idle, "
        "for %.0f %% of the run; none held up an event loop; no line waited long for a lock; no threads competed for the "
        "interpreter's lock.",
        ml_format_count(count, from->count), ml_option_as_real(from->host, "min-share") * 100);
    return ml_put_text(from->host, "clean", "Waiting", text);
}

static ml_status run(const ml_host *host, void *self)
{
    wait_sites sites;
    size_t found = 0;
    ml_status status = wait_sites_find(host, &sites);
    (void)self;
    if (status == ML_OK)
        status = put_waits(&sites, &found);
    if (status == ML_OK)
        status = places_put_each(&sites, FINDINGS_MAX, blocks_loop, put_blocked, &found);
    if (status == ML_OK)
        status = locks_put(&sites, FINDINGS_MAX, &found);
    if (status == ML_OK)
        status = put_contentions(&sites, &found);
    if (status == ML_OK && found == 0)
        status = put_clean(&sites);
    return status == ML_OK ? put_tables(&sites) : status;
}

static const ml_option options[] = {
    ML_OPTION("min-share", ML_OPTION_REAL, "0.2", 0.01, 1.0,
              "smallest share of the run that one line must wait"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS("waits", "1.0", "Waiting", "what threads wait for", options, run)
