#include "allocations.h"

#include "common/events.h"

#include <stdlib.h>

enum { SHOWN = 3 };

static const int64_t GROWN_LEAST = 100000;

/* A line, at the first and the last time behind the warm-up that it was named. */
typedef struct line {
    uint32_t file, line;
    uint64_t event;
    int64_t count, first, last; /* pieces at last; bytes */
} line;

static int compare_lines(const void *left, const void *right)
{
    const line *a = (const line *)left, *b = (const line *)right;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

static int compare_growth(const void *left, const void *right)
{
    const line *a = (const line *)left, *b = (const line *)right;
    if (a->last - a->first != b->last - b->first)
        return a->last - a->first > b->last - b->first ? -1 : 1;
    return compare_lines(left, right);
}

/* Makes one row of all that is said of a line; returns how many there are. */
static size_t merge(line *all, size_t count)
{
    size_t kept = 0;
    qsort(all, count, sizeof *all, compare_lines);
    for (size_t i = 0; i < count; i++) {
        line *before = kept ? &all[kept - 1] : NULL;
        if (before && before->file == all[i].file && before->line == all[i].line) {
            before->last = all[i].last;
            before->count = all[i].count;
        } else {
            all[kept++] = all[i];
        }
    }
    qsort(all, kept, sizeof *all, compare_growth);
    return kept;
}

static uint64_t positive(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

static void put_line(ml_draft finding, const ml_model *model, const line *one)
{
    char first[ML_NUMBER_MAX], last[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    ml_evidence(
        finding,
        "tracemalloc: %.300s:%u allocated %s that are there at last, in %s pieces; after the "
        "warm-up it was %s.",
        ml_text_of(model, one->file), (unsigned)one->line,
        ml_format_bytes(last, positive(one->last)), ml_format_count(count, positive(one->count)),
        ml_format_bytes(first, positive(one->first)));
}

ml_status allocations_put(const ml_host *host, ml_draft finding, const growth *about)
{
    static const char *const names[] = {"file", "line", "count", "bytes"};
    const ml_model *model = ml_get_model(host);
    uint32_t fields[4] = {0, 0, 0, 0}, kind = events_kind(model, "heap.site", names, 4, fields);
    line *all = (line *)ml_alloc(host, events_count(model, kind, about->process), sizeof *all);
    size_t count = 0;
    if (!all)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the lines that allocate");
    ML_EACH_EVENT(model, kind, about->process, i)
    {
        const int64_t *values = events_fields(model, i);
        line one = {(uint32_t)values[fields[0]], (uint32_t)positive(values[fields[1]]), i, 0, 0, 0};
        one.count = values[fields[2]];
        one.first = one.last = values[fields[3]];
        if (model->events->time_ns[i] >= about->start_ns)
            all[count++] = one;
    }
    count = merge(all, count);
    for (size_t i = 0; i < count && i < SHOWN && all[i].last - all[i].first >= GROWN_LEAST; i++)
        put_line(finding, model, &all[i]);
    return ML_OK;
}
