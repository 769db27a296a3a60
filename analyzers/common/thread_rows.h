/* thread_rows: which row of a table tells of a thread.
 *
 * A server may start a thread for each request, and a row for each of 70,000 tells a reader nothing. Of more than
 * THREAD_ROWS_OWN, those that lived longest have a row each; the others share one with those whose names differ in
 * numbers only. */
#ifndef MICROLOG_ANALYZERS_COMMON_THREAD_ROWS_H
#define MICROLOG_ANALYZERS_COMMON_THREAD_ROWS_H

#include "common/statistics.h"

#include <microlog/sdk.h>

/* Behind so many shared rows all other names share one. */
enum { THREAD_ROWS_OWN = 200, THREAD_ROWS_SHARED = 50, THREAD_ROWS_NAME_MAX = 160 };

typedef struct thread_rows {
    uint32_t *row; /* by thread */
    const char **name;
    uint32_t count;  /* of rows: own ones in order of threads, then shared ones */
    uint32_t shared; /* threads without a row of their own */
} thread_rows;

static inline double thread_rows_life(const ml_model *model, uint32_t thread)
{
    return (double)(model->threads->end_ns[thread] - model->threads->start_ns[thread]);
}

/* Gives the longest lives rows of their own, all others ML_NONE; of equal ones the first get them. */
static inline void thread_rows_own(thread_rows *to, const ml_model *model, double *lives)
{
    uint32_t count = model->threads->count;
    largest longest;
    for (uint32_t i = 0; i < count; i++)
        lives[i] = thread_rows_life(model, i);
    longest = largest_of(lives, count, THREAD_ROWS_OWN);
    for (uint32_t i = 0; i < count; i++) {
        to->row[i] = ML_NONE;
        if (!largest_take(&longest, thread_rows_life(model, i)))
            continue;
        to->name[to->count] = ml_text_of(model, model->threads->name[i]);
        to->row[i] = to->count++;
    }
}

/* The name of the row that a thread shares: each number of its own name is "#". */
static inline void thread_rows_pattern(char *to, const char *name)
{
    size_t length = (size_t)snprintf(to, THREAD_ROWS_NAME_MAX, "others: ");
    for (; *name && length + 1 < THREAD_ROWS_NAME_MAX; name++) {
        int is_digit = *name >= '0' && *name <= '9';
        if (!is_digit || to[length - 1] != '#')
            to[length++] = is_digit ? '#' : *name;
    }
    to[length] = '\0';
}

/* The shared row of that name: one that is there, a new one, or the last. ML_NONE without memory. */
static inline uint32_t thread_rows_named(thread_rows *to, const ml_host *host, uint32_t first,
                                         const char *name)
{
    size_t length;
    char *copy;
    for (uint32_t row = first; row < to->count; row++)
        if (strcmp(to->name[row], name) == 0)
            return row;
    if (to->count - first > THREAD_ROWS_SHARED)
        return to->count - 1;
    if (to->count - first == THREAD_ROWS_SHARED)
        name = "others";
    length = strlen(name);
    copy = (char *)ml_alloc(host, length + 1, 1);
    if (!copy)
        return ML_NONE;
    to->name[to->count] = (const char *)memcpy(copy, name, length);
    return to->count++;
}

/* ML_ERROR_MEMORY with a cause. */
static inline ml_status thread_rows_find(thread_rows *to, const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    uint32_t count = model->threads->count, own;
    double *lives = (double *)ml_alloc(host, count, sizeof *lives);
    to->count = to->shared = 0;
    to->row = (uint32_t *)ml_alloc(host, count, sizeof *to->row);
    to->name =
        (const char **)ml_alloc(host, THREAD_ROWS_OWN + THREAD_ROWS_SHARED + 1, sizeof *to->name);
    if (!lives || !to->row || !to->name)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %u threads", (unsigned)count);
    thread_rows_own(to, model, lives);
    own = to->count;
    for (uint32_t i = 0; i < count; i++) {
        char name[THREAD_ROWS_NAME_MAX];
        if (to->row[i] != ML_NONE)
            continue;
        thread_rows_pattern(name, ml_text_of(model, model->threads->name[i]));
        to->row[i] = thread_rows_named(to, host, own, name);
        to->shared++;
        if (to->row[i] == ML_NONE)
            return ml_fail(host, ML_ERROR_MEMORY, "no memory for the name of a thread");
    }
    return ML_OK;
}

/* Ends a table of threads: what it tells, and which of them have no row of their own. */
static inline ml_status thread_rows_end(ml_draft table, const thread_rows *rows, const char *text)
{
    char whole[512], shared[ML_NUMBER_MAX];
    if (rows->shared == 0)
        return ml_end(table, text);
    ml_format(whole, sizeof whole,
              "%s Each of the %d threads that lived longest is told by itself, the %s others "
              "together (\"others\"), by names in which # stands for any number.",
              text, (int)THREAD_ROWS_OWN, ml_format_count(shared, rows->shared));
    return ml_end(table, whole);
}

#endif
