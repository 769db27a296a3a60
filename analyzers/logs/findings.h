/* findings: the sentences of this analyzer's three rules. Each puts its findings and says how many in `count`. */
#ifndef MICROLOG_ANALYZERS_LOGS_FINDINGS_H
#define MICROLOG_ANALYZERS_LOGS_FINDINGS_H

#include "rhythm.h"
#include "templates.h"

/* Of each rule. What is left out is in the table of templates. */
enum { ERRORS_MAX = 10, FLOODS_MAX = 3, SILENCES_MAX = 3 };

ml_status put_errors(const ml_host *host, const message_templates *from, uint32_t *count);
ml_status put_floods(const ml_host *host, const message_templates *from, uint32_t *count);
ml_status put_silences(const ml_host *host, const message_templates *from, uint32_t *count);

/* Is the template an error: a record of that level, or an exception that nobody caught? */
int template_is_error(const message_template *one);

#endif
