/* places: where threads waited, all threads of a line together, and what every finding on such a place says. */
#ifndef MICROLOG_ANALYZERS_WAITS_PLACES_H
#define MICROLOG_ANALYZERS_WAITS_PLACES_H

#include "sites.h"

/* One line and cause, of all threads. */
typedef struct place {
    wait_site sum; /* its thread and leaf are those of the longest run */
    uint64_t stretches, samples;
    uint64_t life_ns; /* of its threads, from start to end */
    uint32_t threads;
} place;

typedef struct places {
    place *all; /* by function, line, cause */
    size_t count;
} places;

/* With `want_flow`, only threads that held up the main flow. ML_ERROR_MEMORY with a cause. */
ml_status places_find(const wait_sites *from, int want_flow, places *out);

/* Begins a finding of that level, with key, importance and fingerprint of the place. */
ml_draft places_begin(const wait_sites *from, const place *one, uint32_t level, const char *rule,
                      const char *title);

void places_put_location(ml_draft finding, const ml_model *model, const place *one);

/* As evidence: how often it was seen, from when to when, in how many stretches. */
void places_put_stretches(ml_draft finding, const wait_sites *from, const place *one);

/* Puts a finding for each place, in their order, that `is_wanted`, at most `most`; adds how many to `found`. */
ml_status places_put_each(const wait_sites *from, size_t most,
                          int (*is_wanted)(const wait_sites *, const place *),
                          ml_status (*put)(const wait_sites *, const place *), size_t *found);

#endif
