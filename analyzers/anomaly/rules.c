#include "rules.h"

#include "common/statistics.h"

enum { BURST_OTHER_TENTHS = 4, RHYTHM_LEAST = 4, NEIGHBOURS = 64 };

static const double SHARE_MOST = 0.2;  /* more outliers are another sort of call */
static const double CHANCE = 0.01;     /* of an outlier that is only several calls */
static const double SCORE_SURE = 2.58; /* a rise that is sure at 1 % */

static double logarithm_of(double time_ns)
{
    return log(time_ns > 1 ? time_ns : 1);
}

/* What lies between two calls for sure. How long a thread waits for others (for a lock, for work) depends on them, and the
 * next time it may not wait at all. */
static double gap_between(const likes *about, uint32_t thread, uint64_t start_ns, uint64_t end_ns)
{
    static const wait_cause others[] = {WAIT_LOCK, WAIT_THREAD, WAIT_EVENT, WAIT_WORK};
    call_states states = like_states_between(about, thread, start_ns, end_ns);
    double gap = like_work_between(about, thread, start_ns, end_ns);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        gap -= (double)states.waiting_ns[others[i]];
    return gap > 0 ? gap : 0;
}

/* To the next call of the group in the same thread, or from the one before; -1: there is none near. */
static double gap_to(const likes *about, const like_group *group, size_t i, int step)
{
    const ml_calls *calls = about->model->calls;
    uint64_t one = group->calls[i].row;
    for (size_t k = i + (size_t)step, n = 0; k < group->count && n < NEIGHBOURS;
         k += (size_t)step, n++) {
        uint64_t other = group->calls[k].row;
        uint64_t first = step > 0 ? one : other, next = step > 0 ? other : one;
        if (calls->thread[one] == calls->thread[other])
            return gap_between(about, calls->thread[one], calls->end_ns[first],
                               calls->start_ns[next]);
    }
    return -1;
}

double rules_gap(const likes *about, const like_group *group, const like_call *call)
{
    size_t i = (size_t)(call - group->calls);
    double before = gap_to(about, group, i, -1), after = gap_to(about, group, i, 1);
    double least = before < 0 || (after >= 0 && after < before) ? after : before;
    return least > 0 ? least : 0;
}

typedef struct spread {
    uint64_t shortest, longest;
} spread;

static spread spread_of(const like_group *group)
{
    spread found = {UINT64_MAX, 0};
    for (size_t i = 0; i < group->count; i++) {
        uint64_t duration = group->calls[i].duration_ns;
        found.shortest = duration < found.shortest ? duration : found.shortest;
        found.longest = duration > found.longest ? duration : found.longest;
    }
    return found;
}

static void measure(like_group *group, double *scratch)
{
    for (size_t i = 0; i < group->count; i++)
        scratch[i] = (double)group->calls[i].duration_ns;
    group->median_ns = median_of(scratch, group->count);
    group->median_ns = group->median_ns > 1 ? group->median_ns : 1;
}

/* Calls are judged by their work, which neighbours on the machine do not stretch. What a call has of it is known to half a
 * period, since it begins and ends between two samples: their deviation is never less than that of the median. */
static void score(const likes *about, like_group *group, double *scratch)
{
    double middle, least, half = (double)about->model->period_ns / 2;
    for (size_t i = 0; i < group->count; i++)
        scratch[i] = group->calls[i].work_ns;
    group->median_work_ns = median_of(scratch, group->count);
    middle = logarithm_of(group->median_work_ns);
    least = logarithm_of(group->median_work_ns + half) - middle;
    for (size_t i = 0; i < group->count; i++)
        scratch[i] = group->calls[i].score = logarithm_of(group->calls[i].work_ns);
    group->deviation = deviation_of(scratch, group->count, middle);
    group->deviation = group->deviation > least ? group->deviation : least;
    for (size_t i = 0; i < group->count; i++)
        group->calls[i].score = robust_score(group->calls[i].score, middle, group->deviation);
}

/* Of the calls that do not stand out by their score. */
static double mean_of_usual(const like_group *group, double least_score)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (group->calls[i].score >= least_score)
            continue;
        sum += (double)group->calls[i].duration_ns;
        count++;
    }
    return count ? sum / (double)count : group->median_ns;
}

/* ---------------------------------------------------------------- slower each time */

static double median_of_third(const like_group *group, size_t first, double *scratch)
{
    size_t third = group->count / 3;
    for (size_t i = 0; i < third; i++)
        scratch[i] = (double)group->calls[first + i].duration_ns;
    return median_of(scratch, third);
}

