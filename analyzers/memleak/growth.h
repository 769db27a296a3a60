/* growth: does the memory of a process, or a part of it, grow, and which functions were there when it did? */
#ifndef MICROLOG_ANALYZERS_MEMLEAK_GROWTH_H
#define MICROLOG_ANALYZERS_MEMLEAK_GROWTH_H

#include "common/counters.h"
#include "common/statistics.h"

enum {
    POINTS_LEAST = 8
}; /* after the warm-up: seven steps, the fewest that a test of their signs can be sure of */

typedef struct growth {
    uint32_t process, counter; /* counter ML_NONE: memory was not recorded */
    uint64_t first;            /* point behind the warm-up */
    size_t points;             /* from there on, but for those when the process was about to end */
    uint64_t start_ns, end_ns;
    trend all;          /* bytes a second */
    double last_slope;  /* of the last third */
    double grown_bytes; /* by the slope, from start to end */
    double median_bytes;
    size_t steps_up, steps_down;
    double step_chance;    /* that steps up and down are as likely, by step_test */
    const char *step_test; /* its name */
    const char *reason;    /* why it is no leak; NULL: it grows */
} growth;

/* The part of the growth in whose seconds a function was there. */
typedef struct suspect {
    uint32_t function, line;
    double bytes; /* of the growth */
    double time;  /* of the samples' time that growth is shared out by */
} suspect;

typedef struct suspects {
    suspect *all; /* by bytes, largest first */
    size_t count;
    double bytes, time;
} suspects;

/* By a counter of bytes: "rss", "heap_bytes". ML_ERROR_MEMORY with a cause. */
ml_status growth_look(const ml_host *host, const char *counter, uint32_t process, growth *out);

/* Judges values at the points of `about` (counter, points, start and end are known); `least` bytes are too few to speak of.
 * Changes both arrays. */
ml_status growth_judge(const ml_host *host, growth *about, double *seconds, double *bytes,
                       double least);

/* Every step up is shared out among the lines of the project (else of a library) at which threads were seen between
 * its two readings: by their running time, or if none ran by their time. A line that has a larger share of the growth than
 * of that time was there when memory grew fast. */
ml_status growth_suspects(const ml_host *host, const growth *about, suspects *out);

#endif
