/* anomaly: calls that stand out from their like.
 *
 * Like calls are stretches of the same function under the same caller; of recursive calls only the outermost
 * counts. At least 8 of them are needed. All numbers are medians, so that an outlier cannot hide itself.
 *
 * anomaly/outlier: a call took much longer than its like. Threshold: robust score of the logarithm of its work (CPU
 *   and waiting, which a busy machine does not stretch) at least `min-score` (3.5); twice the median, and 5 sampling
 *   periods more than the median, in time and in work. The deviation is taken as at least half a period of the
 *   median, because calls begin and end between samples. A warning if the excess is 5 % of the run
 *   and 100 ms (of CPU and waiting), and if it is not the very first call alone, which often prepares what the
 *   others find; else a note.
 *   Guards: where there are less than 2 periods of work to the nearest like call, those with no sample between them may
 *   look like one, and it takes log2(n / 1 %) medians instead of two to stand out of n (rules.h tells why), and it
 *   is a note unless half of the excess is in one part that nothing interrupts, or in a function that its like hardly
 *   call, for several calls repeat their parts and are made up alike;
 *   a call that mostly waited for a child process, a lock or another thread is a note: others were slow, or had no core;
 *   if more than a fifth of the calls stands out, there are two sorts of calls and nothing is said;
 *   a call that lies within another outlier is only in the table; a longer wait for work (a queue, an event
 *   loop, accept) is no outlier, nor is a function of the standard library that mostly waits, nor a
 *   call whose CPU and waiting together would not stand out: the machine was busy with others;
 *   of less than a quarter of the call there are samples.
 * anomaly/slower-each-time: the calls get longer with their number. Threshold: the median of the last third is twice
 *   that of the first and 3 periods more, and Kendall's test and Sen's interval say at 1 % that the trend is
 *   up. The exponent is the slope of logarithms.
 *   Guards: a function whose caller slows down as well is left out, as are calls whose CPU and waiting do not double
 *   with their time; where the calls are mostly less than 2 periods
 *   apart it is a note, because then it may only be that more of them look like one.
 * anomaly/burst: half of the (16 or more) calls of a function of the project began within a tenth of the time
 *   from its first call to its last, while the others are spread over at least four tenths. A note.
 *   What it cannot know: two calls in a row, with nothing sampled between them, look like one long call, and calls
 *   shorter than a period are mostly not seen; what the calls were asked to do.
 */
#include "common/statistics.h"
#include "rules.h"

enum { APART_PERIODS = 2 }; /* like calls that are more apart hardly look like one */
enum { FINDINGS_MAX = 5, EXAMPLES_MAX = 3, ROWS_SHOWN = 10, CALLS_SURE = 20, LOCATIONS_MAX = 50 };

static const double WARNING_SHARE = 0.05;
static const double WARNING_NS = 1e8;

typedef enum rule { OUTLIER, SLOWER, BURST } rule;

typedef struct candidate {
    rule what;
    const like_group *group;
    double cost_ns;
    burst when; /* of a burst */
} candidate;

typedef struct candidates {
    candidate *all;
    size_t count;
} candidates;

static const char STRETCHES[] =
    "These are stretches of samples: two calls in a row with no sample between them look like one "
    "long call, and calls shorter than a sampling period are mostly not seen.";

/* ---------------------------------------------------------------- what all findings say */

static const char *name_of(const likes *about, const like_group *group)
{
    return ml_function_name(about->model, group->calls[0].function);
}

static const char *name_of_thread(const likes *about, const like_call *call)
{
    const ml_model *model = about->model;
    return ml_text_of(model, model->threads->name[model->calls->thread[call->row]]);
}

/* The first call of its kind imports, connects and fills what the others find. */
static int is_only_first(const like_group *group)
{
    return group->outliers == 1 && group->calls[0].outlier;
}

/* Are half of the calls apart, so that they are no several ones that look like one? */
static int is_apart(const likes *about, const like_group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += rules_gap(about, group, &group->calls[i]) >=
                 (double)about->model->period_ns * APART_PERIODS;
    return count * 2 >= group->count;
}

/* Was it mostly what others did that took so long: a child process, who held a lock? */
static int is_others(const likes *about, const like_call *call)
{
    call_states states = like_states(about, call);
    int is_of_others = states.cause == WAIT_CHILD || states.cause == WAIT_LOCK ||
                       states.cause == WAIT_THREAD || states.cause == WAIT_GIL;
    return is_of_others && states.all_waiting_ns * 2 > call->duration_ns;
}

