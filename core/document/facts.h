/* facts: numbers of a run that several commands show, from its tables. */
#ifndef ML_DOCUMENT_FACTS_H
#define ML_DOCUMENT_FACTS_H

#include <microlog/plugin.h>

/* The peaks of a counter ("rss", "descriptors"), summed over the processes. False: it was not recorded. */
int ml_facts_peak(const ml_model *model, const char *name, int64_t *out);

uint64_t ml_facts_cpu_ns(const ml_model *model); /* of all processes */

uint64_t ml_facts_samples(const ml_model *model); /* really taken */

/* Messages of level error or worse. */
uint64_t ml_facts_errors(const ml_model *model);

/* The first process's, or INT64_MIN when that is not known. */
int64_t ml_facts_exit_code(const ml_model *model);

#endif
