#include "hot_lines.h"

#include "common/stack_times.h"
#include "common/statistics.h"

enum { LINES_MAX = 3 };

/* What is known of one line. */
typedef struct hot_line {
    site place;
    interval share;
    uint32_t callee; /* what it calls, that most of the time is below */
    uint64_t callee_ns;
    uint64_t first_ns, last_ns;
    uint32_t thread; /* with most of it */
    uint8_t *is_at;  /* by row of stacks: it comes from the line */
} hot_line;

void named_add(named_places *to, site place, int is_warning)
{
    if (to->count == NAMED_MAX)
        return;
    to->is_warning[to->count] = is_warning;
    to->all[to->count++] = place;
}

/* As loudly as here? A warning must have most of what the line had done. */
static int is_named(const named_places *named, const site *place, int is_warning)
{
    for (size_t i = 0; i < named->count; i++)
        if (named->all[i].function == place->function && named->all[i].line == place->line &&
            (!is_warning ||
             (named->is_warning[i] && named->all[i].sum.running_ns * 2 >= place->sum.running_ns)))
            return 1;
    return 0;
}

static int compare_by_samples(const void *left, const void *right)
{
    const site *a = (const site *)left, *b = (const site *)right;
    if (a->sum.running_samples != b->sum.running_samples)
        return a->sum.running_samples > b->sum.running_samples ? -1 : 1;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* ---------------------------------------------------------------- what is below the line */

/* The frame that the line's frame called, on a stack that comes from that line; 0: the stack does not. */
static uint32_t called_frame(const ml_model *model, uint32_t stack, const site *place)
{
    uint32_t own = ml_stack_own_frame(model, stack), below = 0;
    if (own == stack || model->stacks->function[own] != place->function ||
        model->stacks->line[own] != place->line)
        return 0;
    ML_EACH_FRAME(model, stack, frame) {
        if (frame == own)
            break;
        below = frame;
    }
    return below;
}

static ml_status find_callee(const tally *from, hot_line *about)
{
    const ml_model *model = from->model;
    uint64_t *sums = (uint64_t *)ml_alloc(from->host, model->functions->count, sizeof *sums);
    about->is_at = (uint8_t *)ml_alloc(from->host, model->stacks->count, 1);
    if (!sums || !about->is_at)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the sums of functions");
    about->callee = ML_NONE;
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t frame = from->stacks[i].running_ns ? called_frame(model, i, &about->place) : 0;
        uint32_t function = ml_stack_function(model, frame);
        if (!frame || function == ML_NONE)
            continue;
        about->is_at[i] = 1;
        sums[function] += from->stacks[i].running_ns;
        if (sums[function] > about->callee_ns) {
            about->callee = function;
            about->callee_ns = sums[function];
        }
    }
    return ML_OK;
}

static ml_status find_when(const tally *from, hot_line *about)
{
    const ml_model *model = from->model;
    const ml_samples *samples = model->samples;
    uint64_t *by_thread =
        (uint64_t *)ml_alloc(from->host, model->threads->count, sizeof *by_thread);
    if (!by_thread)
        return ml_fail(from->host, ML_ERROR_MEMORY, "no memory for the sums of threads");
    about->first_ns = UINT64_MAX;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK, thread = samples->thread[i];
        uint64_t start = samples->start_ns[i], end = start + samples->wall_ns[i];
        if ((state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN) ||
            !about->is_at[samples->stack[i]])
            continue;
        about->first_ns = start < about->first_ns ? start : about->first_ns;
        about->last_ns = end > about->last_ns ? end : about->last_ns;
        by_thread[thread] += samples->taken[i];
        if (by_thread[thread] > by_thread[about->thread])
            about->thread = thread;
    }
    return ML_OK;
}

static ml_status look_at(const tally *from, const site *place, hot_line *about)
{
    ml_status status;
    memset(about, 0, sizeof *about);
    about->place = *place;
    about->share = interval_of_share(place->sum.running_samples, from->all.running_samples);
    status = find_callee(from, about);
    return status == ML_OK ? find_when(from, about) : status;
}

/* ---------------------------------------------------------------- the finding */

