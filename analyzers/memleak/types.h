/* types: which types of objects grow, from census to census, and which lines wanted more memory for objects. */
#ifndef MICROLOG_ANALYZERS_MEMLEAK_TYPES_H
#define MICROLOG_ANALYZERS_MEMLEAK_TYPES_H

#include "growth.h"

/* A type over the censuses behind the warm-up. */
typedef struct heap_type {
    uint32_t name;        /* string */
    uint64_t first, last; /* objects at the first census and at the last */
    uint64_t last_bytes;  /* their own sizes at the last */
    int always;           /* it was more at each census than at the one before */
    growth about;
} heap_type;

typedef struct heap_types {
    growth total;   /* of all objects; points: censuses behind the warm-up */
    heap_type *all; /* by growth a second, largest first */
    size_t count;
} heap_types;

/* What a process had. Without censuses total.counter is ML_NONE. ML_ERROR_MEMORY with a cause. */
ml_status heap_types_find(const ml_host *host, uint32_t process, heap_types *out);

/* A line that wanted memory when there was none. */
typedef struct growth_site {
    uint32_t function, line;
    uint64_t bytes, times;
} growth_site;

typedef struct growth_sites {
    growth_site *all; /* by bytes, largest first */
    size_t count;
    uint64_t bytes;
} growth_sites;

/* Those of a process from `start_ns` on, by line of the project, else of a library. */
ml_status growth_sites_find(const ml_host *host, uint32_t process, uint64_t start_ns,
                            growth_sites *out);

#endif