/* Is there an outlier that surely is one call, and was slow itself? */
static int is_sure(const likes *about, const like_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->calls[i].outlier && !group->calls[i].nested &&
            !is_others(about, &group->calls[i]) && rules_is_whole(about, group, &group->calls[i]))
            return 1;
    return 0;
}

static ml_draft begin(const likes *about, const candidate *one, const char *name, const char *title)
{
    const ml_model *model = about->model;
    const like_call *call = &one->group->calls[0];
    int is_warning =
        one->cost_ns >= (double)model->duration_ns * WARNING_SHARE && one->cost_ns >= WARNING_NS &&
        (one->what != OUTLIER || (one->group->excess_work_ns >= WARNING_NS &&
                                  !is_only_first(one->group) && is_sure(about, one->group))) &&
        (one->what != SLOWER || is_apart(about, one->group));
    const char *caller = ml_function_name(model, call->caller);
    char function[ML_FUNCTION_KEY_MAX], above[ML_FUNCTION_KEY_MAX], key[512];
    ml_function_key(function, model, call->function, model->functions->line[call->function]);
    ml_function_key(above, model, call->caller, 0);
    ml_format(key, sizeof key, "%s:%s:%s", name, function, above);
    ml_draft finding = ml_finding_begin(about->host, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE,
                                        name, key, title);
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 70);
    ml_confidence(finding,
                  one->group->count >= CALLS_SURE ? ML_CONFIDENCE_HIGH : ML_CONFIDENCE_MEDIUM);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, (uint64_t)one->cost_ns);
    ml_fingerprint(finding, ml_module_name(model, ml_function_module(model, call->function)));
    ml_fingerprint(finding, name_of(about, one->group));
    ml_fingerprint(finding, caller);
    ml_limits(finding, "%s", STRETCHES);
    return finding;
}

static void put_call_location(ml_draft finding, const likes *about, const like_call *call)
{
    const ml_calls *calls = about->model->calls;
    ml_location_of_stack(finding, calls->stack[call->row]);
    ml_set_text(finding, ML_FIELD_THREAD, name_of_thread(about, call));
    ml_set_number(finding, ML_FIELD_START, calls->start_ns[call->row]);
    ml_set_number(finding, ML_FIELD_END, calls->end_ns[call->row]);
}

/* ---------------------------------------------------------------- outliers */

/* The longest outliers of a group, longest first; nested ones are left out. */
typedef struct longest_calls {
    const like_call *calls[LOCATIONS_MAX];
    size_t count;
} longest_calls;

static void take_if_long(longest_calls *kept, const like_call *call)
{
    size_t place = kept->count;
    while (place > 0 && call->duration_ns > kept->calls[place - 1]->duration_ns)
        place--;
    if (place == LOCATIONS_MAX)
        return;
    kept->count += kept->count < LOCATIONS_MAX;
    for (size_t i = kept->count - 1; i > place; i--)
        kept->calls[i] = kept->calls[i - 1];
    kept->calls[place] = call;
}

static longest_calls find_longest(const like_group *group)
{
    longest_calls kept = {.count = 0};
    for (size_t i = 0; i < group->count; i++)
        if (group->calls[i].outlier && !group->calls[i].nested)
            take_if_long(&kept, &group->calls[i]);
    return kept;
}

/* "ran", or what it waited for: only if that is most of the call. */
static const char *state_word(const call_states *states)
{
    return states->all_waiting_ns > states->running_ns ? wait_word(states->cause) : "running";
}

static void put_outlier_evidence(ml_draft finding, const likes *about, const like_call *call)
{
    call_states states = like_states(about, call);
    char start[ML_NUMBER_MAX], took[ML_NUMBER_MAX], ran[ML_NUMBER_MAX], cpu[ML_NUMBER_MAX],
        waited[ML_NUMBER_MAX], what[80] = "";
    if (states.cause != WAIT_NONE)
        ml_format(what, sizeof what, " (mostly for: %s)", wait_word(states.cause));
    ml_evidence(finding,
                "At %s in thread %s: %s, in which the thread ran for %s (%s of CPU) and waited for "
                "%s%s; robust score %.1f.",
                ml_format_time(start, call->start_ns), name_of_thread(about, call),
                ml_format_duration(took, call->duration_ns),
                ml_format_duration(ran, states.running_ns), ml_format_duration(cpu, states.cpu_ns),
                ml_format_duration(waited, states.all_waiting_ns), what, call->score);
    if (states.gc_ns > 0)
        ml_evidence(finding, "The garbage collector ran in %s of it.",
                    ml_format_duration(took, states.gc_ns));
}

