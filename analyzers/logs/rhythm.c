#include "rhythm.h"

#include <stdlib.h>

static const uint64_t SECOND = 1000000000u;

static uint64_t time_of(const ml_model *model, const message_templates *from,
                        const message_template *one, uint32_t place)
{
    return model->messages->time_ns[template_row(from, one, place)];
}

/* ---------------------------------------------------------------- floods */

/* A stretch of seconds with many messages each, while it grows. */
static void take_second(flood *open, flood *best, uint64_t second, uint32_t count)
{
    int is_next = open->end_ns == second * SECOND;
    if (count < FLOOD_RATE || !is_next)
        memset(open, 0, sizeof *open);
    if (count < FLOOD_RATE)
        return;
    if (!open->count)
        open->start_ns = second * SECOND;
    open->end_ns = (second + 1) * SECOND;
    open->count += count;
    if (open->end_ns - open->start_ns >= FLOOD_SECONDS * SECOND && open->count > best->count)
        *best = *open;
}

flood rhythm_flood(const ml_model *model, const message_templates *from,
                   const message_template *one)
{
    flood open = {0, 0, 0}, best = {0, 0, 0};
    for (uint32_t i = 0; i < one->count;) {
        uint64_t second = time_of(model, from, one, i) / SECOND;
        uint32_t begin = i;
        while (i < one->count && time_of(model, from, one, i) / SECOND == second)
            i++;
        take_second(&open, &best, second, i - begin);
    }
    return best;
}

/* ---------------------------------------------------------------- silences */

static int compare_gaps(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The longest gap, and that until the thread of the last message ends. */
static void find_longest(const ml_model *model, const message_templates *from,
                         const message_template *one, silence *out)
{
    uint32_t last = template_row(from, one, one->count - 1);
    uint32_t thread = model->messages->thread[last];
    uint64_t time = model->messages->time_ns[last];
    for (uint32_t i = 0; i + 1 < one->count; i++) {
        uint64_t begin = time_of(model, from, one, i), end = time_of(model, from, one, i + 1);
        if (end - begin > out->end_ns - out->start_ns) {
            out->start_ns = begin;
            out->end_ns = end;
            out->before = template_row(from, one, i);
        }
    }
    if (thread < model->threads->count && model->threads->end_ns[thread] > time &&
        model->threads->end_ns[thread] - time > out->end_ns - out->start_ns) {
        out->start_ns = time;
        out->end_ns = model->threads->end_ns[thread];
        out->before = last;
        out->is_last = 1;
    }
}

/* Sorts the gaps; half of them lie between the quarter and the three quarters. */
static int is_regular(uint64_t *gaps, size_t count, uint64_t *median)
{
    qsort(gaps, count, sizeof *gaps, compare_gaps);
    *median = gaps[count / 2];
    return *median >= SECOND / 10 && gaps[count / 4] >= *median / 2 &&
           gaps[count * 3 / 4] <= *median + *median / 2;
}

/* Of gaps in order. */
static int is_clock(const uint64_t *gaps, size_t count, uint64_t median)
{
    return count + 1 >= BEATS_LEAST && gaps[count / 4] >= median - median / 8 &&
           gaps[count * 3 / 4] <= median + median / 8;
}

static int thread_lives(const ml_model *model, const silence *gap)
{
    uint32_t thread = model->messages->thread[gap->before];
    return thread < model->threads->count && model->threads->end_ns[thread] >= gap->end_ns;
}

ml_status rhythm_silence(const ml_host *host, const message_templates *from,
                         const message_template *one, silence *out)
{
    const ml_model *model = ml_get_model(host);
    silence found = {0, 0, 0, 0, 0, 0};
    uint64_t *gaps;
    memset(out, 0, sizeof *out);
    if (one->count < SILENCE_LEAST)
        return ML_OK;
    gaps = (uint64_t *)ml_alloc(host, one->count, sizeof *gaps);
    if (!gaps)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the gaps between %u messages",
                       (unsigned)one->count);
    for (uint32_t i = 0; i + 1 < one->count; i++)
        gaps[i] = time_of(model, from, one, i + 1) - time_of(model, from, one, i);
    find_longest(model, from, one, &found);
    if (!is_regular(gaps, one->count - 1, &found.median_ns))
        return ML_OK;
    found.is_broken = !found.is_last && is_clock(gaps, one->count - 1, found.median_ns);
    if (found.end_ns - found.start_ns <
            (found.is_broken ? BEAT_SECONDS : SILENCE_SECONDS) * SECOND ||
        (found.end_ns - found.start_ns) / SILENCE_TIMES < found.median_ns ||
        !thread_lives(model, &found))
        return ML_OK;
    *out = found;
    return ML_OK;
}