static void put_evidence(ml_draft finding, const tally *from, const hot_line *about)
{
    const amount *sum = &about->place.sum;
    char hits[ML_NUMBER_MAX], all[ML_NUMBER_MAX], share[ML_NUMBER_MAX], first[ML_NUMBER_MAX],
        last[ML_NUMBER_MAX];
    ml_format_ratio(share, (double)sum->running_samples / (double)from->all.running_samples);
    ml_evidence(finding,
                "Seen in %s of %s samples of running threads (%s, %.0f\xE2\x80\x93%.0f %%).",
                ml_format_count(hits, sum->running_samples),
                ml_format_count(all, from->all.running_samples), share, about->share.low * 100,
                about->share.high * 100);
    ml_format_ratio(share, (double)about->callee_ns / (double)sum->running_ns);
    ml_evidence(finding, "%s of it is below %s (%s), from %s to %s, mostly in thread %s.", share,
                ml_function_name(from->model, about->callee),
                ml_base_name(ml_function_file(from->model, about->callee)),
                ml_format_time(first, about->first_ns), ml_format_time(last, about->last_ns),
                ml_text_of(from->model, from->model->threads->name[about->thread]));
}

static ml_draft begin(const tally *from, const hot_line *about, const char *name)
{
    const ml_model *model = from->model;
    char function[ML_FUNCTION_KEY_MAX], key[300], title[512];
    int is_warning = hot_is_warning(from, about->share, &about->place.sum);
    ml_draft finding = ml_finding_begin(
        from->host, is_warning ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "hot-line",
        ml_format(key, sizeof key, "hot-line:%s",
                  ml_function_key(function, model, about->place.function, about->place.line)),
        ml_format(title, sizeof title, "A line of %s is hot", name));
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 80);
    ml_confidence(finding, hot_confidence(from, &about->place.sum));
    ml_fingerprint(finding,
                   ml_module_name(model, ml_function_module(model, about->place.function)));
    ml_fingerprint(finding, name);
    ml_fingerprint(finding, ml_function_name(model, about->callee));
    ml_set_number(finding, ML_FIELD_IMPACT_NS, about->place.sum.running_ns);
    return finding;
}

static ml_status put_hot_line(const tally *from, const hot_line *about)
{
    const ml_model *model = from->model;
    const char *name = ml_function_name(model, about->place.function);
    const char *file = ml_base_name(ml_function_file(model, about->place.function));
    const char *callee = ml_function_name(model, about->callee);
    unsigned line = (unsigned)about->place.line;
    char ran[ML_NUMBER_MAX], all[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    ml_draft finding = begin(from, about, name);
    ml_format_ratio(share,
                    (double)about->place.sum.running_samples / (double)from->all.running_samples);
    ml_message(finding,
               "%s:%u in %s had libraries run for %s of the %s in which threads were running (%s), "
               "mostly %s",
               file, line, name, ml_format_duration(ran, about->place.sum.running_ns),
               ml_format_duration(all, from->all.running_ns), share, callee);
    put_evidence(finding, from, about);
    ml_next(finding, "Look at %s:%u in %s: call %s less often, with less, or keep its result.",
            file, line, name, callee);
    ml_limits(finding, "Nothing here says how often the line called, or whether the work is "
                       "needed. Neighbouring samples of one long call are not independent, so the "
                       "interval is somewhat narrow.");
    ml_location_of_function(finding, about->place.function, about->place.line);
    ml_set_text(finding, ML_FIELD_THREAD, ml_text_of(model, model->threads->name[about->thread]));
    ml_set_number(finding, ML_FIELD_START, about->first_ns);
    ml_set_number(finding, ML_FIELD_END, about->last_ns);
    return ml_end(finding, "A line that has libraries run for much of the time.");
}

ml_status put_hot_lines(const tally *from, const named_places *named)
{
    site_list list;
    ml_status status = tally_sites(from, ML_NONE, SITE_LIBRARY, &list);
    int put = 0;
    if (status != ML_OK)
        return status;
    qsort(list.sites, list.count, sizeof *list.sites, compare_by_samples);
    for (size_t i = 0; status == ML_OK && i < list.count && put < LINES_MAX; i++) {
        hot_line about;
        status = look_at(from, &list.sites[i], &about);
        if (status != ML_OK || about.share.low < ml_option_as_real(from->host, "min-share"))
            break;
        if (function_is_importer(from->model, about.callee) ||
            is_named(named, &about.place, hot_is_warning(from, about.share, &about.place.sum)))
            continue;
        status = put_hot_line(from, &about);
        put++;
    }
    return status;
}