static void put_rhythm(ml_draft finding, const likes *about, const like_group *group,
                       const like_call *longest)
{
    double calls = rules_rhythm(group), times = rules_least_times(about, group, longest);
    char gap[ML_NUMBER_MAX];
    if (calls > 0)
        ml_evidence(finding, "They come regularly: every %.0f calls.", calls);
    if (times > TIMES_LEAST)
        ml_evidence(finding,
                    "There is %s of work from the longest to the next like call: as such may look "
                    "like one, it took %.1f times the median to stand out.",
                    ml_format_duration(gap, (uint64_t)rules_gap(about, group, longest)), times);
}

static void put_inside(ml_draft finding, const likes *about, const like_call *longest)
{
    call_states states = like_states(about, longest);
    uint32_t frame = ml_stack_own_frame(about->model, states.leaf);
    if (frame)
        ml_evidence(
            finding, "The longest stood longest at %s (%s:%u).",
            ml_function_name(about->model, ml_stack_function(about->model, frame)),
            ml_base_name(ml_function_file(about->model, ml_stack_function(about->model, frame))),
            (unsigned)ml_stack_line(about->model, frame));
}

static void say_outliers(ml_draft finding, const likes *about, const candidate *one,
                         const like_call *longest)
{
    const like_group *group = one->group;
    char start[ML_NUMBER_MAX], took[ML_NUMBER_MAX], median[ML_NUMBER_MAX], more[ML_NUMBER_MAX],
        all[ML_NUMBER_MAX];
    ml_format_time(start, longest->start_ns);
    ml_format_duration(took, longest->duration_ns);
    ml_format_duration(median, (uint64_t)group->median_ns);
    ml_format_duration(more, (uint64_t)one->cost_ns);
    ml_format_count(all, group->count);
    if (group->outliers == 1)
        ml_message(finding, "%s took %s at %s, while the median of its %s like calls is %s",
                   name_of(about, group), took, start, all, median);
    else
        ml_message(
            finding,
            "%zu of %s calls of %s took %s more than their median of %s; the longest %s, at %s",
            group->outliers, all, name_of(about, group), more, median, took, start);
}

static ml_status put_outliers(const likes *about, const candidate *one)
{
    const like_group *group = one->group;
    longest_calls long_ones = find_longest(group);
    const like_call *longest = long_ones.calls[0];
    const char *file = ml_base_name(ml_function_file(about->model, longest->function));
    char title[512], median[ML_NUMBER_MAX], work[ML_NUMBER_MAX];
    ml_format(title, sizeof title, "%s takes much longer at times", name_of(about, group));
    ml_draft finding = begin(about, one, "outlier", title);
    say_outliers(finding, about, one, longest);
    ml_evidence(
        finding,
        "Like calls are the %zu of %s under %s: median %s, and %s of CPU and waiting, half of them "
        "within a factor of %.2f of it; threshold: score %.1f.",
        group->count, name_of(about, group), ml_function_name(about->model, longest->caller),
        ml_format_duration(median, (uint64_t)group->median_ns),
        ml_format_duration(work, (uint64_t)group->median_work_ns), exp(group->deviation),
        ml_option_as_real(about->host, "min-score"));
    for (size_t i = 0; i < long_ones.count && i < EXAMPLES_MAX; i++)
        put_outlier_evidence(finding, about, long_ones.calls[i]);
    put_rhythm(finding, about, group, longest);
    put_inside(finding, about, longest);
    ml_next(finding,
            "Find out what %s (%s:%u) was given then: write it down there with microlog.info(...) "
            "and record again.",
            name_of(about, group), file,
            (unsigned)about->model->functions->line[longest->function]);
    for (size_t i = 0; i < long_ones.count; i++)
        put_call_location(finding, about, long_ones.calls[i]);
    return ml_end(finding, "Calls that took much longer than others of the same function.");
}

/* ---------------------------------------------------------------- slower each time */

