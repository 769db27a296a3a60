/* likes: calls grouped with their like, the same function under the same caller, in order of time. */
#ifndef MICROLOG_ANALYZERS_ANOMALY_LIKES_H
#define MICROLOG_ANALYZERS_ANOMALY_LIKES_H

#include "common/waiting.h"

typedef struct like_call {
    uint32_t function, caller; /* caller ML_NONE: none */
    uint64_t row;              /* of calls */
    uint64_t start_ns, duration_ns;
    double
        work_ns;  /* what its thread used of CPU and waited; its duration where CPU is not known */
    double score; /* robust score of the logarithm of its work */
    uint32_t nested;  /* it lies within a call that stands out as well */
    uint32_t outlier; /* it stands out */
} like_call;

typedef struct like_group {
    like_call *calls;
    size_t count;
    double median_ns, mean_ns; /* the mean of those that do not stand out */
    double deviation;          /* median absolute one, of the logarithms of work */
    double
        gap_ns; /* median time from the end of one to the next of the same thread; 0: not known */
    size_t outliers;
    double excess_ns;      /* of all outliers over the median, nested ones left out */
    double median_work_ns; /* of CPU and waiting */
    double excess_work_ns;
    double exponent;          /* of the duration over the number of the call; 0: it does not grow */
    double first_ns, last_ns; /* medians of the first and the last third */
    double trend_score;
} like_group;

typedef struct likes {
    const ml_host *host;
    const ml_model *model;
    const uint8_t *causes; /* by row of stacks: what they wait for */
    like_call *calls;
    size_t call_count;
    double
        *work_before;   /* by row of samples, and one more: CPU and waiting of all rows before it */
    like_group *groups; /* with at least `least` calls, by function and caller */
    size_t count;
} likes;

/* What happened to its thread between start and end of a call. */
typedef struct call_states {
    uint64_t running_ns, cpu_ns, gc_ns;
    uint64_t waiting_ns[WAIT_CAUSES];
    wait_cause cause; /* of most of the waiting; WAIT_NONE: it never waited */
    uint64_t all_waiting_ns;
    uint32_t leaf; /* stack: where it stood the longest; 0: never seen */
} call_states;

/* Of recursive calls only the outermost counts; the standard library counts where other code called it.
 * ML_ERROR_MEMORY with a cause. */
ml_status likes_find(const ml_host *host, size_t least, likes *out);

call_states like_states(const likes *about, const like_call *call);

/* CPU and waiting of a thread between two times, where that is known; else the time. Not the time in which it was ready to run
 * and lacked a core or the interpreter's lock. */
double like_work_between(const likes *about, uint32_t thread, uint64_t start_ns, uint64_t end_ns);

/* Of a thread between two times. */
call_states like_states_between(const likes *about, uint32_t thread, uint64_t start_ns,
                                uint64_t end_ns);

#endif
