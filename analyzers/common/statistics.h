/* statistics: what several analyzers need to say how sure they are.
 *
 * Robust ones: the median and what is made of it, so that what is looked for does not hide itself by raising
 * the mean. Functions that move or overwrite their input say so; none allocates. */
#ifndef MICROLOG_ANALYZERS_COMMON_STATISTICS_H
#define MICROLOG_ANALYZERS_COMMON_STATISTICS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct interval {
    double low, high;
} interval;

/* The 95 % interval of a share of which `hits` of `total` (more than 0) draws are known: the score interval of
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927. */
static inline interval interval_of_share(uint64_t hits, uint64_t total)
{
    const double z = 1.959963984540054;
    double n = (double)total, p = (double)hits / n;
    double centre = p + z * z / (2 * n);
    double spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    interval found;
    found.low = (centre - spread) / (1 + z * z / n);
    found.high = (centre + spread) / (1 + z * z / n);
    found.low = found.low > 0 ? found.low : 0;
    found.high = found.high < 1 ? found.high : 1;
    return found;
}

static inline int statistics_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Moves the values in [low, high) so that none before `place`, which lies there, is larger than the one there, and none behind
 * it smaller: C. A. R. Hoare, "Algorithm 65: Find", CACM 4, 1961. Some inputs would take it their square, so what is left
 * after some rounds is put in order. */
static inline void select_place(double *values, size_t low, size_t high, size_t place)
{
    enum { FEW = 8, ROUNDS_MAX = 64 };
    for (int round = 0; high - low > FEW && round < ROUNDS_MAX; round++) {
        double pivot = values[low + (high - low) / 2];
        size_t up = low, down = high - 1;
        while (up <= down) {
            while (values[up] < pivot)
                up++;
            while (pivot < values[down])
                down--;
            if (up > down)
                break;
            double other = values[up];
            values[up++] = values[down];
            values[down--] = other;
        }
        if (place <= down)
            high = down + 1;
        else if (place >= up)
            low = up;
        else
            return;
    }
    qsort(values + low, high - low, sizeof *values, statistics_compare);
}

/* What stands at `place` when the values are in order; 0 of none. Moves the values. */
static inline double value_at_place(double *values, size_t count, size_t place)
{
    if (count == 0)
        return 0;
    select_place(values, 0, count, place);
    return values[place];
}

/* 0 of none. Moves the values. */
static inline double median_of(double *values, size_t count)
{
    size_t middle = count / 2;
    double upper = value_at_place(values, count, middle), lower = count ? values[0] : 0;
    for (size_t i = 1; i < middle; i++)
        lower = values[i] > lower ? values[i] : lower;
    return count % 2 ? upper : (lower + upper) / 2;
}

/* Who is among the largest: those above `least`, and the first `equal` of those that are equal to it. */
typedef struct largest {
    double least;
    size_t equal;
} largest;

/* The `most` largest of values. Moves them. */
static inline largest largest_of(double *values, size_t count, size_t most)
{
    largest found = {-INFINITY, most};
    if (count <= most)
        return found;
    found.least = value_at_place(values, count, count - most);
    for (size_t i = count - most; i < count; i++)
        found.equal -= values[i] > found.least;
    return found;
}

/* Is the value among them? Asked once of each, in order. */
static inline int largest_take(largest *from, double value)
{
    if (value > from->least)
        return 1;
    if (value < from->least || from->equal == 0)
        return 0;
    from->equal--;
    return 1;
}

/* Median absolute deviation from `median`, not scaled. Overwrites the values. */
static inline double deviation_of(double *values, size_t count, double median)
{
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(values[i] - median);
    return median_of(values, count);
}

/* How many standard deviations of a normal distribution `value` is off, where `deviation` (more than 0) is the
 * median absolute one. 3.5 is the usual mark: B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle
 * Outliers", ASQC, 1993. */
static inline double robust_score(double value, double median, double deviation)
{
    const double normal = 0.6744897501960817; /* third quartile of the normal distribution */
    return normal * (value - median) / deviation;
}

/* The chance that of `total` fair coins `hits` or more show heads: the one-sided sign test. */
static inline double sign_test(uint64_t hits, uint64_t total)
{
    double sum = 0;
    for (uint64_t k = hits; k <= total; k++)
        sum += exp(lgamma((double)total + 1) - lgamma((double)k + 1) -
                   lgamma((double)(total - k) + 1) - (double)total * 0.6931471805599453);
    return sum < 1 ? sum : 1;
}

/* The most values that the test below takes: as many as a double counts all choices of signs of. */
enum { SIGNED_RANK_MAX = 50 };

