/* sites: descriptors grouped by the line that opened them and by their kind. */
#ifndef MICROLOG_ANALYZERS_FDLEAK_SITES_H
#define MICROLOG_ANALYZERS_FDLEAK_SITES_H

#include <microlog/sdk.h>

enum { TENTHS = 10, EXAMPLES_MAX = 3 };

/* Those of a site that stayed open. */
typedef struct open_ones {
    uint64_t count;
    uint64_t first_ns, last_ns;      /* opening of the first and of the last; UINT64_MAX, 0: none */
    uint32_t process;                /* of the first */
    uint32_t tenths;                 /* a bit for each tenth of the run in which one was opened */
    uint32_t examples[EXAMPLES_MAX]; /* different labels, string ids */
    uint32_t example_count;
} open_ones;

typedef struct open_site {
    uint32_t function; /* ML_NONE: opener unknown */
    uint32_t line;
    uint32_t what; /* ML_DESCRIPTOR_… */
    uint64_t opened, closed;
    uint64_t early; /* closed before their process was about to end */
    open_ones open; /* never closed */
    open_ones kept; /* closed only when their process was about to end (common/ending.h) */
} open_site;

typedef struct open_sites {
    open_site *sites; /* ordered by function, line, kind */
    size_t count;
    uint64_t checked; /* descriptors */
} open_sites;

/* Inherited descriptors and the standard streams are left out. */
ml_status open_sites_find(const ml_host *host, open_sites *out);

/* In how many different tenths of the run they were opened. */
unsigned open_ones_tenths(const open_ones *ones);

#endif
