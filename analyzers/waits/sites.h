/* sites: how long threads waited, by place and cause. */
#ifndef MICROLOG_ANALYZERS_WAITS_SITES_H
#define MICROLOG_ANALYZERS_WAITS_SITES_H

#include "common/waiting.h"

/* A place is the line of the project (else of a library) that a stack comes from, in one thread. */
typedef struct wait_site {
    uint32_t function, line, thread;
    wait_cause cause;
    uint32_t leaf; /* stack: the one of its longest run */
    uint64_t waiting_ns, cpu_ns, samples;
    uint64_t stretches, longest_ns; /* runs without a gap between them are one stretch */
    uint64_t stretch_ns;            /* the last of them */
    uint64_t first_ns, last_ns;
    uint64_t flow_ns;         /* of it, while it held up the main flow of its process */
    uint64_t flow_cpu_ns;     /* CPU of the whole process during that, by the counters */
    uint64_t flow_running_ns; /* of all its threads, during that, by their samples */
    uint64_t longest_run_ns;
    uint64_t
        loop_ns; /* of it, inside of a callback of an event loop: nothing else of that loop ran */
} wait_site;

typedef struct wait_sites {
    const ml_host *host;
    const ml_model *model;
    const uint8_t *causes; /* by row of stacks */
    wait_site *sites;      /* by function, line, cause, thread */
    size_t count;
    uint64_t (*threads)[WAIT_CAUSES]; /* by thread: time by cause, WAIT_NONE is running */
    int has_counters;
} wait_sites;

/* The main flow of a process is its main thread, but for its waits for work and events; while the main thread waits
 * for other threads, these are the flow, but for theirs. ML_ERROR_MEMORY with a cause. */
ml_status wait_sites_find(const ml_host *host, wait_sites *out);

/* The counters of a process that tell its CPU; rows are ML_NONE if it has not both, with two points or more. */
typedef struct cpu_clock {
    uint32_t user, system;
} cpu_clock;

cpu_clock cpu_clock_of(const ml_model *model, uint32_t process);

/* What the process had used by then, in ns: between readings by a straight line; 0 without counters. */
double cpu_clock_at(const ml_model *model, cpu_clock clock, uint64_t time_ns);

#endif
