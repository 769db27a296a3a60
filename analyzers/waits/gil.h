/* gil: when several threads of a process wanted to run and shared one core. */
#ifndef MICROLOG_ANALYZERS_WAITS_GIL_H
#define MICROLOG_ANALYZERS_WAITS_GIL_H

#include "sites.h"

typedef struct gil_contention {
    uint32_t process;
    uint64_t time_ns;    /* of all parts of the run in which it was so */
    uint64_t waiting_ns; /* of all threads, in these */
    uint64_t known_ns;   /* of it, where the state says that it was for the interpreter's lock */
    uint64_t first_ns, last_ns;
    uint32_t threads;        /* most in one part */
    double cpu_ns;           /* of the process, in these */
    uint32_t function, line; /* where most of the waiting was, and the stack's own line */
} gil_contention;

/* The run is cut at the readings of the process's counters, and between them into at most ten parts of at least 20
 * periods. A part counts if the process used at most 1.3 of a core in it, at least two threads used a tenth of a core
 * each, and these together were off the CPU, in functions that otherwise use it, for at least three tenths of it; and
 * if the process used at least 0.75 of a core. Where the states say that the waiting was for the interpreter's lock,
 * the machine may be busy: then that is not asked for, and it is enough for a thread to be running for a tenth of the part
 * and to use a fifth of the process's CPU.
 * ML_ERROR_MEMORY with a cause. */
ml_status gil_look(const wait_sites *from, uint32_t process, gil_contention *out);

#endif