/* Does the work of the calls grow, too? Else it is the machine that was busier at the end. */
static int is_more_work(const likes *about, const like_group *group, double *scratch)
{
    double medians[2];
    size_t third = group->count / 3;
    for (int k = 0; k < 2; k++) {
        size_t first = k ? group->count - third : 0;
        for (size_t i = 0; i < third; i++)
            scratch[i] = group->calls[first + i].work_ns;
        medians[k] = median_of(scratch, third);
    }
    return medians[1] >= medians[0] * TIMES_LEAST &&
           medians[1] - medians[0] >= (double)about->model->period_ns;
}

/* The trend of logarithms of durations over those of numbers is the exponent of the growth. */
static void find_growth(const likes *about, like_group *group, double *x, double *y, double *pairs)
{
    double rise;
    size_t count = group->count;
    trend over_number;
    group->first_ns = median_of_third(group, 0, y);
    group->last_ns = median_of_third(group, count - count / 3, y);
    rise = group->last_ns - group->first_ns;
    if (rise < (double)about->model->period_ns * RISE_PERIODS ||
        group->last_ns < group->first_ns * TIMES_LEAST || !is_more_work(about, group, y))
        return;
    for (size_t i = 0; i < count; i++) {
        x[i] = log((double)i + 1);
        y[i] = logarithm_of((double)group->calls[i].duration_ns);
    }
    count = trend_thin(x, y, count);
    over_number = trend_of(x, y, count, pairs);
    group->trend_score = over_number.score;
    if (over_number.score > SCORE_SURE && over_number.likely.low > 0)
        group->exponent = over_number.slope;
}

/* ---------------------------------------------------------------- outliers */

/* Is there enough between a call and its like that they cannot look like one? */
static int is_apart(const likes *about, const like_group *group, const like_call *call)
{
    return rules_gap(about, group, call) >= (double)about->model->period_ns * GAP_PERIODS;
}

double rules_least_times(const likes *about, const like_group *group, const like_call *call)
{
    /* Where numbers of calls in a stretch are memoryless, the mean is the median over ln 2, and both ask for the same. Threads
     * that take turns make them more uneven than that, and the mean larger. */
    double chances = log((double)group->count / CHANCE);
    double by_median = chances / log(2), by_mean = chances * group->mean_ns / group->median_ns;
    double times = by_mean > by_median ? by_mean : by_median;
    return times < TIMES_LEAST || is_apart(about, group, call) ? TIMES_LEAST : times;
}

static int is_long(const likes *about, double duration, double median)
{
    return duration >= median * TIMES_LEAST &&
           duration - median >= (double)about->model->period_ns * EXCESS_PERIODS;
}

static int is_excess(const likes *about, const like_group *group, const like_call *call,
                     double duration, double median)
{
    return is_long(about, duration, median) &&
           duration >= median * rules_least_times(about, group, call);
}

/* Was it really seen for at least a quarter of its time? A recorder that lacks a core itself takes one sample for many. */
static int is_seen(const likes *about, const like_group *group, size_t i)
{
    uint64_t samples = about->model->calls->samples[group->calls[i].row];
    return (double)samples * 4 * (double)about->model->period_ns >=
           (double)group->calls[i].duration_ns;
}

/* What of a call's time counts against its like: all of it; but where several calls may look like one, only as much as was
 * seen, since each tick that was missed is a chance less to see them apart. */
static double sure_length(const likes *about, const like_group *group, const like_call *call)
{
    double length = (double)call->duration_ns;
    double seen = (double)about->model->calls->samples[call->row] * (double)about->model->period_ns;
    return seen < length && !is_apart(about, group, call) ? seen : length;
}

static int stands_out(const likes *about, const like_group *group, size_t i, double least_score)
{
    const like_call *call = &group->calls[i];
    return call->score >= least_score && is_seen(about, group, i) &&
           is_excess(about, group, call, sure_length(about, group, call), group->median_ns);
}

/* A part of a call: a call that it makes, or (row UINT64_MAX) its own time between two of these. */
typedef struct part {
    uint64_t row, length_ns;
} part;

