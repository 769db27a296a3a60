/* hotspots: where the time went.
 *
 * Tables of functions, lines, packages and threads, key numbers, and two rules:
 *
 * hotspots/hot-function: a function was innermost in a large part of the samples in which any thread was
 *   running. Threshold: the lower end of the 95 % interval of that part is at least `min-share` (10 %); a
 *   warning from 30 % on if it used 30 % of the CPU, too (what waits for a disk or lacks a core may look running, the CPU clock
 *   is exact), else a note. At most three, largest first.
 *   Guard: slots in which a thread waits (for IO, locks, timers, the interpreter's lock) never count, so an
 *   idle server's accept loop is not hot, nor do the import machinery's own functions; below 50 such samples nothing is said, below 200 with low confidence.
 *   What it cannot know: native code is charged to the Python function that called it; neighbouring samples of
 *   one long call are not independent, so the interval is somewhat narrow; whether the work is needed.
 * hotspots/hot-line: a line of the project (of a library, where no project's frame is on the stack) was the
 *   innermost such one in a large part of those samples, with a library's function running for it: what each of
 *   many functions of a library takes for one line is summed up. Thresholds and guards as above, at most three,
 *   and a line that a hot function comes from is named again only to raise a note to a
 *   warning, or to more than twice what that function takes.
 *   What it cannot know: how often the line called; a function of C that it calls has no frame, and counts for
 *   the line's own function.
 */
#include "common/stack_times.h"
#include "common/statistics.h"
#include "hot_lines.h"
#include "tables.h"

enum { FINDINGS_MAX = 3 };

/* What is known of one hot function. */
typedef struct hot {
    uint32_t function;
    const amount *sum;
    interval share;
    site line;   /* where most of its own time is */
    site caller; /* the line of the project (or library) that most of it comes from */
    uint64_t first_ns, last_ns;
    uint32_t thread; /* with most of it */
} hot;

/* What imports take is for the analyzer startup to say, by module. */
static int is_candidate(const tally *from, uint32_t function)
{
    return function_is_real(from->model, function) && !function_is_importer(from->model, function);
}

/* The candidate with the most running samples after `previous`, in an order in which earlier rows win ties. */
static uint32_t next_hottest(const tally *from, uint32_t previous)
{
    uint32_t best = ML_NONE;
    uint64_t limit = previous == ML_NONE ? UINT64_MAX : from->functions[previous].running_samples;
    for (uint32_t i = 0; i < from->model->functions->count; i++) {
        uint64_t samples = from->functions[i].running_samples;
        int is_after = samples < limit || (samples == limit && previous != ML_NONE && i > previous);
        if (is_candidate(from, i) && is_after &&
            (best == ML_NONE || samples > from->functions[best].running_samples))
            best = i;
    }
    return best;
}

static site most_running(const site_list *list)
{
    site best = {ML_NONE, 0, {0}};
    for (size_t i = 0; i < list->count; i++)
        if (best.function == ML_NONE || list->sites[i].sum.running_ns > best.sum.running_ns)
            best = list->sites[i];
    return best;
}

/* When the function was running, and in which thread mostly. */
static ml_status find_when(const tally *from, hot *about)
{
    const ml_samples *samples = from->model->samples;
    uint64_t *by_thread =
        (uint64_t *)ml_alloc(from->host, from->model->threads->count, sizeof *by_thread);
    if (!by_thread)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the sums of threads");
    about->first_ns = UINT64_MAX;
    about->thread = 0;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK, thread = samples->thread[i];
        uint64_t end = samples->start_ns[i] + samples->wall_ns[i];
        if (ml_stack_function(from->model, samples->stack[i]) != about->function ||
            (state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN))
            continue;
        about->first_ns =
            samples->start_ns[i] < about->first_ns ? samples->start_ns[i] : about->first_ns;
        about->last_ns = end > about->last_ns ? end : about->last_ns;
        by_thread[thread] += samples->taken[i];
        if (by_thread[thread] > by_thread[about->thread])
            about->thread = thread;
    }
    return ML_OK;
}

