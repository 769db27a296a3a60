/* rules: which calls of a group stand out, which groups slow down, which come in bursts. */
#ifndef MICROLOG_ANALYZERS_ANOMALY_RULES_H
#define MICROLOG_ANALYZERS_ANOMALY_RULES_H

#include "likes.h"

enum {
    LIKES_LEAST = 8,    /* calls of a kind, to be judged at all */
    EXCESS_PERIODS = 5, /* a difference of one call must be seen in so many samples */
    RISE_PERIODS = 3, /* that of medians of thirds, which are known to half a period, in so many */
    GAP_PERIODS =
        2, /* like calls that are less apart may look like one: ticks are up to two periods apart */
    BURST_LEAST = 16
};

/* Longer than the median, and longer than at the beginning. */
static const double TIMES_LEAST = 2;

typedef struct burst {
    size_t first, count; /* calls of the group */
    uint64_t start_ns, end_ns;
} burst;

/* Marks outliers and fills all numbers of the groups. ML_ERROR_MEMORY with a cause. */
ml_status rules_judge(likes *about, double least_score);

/* How many of the group's medians a call must last to stand out. Two like calls with no sample between them are one
 * stretch. Where that may happen (to the nearest like call it is less than GAP_PERIODS of work), the number of calls in a
 * stretch is geometric, half of the stretches are longer than the median, and having lasted for any time says nothing
 * of the rest: the longest of n reaches log2(n / p) medians, or ln(n / p) means, with a chance below p (W. Feller, "An
 * Introduction to Probability Theory and Its Applications", vol. 2, section I.3). p is 1 %; the larger of both holds. */
double rules_least_times(const likes *about, const like_group *group, const like_call *call);

/* What the thread did between a call of the group and the nearest like one: CPU and waiting, but not for other threads, as for
 * a lock; 0: there is none. */
double rules_gap(const likes *about, const like_group *group, const like_call *call);

/* Is an outlier surely one call? Either like calls are apart from it; or half of what it took too long is in a function that has
 * twice the share of it than of its like; or that half is one part of it, and of that part, down to a function's own time
 * between two calls. Several calls that look like one are made up as each is, and do the same parts again. */
int rules_is_whole(const likes *about, const like_group *group, const like_call *call);

/* Do the outliers come regularly? Then every how many calls, else 0. There are at least four, and the longest
 * distance between two is at most half as long again as the shortest. */
double rules_rhythm(const like_group *group);

/* Finds the shortest time in which half of the calls began. True if there are at least 16, it is less than a tenth of
 * the time from the first to the last, and the others are spread over at least four tenths. */
int rules_find_burst(const likes *about, const like_group *group, burst *out);

#endif