static part longest_part(const ml_calls *calls, uint64_t row)
{
    part longest = {UINT64_MAX, 0};
    uint64_t at = calls->start_ns[row];
    for (uint64_t i = row + 1; i <= calls->subtree_end[row]; i = calls->subtree_end[i]) {
        int is_last = i == calls->subtree_end[row];
        uint64_t until = is_last ? calls->end_ns[row] : calls->start_ns[i];
        if (until > at && until - at > longest.length_ns)
            longest = (part){UINT64_MAX, until - at};
        if (is_last)
            break;
        at = calls->end_ns[i];
        if (at - calls->start_ns[i] > longest.length_ns)
            longest = (part){i, at - calls->start_ns[i]};
    }
    return longest;
}

/* What a call spent in calls of a function that it made itself. */
static double time_in(const ml_calls *calls, uint64_t row, uint32_t function)
{
    double sum = 0;
    for (uint64_t i = row + 1; i < calls->subtree_end[row]; i = calls->subtree_end[i])
        if (calls->function[i] == function)
            sum += (double)(calls->end_ns[i] - calls->start_ns[i]);
    return sum;
}

/* Did the call spend half of its excess in a function that has twice the share of it than of its like? Several calls that
 * look like one are made up as each of them is. */
static int is_made_up_otherwise(const likes *about, const like_group *group, const like_call *call,
                                double excess)
{
    const ml_calls *calls = about->model->calls;
    part longest = longest_part(calls, call->row);
    double inside, others = 0, all = 1;
    if (longest.row == UINT64_MAX)
        return 0;
    inside = time_in(calls, call->row, calls->function[longest.row]);
    for (size_t i = 0; i < group->count; i++) {
        if (&group->calls[i] == call)
            continue;
        others += time_in(calls, group->calls[i].row, calls->function[longest.row]);
        all += (double)group->calls[i].duration_ns;
    }
    return inside * 2 >= excess && inside * all >= others * TIMES_LEAST * (double)call->duration_ns;
}

int rules_is_whole(const likes *about, const like_group *group, const like_call *call)
{
    const ml_calls *calls = about->model->calls;
    double excess = (double)call->duration_ns - group->median_ns;
    part inside = {call->row, 0};
    if (is_apart(about, group, call) || is_made_up_otherwise(about, group, call, excess))
        return 1;
    do
        inside = longest_part(calls, inside.row);
    while (inside.row != UINT64_MAX && (double)inside.length_ns * 2 >= excess);
    return (double)inside.length_ns * 2 >= excess;
}

/* Did the thread only lack a core? Then CPU and waiting together do not stand out from those of its like. */
static int is_starved(const likes *about, const like_group *group, const like_call *call)
{
    uint32_t thread = about->model->calls->thread[call->row];
    return about->model->threads->cpu_ns[thread] > 0 &&
           !is_excess(about, group, call, call->work_ns, group->median_work_ns);
}

/* A thread that waits for work longer than otherwise is no anomaly, nor is a function of the standard library that
 * does nothing but wait. */
static int is_idle(const likes *about, const like_call *call)
{
    call_states states = like_states(about, call);
    uint64_t waited = ml_function_origin(about->model, call->function) & ML_MODULE_STDLIB
                          ? states.all_waiting_ns
                          : states.waiting_ns[WAIT_WORK];
    return waited * 2 > call->duration_ns;
}

/* Marks calls; returns how many. */
static size_t mark_outliers(const likes *about, like_group *group, double least_score)
{
    size_t found = 0;
    for (size_t i = 0; i < group->count; i++) {
        like_call *call = &group->calls[i];
        call->outlier = stands_out(about, group, i, least_score) && !is_idle(about, call) &&
                        !is_starved(about, group, call);
        found += call->outlier;
    }
    return found;
}

static void find_outliers(const likes *about, like_group *group, double least_score, uint8_t *marks)
{
    size_t found = 0, most = (size_t)((double)group->count * SHARE_MOST);
    for (size_t i = 0; i < group->count; i++)
        found += (size_t)stands_out(about, group, i, least_score);
    if (found)
        found = mark_outliers(about, group, least_score);
    for (size_t i = 0; found && i < group->count; i++) {
        like_call *call = &group->calls[i];
        if (found > (most > 1 ? most : 1))
            call->outlier = 0;
        marks[call->row] |= (uint8_t)call->outlier;
    }
}

static int lies_in_another(const ml_calls *calls, const uint8_t *marks, uint64_t row)
{
    for (uint64_t up = calls->parent[row]; up < calls->count; up = calls->parent[up])
        if (marks[up])
            return 1;
    return 0;
}