static ml_status put_slower(const likes *about, const candidate *one)
{
    const like_group *group = one->group;
    const like_call *last = &group->calls[group->count - 1];
    const char *file = ml_base_name(ml_function_file(about->model, last->function));
    call_states states = like_states(about, last);
    char title[512], first[ML_NUMBER_MAX], end[ML_NUMBER_MAX], from[ML_NUMBER_MAX],
        to[ML_NUMBER_MAX];
    ml_format(title, sizeof title, "%s gets slower each time", name_of(about, group));
    ml_draft finding = begin(about, one, "slower-each-time", title);
    ml_message(finding, "%s got slower over its %zu calls from %s to %s: from %s to %s",
               name_of(about, group), group->count, ml_format_time(from, group->calls[0].start_ns),
               ml_format_time(to, last->start_ns),
               ml_format_duration(first, (uint64_t)group->first_ns),
               ml_format_duration(end, (uint64_t)group->last_ns));
    ml_evidence(
        finding,
        "Median of the first third of the calls %s, of the last third %s; threshold: twice, "
        "and %d sampling periods more.",
        first, end, RISE_PERIODS);
    ml_evidence(
        finding,
        "Durations grow as the number of the call to the power of %.1f (Sen's slope), so the "
        "sum of n calls as n to the power of %.1f; Kendall's test: %.1f standard deviations.",
        group->exponent, group->exponent + 1, group->trend_score);
    ml_evidence(finding, "The last call was mostly %s%s.",
                states.all_waiting_ns > states.running_ns ? "waiting, for: " : "",
                state_word(&states));
    put_inside(finding, about, last);
    ml_why(finding,
           "Work that grows with each call makes a long run take out of proportion longer.");
    ml_next(
        finding,
        "Look in %s (%s:%u) for something that grows from call to call and is gone through each "
        "time: a list that is searched, a text that is put together.",
        name_of(about, group), file, (unsigned)about->model->functions->line[last->function]);
    put_call_location(finding, about, last);
    put_call_location(finding, about, &group->calls[0]);
    return ml_end(finding, "Calls of one function that take longer and longer.");
}

/* ---------------------------------------------------------------- bursts */

static ml_status put_burst(const likes *about, const candidate *one)
{
    const like_group *group = one->group;
    const like_call *call = &group->calls[one->when.first];
    char title[512], span[ML_NUMBER_MAX], all[ML_NUMBER_MAX], start[ML_NUMBER_MAX],
        from[ML_NUMBER_MAX], to[ML_NUMBER_MAX];
    ml_format(title, sizeof title, "%s comes in a burst", name_of(about, group));
    ml_draft finding = begin(about, one, "burst", title);
    ml_message(finding, "%zu of %s calls of %s began within %s, at %s", one->when.count,
               ml_format_count(all, group->count), name_of(about, group),
               ml_format_duration(span, one->when.end_ns - one->when.start_ns),
               ml_format_time(start, one->when.start_ns));
    ml_evidence(finding,
                "The calls of %s under %s go from %s to %s; half of them within a tenth of "
                "that is a burst.",
                name_of(about, group), ml_function_name(about->model, call->caller),
                ml_format_time(from, group->calls[0].start_ns),
                ml_format_time(to, group->calls[group->count - 1].start_ns));
    ml_next(finding, "Look at what the program did at %s that called %s so often.", start,
            name_of(about, group));
    put_call_location(finding, about, call);
    ml_set_number(finding, ML_FIELD_END, one->when.end_ns);
    return ml_end(finding, "Many calls of one function in a short time.");
}

/* ---------------------------------------------------------------- choosing */

static int caller_slows_down(const likes *about, const like_group *group)
{
    for (size_t i = 0; i < about->count; i++)
        if (about->groups[i].exponent > 0 &&
            about->groups[i].calls[0].function == group->calls[0].caller)
            return 1;
    return 0;
}

static int compare_candidates(const void *left, const void *right)
{
    const candidate *a = (const candidate *)left, *b = (const candidate *)right;
    if (a->cost_ns > b->cost_ns || a->cost_ns < b->cost_ns)
        return a->cost_ns > b->cost_ns ? -1 : 1;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (int)a->what - (int)b->what;
}

