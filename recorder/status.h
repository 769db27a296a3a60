/* status: the counters of the process and the machine, from /proc and getrusage. Descriptors are kept open and
 * read again, so a reading allocates nothing and opens nothing. [sampler] */
#ifndef RECORDER_STATUS_H
#define RECORDER_STATUS_H

#include <stdint.h>

enum { STATUS_FILES = 4 };

typedef struct status {
    int file[STATUS_FILES];
} status;

/* In the order of kind sys.status; -1 where not known. */
enum {
    STATUS_CPU_USER,
    STATUS_CPU_SYSTEM,
    STATUS_RSS,
    STATUS_SYSTEM_CPU,
    STATUS_MEMORY_TOTAL,
    STATUS_MEMORY_AVAILABLE,
    STATUS_THREADS,
    STATUS_DESCRIPTORS,
    STATUS_SWITCHES_VOLUNTARY,
    STATUS_SWITCHES_INVOLUNTARY,
    STATUS_READ,
    STATUS_WRITTEN,
    STATUS_MODULES,
    STATUS_GC_COLLECTIONS,
    STATUS_GC_COLLECTED,
    STATUS_GC_UNCOLLECTABLE,
    STATUS_COUNT
};

void status_open(status *status);
void status_close(status *status);

/* Fills what the system tells; the interpreter's own numbers are left to the caller. */
void status_read(const status *status, int64_t values[STATUS_COUNT]);

#endif