static ml_status look_at(const tally *from, uint32_t function, hot *about)
{
    site_list lines, callers;
    ml_status status;
    memset(about, 0, sizeof *about);
    about->function = function;
    about->sum = &from->functions[function];
    about->share = interval_of_share(about->sum->running_samples, from->all.running_samples);
    status = tally_sites(from, function, SITE_LEAF, &lines);
    if (status == ML_OK)
        status = tally_sites(from, function, SITE_OWN, &callers);
    if (status != ML_OK)
        return status;
    about->line = most_running(&lines);
    about->caller = most_running(&callers);
    return find_when(from, about);
}

static void put_evidence(ml_draft finding, const tally *from, const hot *about)
{
    const ml_model *model = from->model;
    const char *file = ml_base_name(ml_function_file(model, about->function));
    char hits[ML_NUMBER_MAX], all[ML_NUMBER_MAX], share[ML_NUMBER_MAX], cpu[ML_NUMBER_MAX];
    char wait[ML_NUMBER_MAX], first[ML_NUMBER_MAX], last[ML_NUMBER_MAX];
    ml_format_ratio(share, (double)about->sum->running_samples / (double)from->all.running_samples);
    ml_evidence(finding,
                "Seen in %s of %s samples of running threads (%s, %.0f\xE2\x80\x93%.0f %%).",
                ml_format_count(hits, about->sum->running_samples),
                ml_format_count(all, from->all.running_samples), share, about->share.low * 100,
                about->share.high * 100);
    ml_evidence(finding,
                "It used %s of CPU itself and waited %s, from %s to %s, mostly in thread %s.",
                ml_format_duration(cpu, about->sum->cpu_ns),
                ml_format_duration(wait, about->sum->waiting_ns),
                ml_format_time(first, about->first_ns), ml_format_time(last, about->last_ns),
                ml_text_of(model, model->threads->name[about->thread]));
    ml_format_ratio(share, (double)about->line.sum.running_ns / (double)about->sum->running_ns);
    ml_evidence(finding, "%s of its own time is at %s:%u.", share, file,
                (unsigned)about->line.line);
    if (about->caller.function != about->function) {
        ml_format_ratio(share,
                        (double)about->caller.sum.running_ns / (double)about->sum->running_ns);
        ml_evidence(finding, "%s of it comes from %s at %s:%u.", share,
                    ml_function_name(model, about->caller.function),
                    ml_base_name(ml_function_file(model, about->caller.function)),
                    (unsigned)about->caller.line);
    }
}

static void put_next(ml_draft finding, const tally *from, const hot *about)
{
    const ml_model *model = from->model;
    const char *name = ml_function_name(model, about->function);
    const char *file = ml_base_name(ml_function_file(model, about->function));
    uint32_t origin = ml_function_origin(model, about->function);
    if (!(origin & ML_MODULE_PROJECT) && about->caller.function != about->function)
        ml_next(
            finding,
            "Look at the call at %s:%u in %s: call %s less often, with less, or keep its result.",
            ml_base_name(ml_function_file(model, about->caller.function)),
            (unsigned)about->caller.line, ml_function_name(model, about->caller.function), name);
    else
        ml_next(finding, "Look at %s:%u in %s first: most of its own time is there.", file,
                (unsigned)about->line.line, name);
}