static ml_status choose(const likes *about, candidates *out)
{
    out->count = 0;
    out->all = (candidate *)ml_alloc(about->host, about->count, sizeof *out->all);
    if (!out->all)
        return ml_fail(about->host, ML_ERROR_MEMORY, "no memory for %zu groups", about->count);
    for (size_t i = 0; i < about->count; i++) {
        const like_group *group = &about->groups[i];
        candidate *one = &out->all[out->count];
        one->group = group;
        if (group->outliers > 0) {
            one->what = OUTLIER;
            one->cost_ns = group->excess_ns;
        } else if (group->exponent > 0) {
            double more = group->last_ns - group->first_ns;
            one->what = SLOWER;
            one->cost_ns = more * (double)group->count / 2;
            if (caller_slows_down(about, group))
                continue;
        } else if (rules_find_burst(about, group, &one->when)) {
            one->what = BURST;
            one->cost_ns = 0;
        } else {
            continue;
        }
        out->count++;
    }
    qsort(out->all, out->count, sizeof *out->all, compare_candidates);
    return ML_OK;
}

static ml_status put_findings(const likes *about, const candidates *found)
{
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < found->count && i < FINDINGS_MAX; i++) {
        const candidate *one = &found->all[i];
        if (one->what == OUTLIER)
            status = put_outliers(about, one);
        else if (one->what == SLOWER)
            status = put_slower(about, one);
        else
            status = put_burst(about, one);
    }
    return status;
}

/* ---------------------------------------------------------------- the rest of the document */

static void put_row(ml_draft table, const likes *about, const like_group *group,
                    const like_call *call)
{
    call_states states = like_states(about, call);
    uint64_t duration = call->duration_ns;
    ml_cell_function(table, call->function);
    ml_cell_number(table, call->start_ns);
    ml_cell_number(table, duration);
    ml_cell_number(table, (uint64_t)group->median_ns);
    ml_cell_real(table, (double)duration / group->median_ns);
    ml_cell_text(table, name_of_thread(about, call));
    ml_cell_text(table, state_word(&states));
}

static ml_status put_table(const likes *about)
{
    ml_draft table =
        ml_table_begin(about->host, "outliers", "Calls that took longer than their like");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 45);
    ml_table_column(table, "function", ML_TYPE_FUNCTION, ML_REDUCE_NONE);
    ml_table_column(table, "start", ML_TYPE_TIME, ML_REDUCE_NONE);
    ml_table_column(table, "duration", ML_TYPE_DURATION, ML_REDUCE_NONE);
    ml_table_column(table, "median", ML_TYPE_DURATION, ML_REDUCE_NONE);
    ml_table_column(table, "times", ML_TYPE_REAL, ML_REDUCE_NONE);
    ml_table_column(table, "thread", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_column(table, "mostly", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 2, ROWS_SHOWN);
    for (size_t i = 0; i < about->count; i++)
        for (size_t k = 0; k < about->groups[i].count; k++)
            if (about->groups[i].calls[k].outlier)
                put_row(table, about, &about->groups[i], &about->groups[i].calls[k]);
    return ml_end(table, "Calls that took much longer than others of the same function under the "
                         "same caller, also those that lie within each other.");
}

static ml_status put_clean(const likes *about)
{
    size_t calls = 0;
    char text[512], all[ML_NUMBER_MAX], groups[ML_NUMBER_MAX];
    for (size_t i = 0; i < about->count; i++)
        calls += about->groups[i].count;
    ml_format(
        text, sizeof text,
        "Compared %s calls of %s kinds with their like: none stands out, slows down or comes in "
        "a burst. A kind needs at least %d calls.",
        ml_format_count(all, calls), ml_format_count(groups, about->count), LIKES_LEAST);
    return ml_put_text(about->host, "clean", "Calls compared with their like", text);
}

static int has_outliers(const likes *about)
{
    for (size_t i = 0; i < about->call_count; i++)
        if (about->calls[i].outlier)
            return 1;
    return 0;
}

static ml_status run(const ml_host *host, void *self)
{
    likes about;
    candidates found;
    ml_status status = likes_find(host, LIKES_LEAST, &about);
    (void)self;
    if (status == ML_OK)
        status = rules_judge(&about, ml_option_as_real(host, "min-score"));
    if (status == ML_OK)
        status = choose(&about, &found);
    if (status != ML_OK)
        return status;
    status = found.count ? put_findings(&about, &found) : put_clean(&about);
    return status == ML_OK && has_outliers(&about) ? put_table(&about) : status;
}

static const ml_option options[] = {
    ML_OPTION("min-score", ML_OPTION_REAL, "3.5", 2, 1000,
              "least robust score of a call that stands out"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS("anomaly", "1.0", "Anomalies",
                                "calls that stand out, slow down or come in bursts", options, run)
