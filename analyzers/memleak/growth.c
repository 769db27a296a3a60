#include "growth.h"

#include "common/ending.h"
#include "common/events.h"

static const uint64_t WARM_UP_NS = 1000000000;
static const int64_t IMPORT_LEAST_US = 20000;
static const double GROWTH_BYTES = 1e6, GROWTH_SHARE = 0.01;
static const double PLATEAU_SHARE = 0.25, CHANCE_MOST = 0.01;

/* Up to so many steps the sign test is below CHANCE_MOST only if all are up, where the signed-rank test is, too: that one
 * sees more, and misses nothing. Among more steps the sign test bears the large drops of a leak below a sawtooth, which
 * ranks do not, and is not taken in as often by a warm-up of which the first steps are the largest. */
enum { RANKED_MAX = 10 };

/* ---------------------------------------------------------------- does it grow? */

/* When the program had its modules: the end of the last import of some length in the first half of the process's life. */
static uint64_t end_of_imports(const ml_model *model, uint32_t process)
{
    static const char *const names[] = {"duration"};
    uint32_t field = 0, kind = events_kind(model, "py.import", names, 1, &field);
    uint64_t start = model->processes->start_ns[process], found = start;
    uint64_t half = start + (model->processes->end_ns[process] - start) / 2;
    ML_EACH_EVENT(model, kind, process, i)
    if (model->events->time_ns[i] <= half && events_fields(model, i)[field] >= IMPORT_LEAST_US)
        found = model->events->time_ns[i];
    return found;
}

static void skip_warm_up_and_ending(const ml_model *model, growth *about)
{
    const ml_counters *counters = model->counters;
    uint64_t end = counters->first[about->counter] + counters->points[about->counter];
    uint64_t warm = model->duration_ns / 10;
    uint64_t imported = end_of_imports(model, about->process);
    uint64_t ending = ending_of_process(model, about->process);
    warm = warm > WARM_UP_NS ? warm : WARM_UP_NS;
    warm += model->processes->start_ns[about->process];
    warm = warm > imported ? warm : imported;
    while (end > counters->first[about->counter] && counters->time_ns[end - 1] >= ending)
        end--;
    about->first = counters->first[about->counter];
    while (about->first < end && counters->time_ns[about->first] < warm)
        about->first++;
    about->points = (size_t)(end - about->first);
    if (about->points) {
        about->start_ns = counters->time_ns[about->first];
        about->end_ns = counters->time_ns[end - 1];
    }
}

static void judge_steps(const double *bytes, size_t count, growth *about)
{
    double few[RANKED_MAX];
    for (size_t i = 1; i < count; i++) {
        double step = bytes[i] - bytes[i - 1];
        size_t before = about->steps_up + about->steps_down;
        about->steps_up += step > 0;
        about->steps_down += step < 0;
        if (before < RANKED_MAX && (step > 0 || step < 0))
            few[before] = step;
    }
    size_t steps = about->steps_up + about->steps_down;
    int is_ranked = steps <= RANKED_MAX;
    about->step_test = is_ranked ? "signed-rank test" : "sign test";
    about->step_chance =
        is_ranked ? signed_rank_test(few, steps) : sign_test(about->steps_up, steps);
}

static const char *reason_against(const growth *about, double least)
{
    double share = about->median_bytes * GROWTH_SHARE;
    if (!(about->all.likely.low > 0))
        return "its slope may be zero";
    if (about->grown_bytes < least || about->grown_bytes < share)
        return "it grew by less than 1 % and 1 MB";
    if (!(about->last_slope > about->all.slope * PLATEAU_SHARE))
        return "it stopped growing in the last third";
    if (!(about->step_chance < CHANCE_MOST))
        return "its steps up may be chance";
    return NULL;
}

ml_status growth_judge(const ml_host *host, growth *about, double *seconds, double *bytes,
                       double least)
{
    double *pairs = (double *)ml_alloc(host, TREND_PAIRS_MAX, sizeof *pairs);
    size_t count, third;
    if (!pairs)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %zu readings", about->points);
    judge_steps(bytes, about->points, about);
    count = trend_thin(seconds, bytes, about->points);
    third = count / 3 > 2 ? count / 3 : 2;
    about->all = trend_of(seconds, bytes, count, pairs);
    about->last_slope =
        trend_of(seconds + count - third, bytes + count - third, third, pairs).slope;
    about->grown_bytes = about->all.slope * (double)(about->end_ns - about->start_ns) / 1e9;
    about->median_bytes = median_of(bytes, count);
    about->reason = reason_against(about, least);
    return ML_OK;
}