static inline int statistics_compare_sizes(const void *left, const void *right)
{
    double a = fabs(*(const double *)left), b = fabs(*(const double *)right);
    return (a > b) - (a < b);
}

/* The chance that the ranks (by size) of the negative values have so small a sum, if each value had the one sign as easily as the
 * other: the one-sided signed-rank test, F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1,
 * 1945. Exact, by counting the choices of signs for each sum; equal sizes share the mean of their ranks, so ranks are doubled
 * to be whole. At most SIGNED_RANK_MAX values, none of them 0; puts them in order of size. */
static inline double signed_rank_test(double *values, size_t count)
{
    double choices[SIGNED_RANK_MAX * (SIGNED_RANK_MAX + 1) + 1] = {1}, sum = 0;
    size_t highest = 0, negative = 0;
    qsort(values, count, sizeof *values, statistics_compare_sizes);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && !(fabs(values[next]) > fabs(values[i]));)
            next++;
        size_t rank = i + 1 + next; /* first and last place of these, from 1 on */
        for (size_t k = i; k < next; k++) {
            for (size_t at = highest + 1; at-- > 0;)
                choices[at + rank] += choices[at];
            highest += rank;
            negative += values[k] < 0 ? rank : 0;
        }
    }
    for (size_t at = 0; at <= negative; at++)
        sum += choices[at];
    return ldexp(sum, -(int)count);
}

typedef struct trend {
    double slope;    /* of y for one x: the median of the slopes of all pairs */
    interval likely; /* 99 % */
    double score;    /* Kendall's S in standard deviations; above 2.58 a rise is sure at 1 % */
} trend;

/* More points are not needed, and pairs cost their square: thin them with trend_thin first. */
enum { TREND_POINTS_MAX = 256, TREND_PAIRS_MAX = TREND_POINTS_MAX * (TREND_POINTS_MAX - 1) / 2 };

/* The variance of Kendall's S, corrected for equal values of y. `scratch` holds `count` numbers. */
static inline double trend_variance(const double *y, size_t count, double *scratch)
{
    double n = (double)count, variance = n * (n - 1) * (2 * n + 5), same = 1;
    for (size_t i = 0; i < count; i++)
        scratch[i] = y[i];
    qsort(scratch, count, sizeof *scratch, statistics_compare);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && !(scratch[i] > scratch[i - 1])) {
            same++;
            continue;
        }
        variance -= same * (same - 1) * (2 * same + 5);
        same = 1;
    }
    return variance / 18;
}

/* A straight trend through 2 to TREND_POINTS_MAX points with rising x: P. K. Sen, "Estimates of the Regression
 * Coefficient Based on Kendall's Tau", JASA 63, 1968. `scratch` holds TREND_PAIRS_MAX numbers. */
static inline trend trend_of(const double *x, const double *y, size_t count, double *scratch)
{
    const double z = 2.5758293035489004;
    double variance = trend_variance(y, count, scratch), pairs, half, sum = 0;
    size_t used = 0, low, high;
    trend found;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            sum += (y[k] > y[i]) - (y[k] < y[i]);
            if (x[k] > x[i])
                scratch[used++] = (y[k] - y[i]) / (x[k] - x[i]);
        }
    found.slope = median_of(scratch, used);
    found.score = variance > 0 ? (sum - (sum > 0) + (sum < 0)) / sqrt(variance) : 0;
    pairs = (double)used;
    half = z * sqrt(variance > 0 ? variance : 0);
    low = pairs > half ? (size_t)((pairs - half) / 2) : 0;
    high = used - low;
    high = high < used ? high : used - 1;
    /* The median parts them already. */
    if (used) {
        select_place(scratch, 0, used / 2 + 1, low);
        select_place(scratch, used / 2, used, high);
    }
    found.likely.low = used ? scratch[low] : 0;
    found.likely.high = used ? scratch[high] : 0;
    return found;
}

/* Makes at most TREND_POINTS_MAX points of more, each of the means of neighbours. Returns how many. */
static inline size_t trend_thin(double *x, double *y, size_t count)
{
    size_t step = (count + TREND_POINTS_MAX - 1) / TREND_POINTS_MAX, kept = 0;
    if (step < 2)
        return count;
    for (size_t i = 0; i < count; i += step) {
        size_t n = count - i < step ? count - i : step;
        double sum_x = 0, sum_y = 0;
        for (size_t k = i; k < i + n; k++) {
            sum_x += x[k];
            sum_y += y[k];
        }
        x[kept] = sum_x / (double)n;
        y[kept++] = sum_y / (double)n;
    }
    return kept;
}

#endif