static ml_status put_hot(const tally *from, const hot *about)
{
    const ml_model *model = from->model;
    const char *name = ml_function_name(model, about->function);
    const char *module = ml_module_name(model, ml_function_module(model, about->function));
    uint32_t confidence = hot_confidence(from, about->sum);
    int is_warning = hot_is_warning(from, about->share, about->sum);
    char function[ML_FUNCTION_KEY_MAX], key[256], title[512], self[ML_NUMBER_MAX],
        all[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    ml_draft finding =
        ml_finding_begin(from->host, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "hot-function",
                         ml_format(key, sizeof key, "hot-function:%s",
                                   ml_function_key(function, model, about->function,
                                                   model->functions->line[about->function])),
                         ml_format(title, sizeof title, "%s is hot", name));
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 80);
    ml_confidence(finding, confidence);
    ml_fingerprint(finding, module);
    ml_fingerprint(finding, name);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, about->sum->running_ns);
    ml_format_ratio(share, (double)about->sum->running_samples / (double)from->all.running_samples);
    ml_message(finding, "%s (%s, %s) ran for %s of the %s in which threads were running (%s)", name,
               ml_base_name(ml_function_file(model, about->function)),
               ml_origin_word(ml_function_origin(model, about->function)),
               ml_format_duration(self, about->sum->running_ns),
               ml_format_duration(all, from->all.running_ns), share);
    put_evidence(finding, from, about);
    put_next(finding, from, about);
    ml_limits(finding,
              "Native code is charged to the Python function that called it, and nothing here says "
              "whether the work is needed. Neighbouring samples of one long call are not "
              "independent, so the interval is somewhat narrow.");
    ml_location_of_function(finding, about->function, about->line.line);
    ml_set_text(finding, ML_FIELD_THREAD, ml_text_of(model, model->threads->name[about->thread]));
    ml_set_number(finding, ML_FIELD_START, about->first_ns);
    ml_set_number(finding, ML_FIELD_END, about->last_ns);
    if (about->caller.function != about->function)
        ml_location_of_function(finding, about->caller.function, about->caller.line);
    return ml_end(finding, "A function in which threads were running for much of the time.");
}

static ml_status put_hot_functions(const tally *from, named_places *named)
{
    double least = ml_option_as_real(from->host, "min-share");
    uint32_t function = ML_NONE;
    for (int i = 0; i < FINDINGS_MAX; i++) {
        hot about;
        ml_status status;
        function = next_hottest(from, function);
        if (function == ML_NONE || from->functions[function].running_samples == 0)
            return ML_OK;
        status = look_at(from, function, &about);
        if (status == ML_OK && about.share.low < least)
            return ML_OK;
        if (status == ML_OK)
            status = put_hot(from, &about);
        if (status != ML_OK)
            return status;
        named_add(named, about.caller, hot_is_warning(from, about.share, about.sum));
    }
    return ML_OK;
}

static ml_status put_findings(const tally *from)
{
    named_places named = {0};
    ml_status status;
    if (from->all.running_samples < SAMPLES_LEAST)
        return ML_OK;
    status = put_hot_functions(from, &named);
    return status == ML_OK ? put_hot_lines(from, &named) : status;
}

static ml_status put_too_few(const tally *from)
{
    char text[512], count[ML_NUMBER_MAX];
    ml_format(
        text, sizeof text,
        "Threads were seen running in %s samples. Below %d no function is named as hot: record a "
        "longer run, or more samples a second with `--rate`.",
        ml_format_count(count, from->all.running_samples), SAMPLES_LEAST);
    return ml_put_text(from->host, "too-few", "Too few samples to name a hot function", text);
}

static ml_status run(const ml_host *host, void *self)
{
    tally sums;
    ml_status status = tally_fill(&sums, host);
    (void)self;
    if (status == ML_OK)
        status = put_metrics(&sums);
    if (status == ML_OK)
        status = put_findings(&sums);
    if (status == ML_OK && sums.all.running_samples < SAMPLES_LEAST)
        status = put_too_few(&sums);
    if (status == ML_OK)
        status = put_functions(&sums);
    if (status == ML_OK)
        status = put_lines(&sums);
    if (status == ML_OK)
        status = put_packages(&sums);
    if (status == ML_OK)
        status = put_threads(&sums);
    return status;
}

static const ml_option options[] = {
    ML_OPTION("min-share", ML_OPTION_REAL, "0.1", 0.01, 1.0,
              "smallest share of the running samples that makes a function hot"),
};

ML_DEFINE_ANALYZER_WITH_OPTIONS("hotspots", "1.0", "Hot spots",
                                "where the time went: functions, lines, packages", options, run)