ml_status growth_look(const ml_host *host, const char *counter, uint32_t process, growth *out)
{
    const ml_model *model = ml_get_model(host);
    double *seconds, *bytes;
    memset(out, 0, sizeof *out);
    out->process = process;
    out->counter = counter_find(model, counter, process);
    out->reason = "memory was not recorded";
    if (out->counter == ML_NONE)
        return ML_OK;
    skip_warm_up_and_ending(model, out);
    out->reason = "there are too few readings";
    if (out->points < POINTS_LEAST)
        return ML_OK;
    seconds = (double *)ml_alloc(host, out->points, sizeof *seconds);
    bytes = (double *)ml_alloc(host, out->points, sizeof *bytes);
    if (!seconds || !bytes)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %zu readings", out->points);
    for (size_t i = 0; i < out->points; i++) {
        seconds[i] = (double)model->counters->time_ns[out->first + i] / 1e9;
        bytes[i] = (double)model->counters->value[out->first + i];
    }
    return growth_judge(host, out, seconds, bytes, GROWTH_BYTES);
}

/* ---------------------------------------------------------------- who was there? */

/* Time between two readings: of running samples, and of all. */
typedef struct step {
    double bytes, running, all;
} step;

typedef struct walk {
    const ml_host *host;
    const ml_model *model;
    const growth *about;
    step *steps;
    size_t count;
    suspect *by_stack; /* by row of stacks: that of the own frame */
} walk;

static int is_running(const ml_model *model, uint64_t row)
{
    uint32_t state = model->samples->state[row] & ML_STATE_MASK;
    return state == ML_STATE_RUNNING || state == ML_STATE_UNKNOWN;
}

static double step_end(const walk *of, size_t i)
{
    return (double)of->model->counters->time_ns[of->about->first + i + 1];
}

/* Adds a run's time to the steps that it touches, or the steps' bytes to its line. */
static void visit_run(walk *of, uint64_t row, size_t *at, int share_out)
{
    const ml_samples *samples = of->model->samples;
    double start = (double)samples->start_ns[row], end = start + (double)samples->wall_ns[row];
    suspect *to = &of->by_stack[ml_stack_own_frame(of->model, samples->stack[row])];
    int running = is_running(of->model, row);
    while (*at < of->count && step_end(of, *at) <= start)
        (*at)++;
    for (size_t i = *at; i < of->count; i++) {
        double low = (double)of->model->counters->time_ns[of->about->first + i];
        double high = step_end(of, i);
        step *one = &of->steps[i];
        if (low >= end)
            break;
        low = low > start ? low : start;
        high = high < end ? high : end;
        if (!share_out) {
            one->running += running ? high - low : 0;
            one->all += high - low;
            continue;
        }
        if (!running && one->running > 0)
            continue;
        to->time += high - low;
        if (one->bytes > 0)
            to->bytes += one->bytes * (high - low) / (one->running > 0 ? one->running : one->all);
    }
}

static void visit_process(walk *of, int share_out)
{
    const ml_threads *threads = of->model->threads;
    for (uint32_t i = 0; i < threads->count; i++) {
        size_t at = 0;
        if (threads->process[i] != of->about->process)
            continue;
        for (uint64_t k = 0; k < threads->sample_count[i]; k++)
            if (of->model->samples->stack[threads->sample_first[i] + k])
                visit_run(of, threads->sample_first[i] + k, &at, share_out);
    }
}

static int compare_lines(const void *left, const void *right)
{
    const suspect *a = (const suspect *)left, *b = (const suspect *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static int compare_bytes(const void *left, const void *right)
{
    const suspect *a = (const suspect *)left, *b = (const suspect *)right;
    if (a->bytes > b->bytes || a->bytes < b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return compare_lines(left, right);
}

static void merge_lines(walk *of, suspects *out)
{
    size_t count = 0;
    for (uint32_t i = 1; i < of->model->stacks->count; i++) {
        suspect one = of->by_stack[i];
        one.function = of->model->stacks->function[i];
        one.line = of->model->stacks->line[i];
        if (one.time > 0)
            of->by_stack[count++] = one;
    }
    qsort(of->by_stack, count, sizeof *of->by_stack, compare_lines);
    for (size_t i = 0; i < count; i++) {
        suspect *one = &of->by_stack[i];
        out->bytes += one->bytes;
        out->time += one->time;
        if (out->count && compare_lines(&out->all[out->count - 1], one) == 0) {
            out->all[out->count - 1].bytes += one->bytes;
            out->all[out->count - 1].time += one->time;
        } else {
            out->all[out->count++] = *one;
        }
    }
    qsort(out->all, out->count, sizeof *out->all, compare_bytes);
}

ml_status growth_suspects(const ml_host *host, const growth *about, suspects *out)
{
    const ml_model *model = ml_get_model(host);
    const int64_t *values = &model->counters->value[about->first];
    walk of;
    memset(&of, 0, sizeof of);
    memset(out, 0, sizeof *out);
    of.host = host;
    of.model = model;
    of.about = about;
    of.count = about->points - 1;
    of.steps = (step *)ml_alloc(host, of.count, sizeof *of.steps);
    of.by_stack = (suspect *)ml_alloc(host, model->stacks->count, sizeof *of.by_stack);
    if (!of.steps || !of.by_stack)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %zu readings", about->points);
    for (size_t i = 0; i < of.count; i++)
        of.steps[i].bytes = (double)values[i + 1] - (double)values[i];
    out->all = of.by_stack;
    visit_process(&of, 0);
    visit_process(&of, 1);
    merge_lines(&of, out);
    return ML_OK;
}
