#include "types.h"

#include "common/events.h"

#include <stdlib.h>

static const double TYPE_LEAST = 100e3;

/* ---------------------------------------------------------------- types */

/* What a census said of a type. */
typedef struct said {
    uint32_t name;
    uint64_t event, time_ns; /* row of events */
    uint64_t objects, bytes;
} said;

static int compare_said(const void *left, const void *right)
{
    const said *a = (const said *)left, *b = (const said *)right;
    if (a->name != b->name)
        return a->name < b->name ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

static uint64_t at_least_zero(int64_t number)
{
    return number > 0 ? (uint64_t)number : 0;
}

/* What was said of a process, by type, then time; ML_ERROR_MEMORY. */
static ml_status gather(const ml_host *host, uint32_t process, said **out, size_t *count)
{
    const ml_model *model = ml_get_model(host);
    static const char *const names[] = {"type", "count", "bytes"};
    uint32_t fields[3] = {0, 0, 0}, kind = events_kind(model, "heap.type", names, 3, fields);
    size_t used = 0;
    *count = 0;
    *out = (said *)ml_alloc(host, events_count(model, kind, process), sizeof **out);
    if (!*out)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the types of a census");
    ML_EACH_EVENT(model, kind, process, i)
    {
        const int64_t *values = events_fields(model, i);
        said *one = &(*out)[used++];
        one->name = (uint32_t)values[fields[0]];
        one->event = i;
        one->time_ns = model->events->time_ns[i];
        one->objects = at_least_zero(values[fields[1]]);
        one->bytes = at_least_zero(values[fields[2]]);
    }
    qsort(*out, used, sizeof **out, compare_said);
    *count = used;
    return ML_OK;
}

/* Judges a type by what was said of it; what a census does not say is as it was. */
static ml_status judge_type(const ml_host *host, const heap_types *all, const said *first,
                            size_t count, double *room, heap_type *out)
{
    const ml_counters *counters = ml_get_model(host)->counters;
    double *seconds = room, *bytes = room + all->total.points;
    uint64_t objects = 0, last_bytes = 0;
    size_t next = 0;
    memset(out, 0, sizeof *out);
    out->name = first->name;
    out->about.process = all->total.process;
    out->about.points = all->total.points;
    out->about.start_ns = all->total.start_ns;
    out->about.end_ns = all->total.end_ns;
    out->always = 1;
    for (size_t i = 0; i < all->total.points; i++) {
        uint64_t time_ns = counters->time_ns[all->total.first + i];
        while (next < count && first[next].time_ns <= time_ns) {
            objects = first[next].objects;
            last_bytes = first[next++].bytes;
        }
        seconds[i] = (double)time_ns / 1e9;
        bytes[i] = (double)last_bytes;
        out->always &= i == 0 || bytes[i] > bytes[i - 1];
        out->first = i == 0 ? objects : out->first;
    }
    out->last = objects;
    out->last_bytes = last_bytes;
    return growth_judge(host, &out->about, seconds, bytes, TYPE_LEAST);
}

static int compare_slopes(const void *left, const void *right)
{
    const heap_type *a = (const heap_type *)left, *b = (const heap_type *)right;
    if (a->about.all.slope > b->about.all.slope || a->about.all.slope < b->about.all.slope)
        return a->about.all.slope > b->about.all.slope ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

ml_status heap_types_find(const ml_host *host, uint32_t process, heap_types *out)
{
    said *all;
    size_t count;
    double *room;
    memset(out, 0, sizeof *out);
    ml_status status = growth_look(host, "heap_bytes", process, &out->total);
    if (status != ML_OK || out->total.counter == ML_NONE || out->total.points < 2)
        return status;
    status = gather(host, process, &all, &count);
    if (status != ML_OK)
        return status;
    out->all = (heap_type *)ml_alloc(host, count, sizeof *out->all);
    room = (double *)ml_alloc(host, 2 * out->total.points, sizeof *room);
    if (!out->all || !room)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %zu types", count);
    for (size_t i = 0, next; status == ML_OK && i < count; i = next) {
        for (next = i + 1; next < count && all[next].name == all[i].name;)
            next++;
        status = judge_type(host, out, all + i, next - i, room, &out->all[out->count]);
        out->count++;
    }
    qsort(out->all, out->count, sizeof *out->all, compare_slopes);
    return status;
}

/* ---------------------------------------------------------------- sites */

static int compare_places(const void *left, const void *right)
{
    const growth_site *a = (const growth_site *)left, *b = (const growth_site *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static int compare_sites(const void *left, const void *right)
{
    const growth_site *a = (const growth_site *)left, *b = (const growth_site *)right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return compare_places(left, right);
}

static void merge_sites(growth_sites *out, size_t count)
{
    qsort(out->all, count, sizeof *out->all, compare_places);
    for (size_t i = 0; i < count; i++) {
        const growth_site one = out->all[i];
        out->bytes += one.bytes;
        if (out->count && compare_places(&out->all[out->count - 1], &one) == 0) {
            out->all[out->count - 1].bytes += one.bytes;
            out->all[out->count - 1].times += one.times;
        } else {
            out->all[out->count++] = one;
        }
    }
    qsort(out->all, out->count, sizeof *out->all, compare_sites);
}

ml_status growth_sites_find(const ml_host *host, uint32_t process, uint64_t start_ns,
                            growth_sites *out)
{
    const ml_model *model = ml_get_model(host);
    static const char *const names[] = {"bytes"};
    uint32_t field = 0, kind = events_kind(model, "heap.growth", names, 1, &field);
    size_t used = 0;
    memset(out, 0, sizeof *out);
    out->all = (growth_site *)ml_alloc(host, events_count(model, kind, process), sizeof *out->all);
    if (!out->all)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the lines that grow");
    ML_EACH_EVENT(model, kind, process, i)
    {
        uint32_t frame = ml_stack_own_frame(model, model->events->stack[i]);
        growth_site *one = &out->all[used];
        if (!frame || model->events->time_ns[i] < start_ns)
            continue;
        one->function = ml_stack_function(model, frame);
        one->line = ml_stack_line(model, frame);
        one->bytes = at_least_zero(events_fields(model, i)[field]);
        one->times = 1;
        used++;
    }
    merge_sites(out, used);
    return ML_OK;
}
