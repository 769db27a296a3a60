/* hot_lines: lines of the project for which libraries run, in a large part of the running time. */
#ifndef MICROLOG_ANALYZERS_HOTSPOTS_HOT_LINES_H
#define MICROLOG_ANALYZERS_HOTSPOTS_HOT_LINES_H

#include "tally.h"

enum { NAMED_MAX = 8 };

/* Places that other findings name already, with what these charge to them, and whether as a warning. */
typedef struct named_places {
    site all[NAMED_MAX];
    int is_warning[NAMED_MAX];
    size_t count;
} named_places;

void named_add(named_places *to, site place, int is_warning);

/* Puts the findings of hotspots/hot-line, but not for a line that is in `named` as loudly, with
 * most of its time. ML_ERROR_MEMORY with a cause. */
ml_status put_hot_lines(const tally *from, const named_places *named);

#endif
