/* survey: one row for each of many recordings: what it is, how it ran, the worst that was found in it.
 *
 * A file that cannot be read is a row with its error. A file with several runs has a row for each; a run in several
 * files is a row in each of them, since nothing is held open beyond one file.
 */
#ifndef ML_CLI_SURVEY_H
#define ML_CLI_SURVEY_H

#include "core/cli/choose.h"

typedef struct ml_survey_row {
    size_t number; /* in the order in which rows were added */
    const char *path;
    const char *error; /* NULL: it was read, and what is below holds */
    const char *program, *command, *label, *session;
    int64_t start_wall_ns; /* since 1970 UTC */
    uint64_t duration_ns, cpu_ns, samples, ticks, ticks_missed;
    int64_t peak_memory; /* bytes; -1: not known */
    int64_t exit_code;   /* INT64_MIN: not known */
    uint32_t processes;
    const char *
        ended; /* "clean", "damaged", or "open" when the end is missing: killed, or still running */
    uint64_t findings[ML_LEVEL_ERROR + 1]; /* by level; 0 is not used */
    uint32_t worst;                        /* level of the worst; 0: none */
    const char *rule, *message;            /* of the worst; "" */
    int failed;                            /* plugins that did not end well */
} ml_survey_row;

typedef struct ml_survey {
    ml_survey_row *rows;
    size_t count, capacity;
    size_t unreadable; /* files that are rows with an error */
} ml_survey;

/* Adds the rows of a file; the texts go to `arena`. Fails only without memory. */
ml_status ml_survey_add(ml_arena *arena, ml_survey *self, ml_pool *pool, const ml_choice *plugins,
                        const char *path, ml_error *error);

/* Sorts by "findings" (worst first, which is the default), "file", "time", "length", "cpu" or "memory" (largest first).
 * Rows with an error come first. ML_ERROR_ARGUMENT for another name. */
ml_status ml_survey_sort(ml_survey *self, const char *by, ml_error *error);

/* Leaves rows with a finding of `level` or worse, and those with an error. */
void ml_survey_filter(ml_survey *self, uint32_t level);

/* A table for `width` columns (0: as wide as it takes). */
void ml_survey_text(ml_buffer *out, const ml_survey *self, uint32_t width, int color);

/* An object a row: one object with all and a newline, or a line for each. */
void ml_survey_json(ml_buffer *out, const ml_survey *self);
void ml_survey_ndjson(ml_buffer *out, const ml_survey *self);

/* A page with a link for each row that was read: links[number of the row], as it stands in the attribute. */
void ml_survey_html(ml_buffer *out, const ml_survey *self, const char *const *links);

#endif
