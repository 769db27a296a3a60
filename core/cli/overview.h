/* overview: many runs in the terminal, a line for each as it is done and a table at the end.
 */
#ifndef ML_CLI_OVERVIEW_H
#define ML_CLI_OVERVIEW_H

#include "core/base/arena.h"
#include "core/base/buffer.h"

#include <microlog/plugin.h>

/* A run in one line of the table. */
typedef struct ml_overview_row {
    const char *name; /* of its report */
    uint64_t duration_ns;
    uint64_t findings[ML_LEVEL_ERROR + 1]; /* by level; 0 is not used */
} ml_overview_row;

typedef struct ml_overview {
    ml_overview_row *rows;
    size_t count, capacity;
} ml_overview;

/* Adds a run. */
ml_status ml_overview_add(ml_arena *arena, ml_overview *self, const char *name,
                          const ml_model *model, const ml_documents *documents);

/* "NAME: verdict". */
void ml_overview_line(ml_buffer *out, const char *name, const ml_documents *documents);

/* The table: the worst runs first, else in the order in which they were added; then the sums. */
ml_status ml_overview_table(ml_arena *arena, ml_buffer *out, const ml_overview *self);

#endif
