/* format_content: what a recording says, however it is divided into blocks: runs of each thread in time order, equal ones
 * that meet taken together and those that say "not alive" left out; events by time. */
#ifndef MICROLOG_TESTS_UNIT_FORMAT_CONTENT_H
#define MICROLOG_TESTS_UNIT_FORMAT_CONTENT_H

#include "core/base/buffer.h"
#include "core/format/dump.h"
#include "tests/unit/format_fixture.h"

typedef struct content_run {
    uint64_t first, ticks, cpu;
    uint32_t thread, node, state, samples;
} content_run;

typedef struct content_event {
    uint64_t time_ns;
    size_t order; /* in the file */
    ml_buffer text;
} content_event;

typedef struct content {
    content_run *runs;
    content_event *events;
    size_t run_count, event_count;
} content;

static inline int content_run_order(const void *left, const void *right)
{
    const content_run *a = left;
    const content_run *b = right;

    return a->thread != b->thread ? (a->thread < b->thread ? -1 : 1)
           : a->first != b->first ? (a->first < b->first ? -1 : 1)
                                  : 0;
}

static inline int content_event_order(const void *left, const void *right)
{
    const content_event *a = left;
    const content_event *b = right;

    return a->time_ns != b->time_ns ? (a->time_ns < b->time_ns ? -1 : 1)
                                    : (a->order < b->order ? -1 : 1);
}

static inline void content_add_runs(content *all, const ml_runs *runs)
{
    all->runs = realloc(all->runs, (all->run_count + runs->count + 1) * sizeof(*all->runs));
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->node[i] != 0 || runs->state[i] != 0) {
            all->runs[all->run_count++] = (content_run){.first = runs->first_tick[i],
                                                        .ticks = runs->ticks[i],
                                                        .cpu = runs->cpu[i],
                                                        .thread = runs->thread[i],
                                                        .node = runs->node[i],
                                                        .state = runs->state[i],
                                                        .samples = runs->samples[i]};
        }
    }
}

static inline void content_add_events(content *all, const ml_events *events,
                                      const ml_tables *tables)
{
    all->events =
        realloc(all->events, (all->event_count + events->count + 1) * sizeof(*all->events));
    for (size_t i = 0; i < events->count; i++) {
        content_event *event = &all->events[all->event_count];
        const ml_value *values = events->values + events->value_start[i];
        *event = (content_event){.time_ns = events->time_ns[i], .order = all->event_count++};
        ml_buffer_init(&event->text, 1 << 20);
        ml_buffer_put_format(&event->text, "%u %u %u", events->kind[i], events->thread[i],
                             events->node[i]);
        for (uint32_t f = 0; f < tables->kind[events->kind[i]].field_count; f++) {
            ml_buffer_put_format(&event->text, " %llu:", (unsigned long long)values[f].number);
            ml_buffer_put(&event->text, values[f].bytes, values[f].length);
        }
    }
}

static inline void content_join_runs(content *all)
{
    size_t count = 0;

    qsort(all->runs, all->run_count, sizeof(*all->runs), content_run_order);
    for (size_t i = 0; i < all->run_count; i++) {
        content_run *run = &all->runs[i];
        content_run *open = count == 0 ? NULL : &all->runs[count - 1];
        if (open != NULL && open->thread == run->thread && open->node == run->node &&
            open->state == run->state && open->first + open->ticks == run->first) {
            open->ticks += run->ticks;
            open->cpu += run->cpu;
            open->samples += run->samples;
        } else {
            all->runs[count++] = *run;
        }
    }
    all->run_count = count;
}

static inline content content_of(const ml_reader *reader, size_t index)
{
    const ml_recording *recording = ml_reader_recording(reader, index);
    content all = {0};

    for (size_t chunk = 0; chunk < recording->chunk_count; chunk++) {
        ml_arena arena;
        ml_runs runs;
        ml_events events;
        ml_arena_init(&arena, 0);
        if (ml_read_runs(reader, recording, chunk, &arena, &runs, NULL) == ML_OK) {
            content_add_runs(&all, &runs);
        } else if (ml_read_events(reader, recording, chunk, &arena, &events, NULL) == ML_OK) {
            content_add_events(&all, &events, &recording->tables);
        }
        ml_arena_release(&arena);
    }
    content_join_runs(&all);
    if (all.event_count != 0) {
        qsort(all.events, all.event_count, sizeof(*all.events), content_event_order);
    }
    return all;
}

static inline void content_release(content *all)
{
    for (size_t i = 0; i < all->event_count; i++) {
        ml_buffer_release(&all->events[i].text);
    }
    free(all->runs);
    free(all->events);
}

/* Runs and events of the first recordings of both are the same. */
static inline void content_check_same(const ml_reader *one, const ml_reader *other)
{
    content left = content_of(one, 0);
    content right = content_of(other, 0);

    ML_CHECK_EQUAL(right.run_count, left.run_count);
    ML_CHECK_EQUAL(right.event_count, left.event_count);
    for (size_t i = 0; i < left.run_count; i++) {
        ML_CHECK(memcmp(&left.runs[i], &right.runs[i], sizeof(left.runs[i])) == 0);
    }
    for (size_t i = 0; i < left.event_count; i++) {
        ML_CHECK_EQUAL(right.events[i].time_ns, left.events[i].time_ns);
        ML_CHECK_EQUAL(right.events[i].text.length, left.events[i].text.length);
        ML_CHECK(memcmp(right.events[i].text.data, left.events[i].text.data,
                        left.events[i].text.length) == 0);
    }
    content_release(&left);
    content_release(&right);
}

static inline ml_status content_collect(void *context, const void *bytes, size_t length)
{
    ml_buffer_put(context, bytes, length);
    return ML_OK;
}

/* A table of a dump of all recordings. */
static inline void content_show(const ml_reader *reader, const char *table, ml_buffer *out)
{
    ml_dump_options options = {ML_DUMP_NDJSON, table};
    ml_dump_sink sink = {content_collect, out};

    ml_buffer_init(out, 1 << 26);
    ml_dump(reader, &options, &sink, NULL);
}

/* Definitions, gaps and sources, too. */
static inline void content_check_all(const ml_reader *one, const ml_reader *other)
{
    static const char *const tables[] = {"strings", "codes", "frames", "nodes",
                                         "threads", "kinds", "gaps",   "sources"};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        ml_buffer left, right;
        content_show(one, tables[i], &left);
        content_show(other, tables[i], &right);
        ML_CHECK_EQUAL(left.length, right.length);
        ML_CHECK(left.length == 0 || memcmp(left.data, right.data, left.length) == 0);
        ml_buffer_release(&left);
        ml_buffer_release(&right);
    }
    content_check_same(one, other);
}

#endif