static void sum_outliers(const likes *about, like_group *group, const uint8_t *marks)
{
    for (size_t i = 0; i < group->count; i++) {
        like_call *call = &group->calls[i];
        if (!call->outlier)
            continue;
        call->nested = (uint32_t)lies_in_another(about->model->calls, marks, call->row);
        if (call->nested)
            continue;
        group->outliers++;
        group->excess_ns += (double)group->calls[i].duration_ns - group->median_ns;
        group->excess_work_ns += call->work_ns - group->median_work_ns;
    }
}

double rules_rhythm(const like_group *group)
{
    size_t last = 0, found = 0, shortest = SIZE_MAX, longest = 0, first = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (!group->calls[i].outlier)
            continue;
        if (found++ == 0) {
            first = last = i;
            continue;
        }
        shortest = i - last < shortest ? i - last : shortest;
        longest = i - last > longest ? i - last : longest;
        last = i;
    }
    if (found < RHYTHM_LEAST || shortest < 2 || longest * 4 > shortest * 6)
        return 0;
    return (double)(last - first) / (double)(found - 1);
}

/* ---------------------------------------------------------------- all */

/* Room for the numbers of the largest group, and a mark for each call. */
typedef struct space {
    double *x, *y, *pairs;
    uint8_t *marks; /* by row of calls: it stands out */
} space;

/* Most kinds of calls are too much alike for anything to be found in them: they cost a look at each call. */
static void judge(const likes *about, like_group *group, double least_score, const space *room)
{
    spread durations = spread_of(group);
    if ((double)(durations.longest - durations.shortest) <
        (double)about->model->period_ns * RISE_PERIODS)
        return;
    measure(group, room->x);
    find_growth(about, group, room->x, room->y, room->pairs);
    if (group->exponent > 0 || !is_long(about, (double)durations.longest, group->median_ns))
        return;
    score(about, group, room->x);
    group->mean_ns = mean_of_usual(group, least_score);
    find_outliers(about, group, least_score, room->marks);
}

ml_status rules_judge(likes *about, double least_score)
{
    size_t most = 0, count = about->model->calls->count;
    space room;
    for (size_t i = 0; i < about->count; i++)
        most = about->groups[i].count > most ? about->groups[i].count : most;
    room.x = (double *)ml_alloc(about->host, most, sizeof *room.x);
    room.y = (double *)ml_alloc(about->host, most, sizeof *room.y);
    room.pairs = (double *)ml_alloc(about->host, TREND_PAIRS_MAX, sizeof *room.pairs);
    room.marks = (uint8_t *)ml_alloc(about->host, count, 1);
    if (!room.x || !room.y || !room.pairs || !room.marks)
        return ml_fail(about->host, ML_ERROR_MEMORY, "no memory to compare %zu calls", most);
    for (size_t i = 0; i < about->count; i++)
        judge(about, &about->groups[i], least_score, &room);
    for (size_t i = 0; i < about->count; i++)
        sum_outliers(about, &about->groups[i], room.marks);
    return ML_OK;
}

/* ---------------------------------------------------------------- bursts */

/* Over how many tenths of the span the calls outside of [first, first + count) are spread. */
static unsigned tenths_outside(const like_group *group, const burst *one, uint64_t tenth)
{
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < group->count; i++)
        if (i < one->first || i >= one->first + one->count)
            bits |= 1u << ((group->calls[i].start_ns - group->calls[0].start_ns) / tenth) % 10;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

int rules_find_burst(const likes *about, const like_group *group, burst *out)
{
    const like_call *calls = group->calls;
    size_t half = (group->count + 1) / 2;
    uint64_t tenth = (calls[group->count - 1].start_ns - calls[0].start_ns) / 10 + 1;
    uint64_t shortest = UINT64_MAX;
    memset(out, 0, sizeof *out);
    if (group->count < BURST_LEAST ||
        !(ml_function_origin(about->model, calls[0].function) & ML_MODULE_PROJECT))
        return 0;
    for (size_t i = 0; i + half <= group->count; i++) {
        uint64_t span = calls[i + half - 1].start_ns - calls[i].start_ns;
        if (span >= shortest)
            continue;
        shortest = span;
        out->first = i;
    }
    out->count = half;
    out->start_ns = calls[out->first].start_ns;
    out->end_ns = about->model->calls->end_ns[calls[out->first + half - 1].row];
    return shortest < tenth && tenths_outside(group, out, tenth) >= BURST_OTHER_TENTHS;
}
