/* Makes a long recording of a short one: its ticks, samples and events again and again, with the definitions once.
 *
 *   stretch IN.mlog OUT.mlog SECONDS
 *
 * Threads that live from the first tick to the last are the same all the time, others are new in each turn; counters that only
 * rise go on rising. Periods that were skipped count as ticks. OUT.mlog has blocks as a recording with a journal has. */
#include "core/base/arena.h"
#include "core/format/kinds.h"
#include "core/format/read.h"
#include "core/format/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct track {
    size_t first, count, at; /* runs of one thread, in order of time */
    int lives_throughout;
    uint32_t thread; /* in what is written */
} track;

typedef struct flat_run {
    uint32_t thread, node, state;
    uint64_t first_tick, ticks, cpu;
} flat_run;

typedef struct player {
    ml_reader *reader;
    const ml_recording *from;
    ml_writer *writer;
    ml_arena arena;
    uint32_t *strings, *codes, *nodes; /* their ids in what is written */
    track *tracks;
    flat_run *runs;
    size_t run_count;
    ml_events *events; /* of each chunk that has any */
    size_t event_chunks;
    uint64_t ticks; /* of one turn */
    ml_kind_spec registry[ML_KIND_COUNT];
    uint64_t total[ML_KIND_COUNT]
                  [ML_KIND_FIELDS_WRITTEN]; /* where the turns before have brought a counter */
    uint64_t last[ML_KIND_COUNT][ML_KIND_FIELDS_WRITTEN];
} player;

static void fail(const char *what, const ml_error *error)
{
    fprintf(stderr, "stretch: %s%s%s\n", what, error == NULL ? "" : ": ",
            error == NULL ? "" : error->text);
    exit(2);
}

static void *room(player *p, size_t count, size_t size)
{
    void *made = ml_arena_alloc(&p->arena, count * size + 1);

    if (made == NULL) {
        fail("no memory", NULL);
    }
    memset(made, 0, count * size + 1);
    return made;
}

/* ---- reading ---- */

static int by_thread_and_time(const void *one, const void *other)
{
    const flat_run *a = one, *b = other;

    if (a->thread != b->thread) {
        return a->thread < b->thread ? -1 : 1;
    }
    return a->first_tick < b->first_tick ? -1 : a->first_tick > b->first_tick;
}

static void read_samples(player *p, size_t chunk)
{
    ml_error error = {0};
    ml_runs runs;

    if (ml_read_runs(p->reader, p->from, chunk, &p->arena, &runs, &error) < 0) {
        fail("cannot read", &error);
    }
    for (size_t i = 0; i < runs.count; i++) {
        p->runs[p->run_count++] = (flat_run){runs.thread[i],     runs.node[i],  runs.state[i],
                                             runs.first_tick[i], runs.ticks[i], runs.cpu[i]};
        if (runs.first_tick[i] + runs.ticks[i] > p->ticks) {
            p->ticks = runs.first_tick[i] + runs.ticks[i];
        }
    }
}

static void read_all(player *p)
{
    ml_error error = {0};
    uint64_t runs = 0;

    for (size_t i = 0; i < p->from->chunk_count; i++) {
        runs += p->from->chunks[i].runs;
    }
    p->runs = room(p, runs, sizeof(*p->runs));
    p->events = room(p, p->from->chunk_count, sizeof(*p->events));
    for (size_t i = 0; i < p->from->chunk_count; i++) {
        if (strcmp(p->from->chunks[i].type, "SAMP") == 0) {
            read_samples(p, i);
        } else if (ml_read_events(p->reader, p->from, i, &p->arena, &p->events[p->event_chunks++],
                                  &error) < 0) {
            fail("cannot read", &error);
        }
    }
    qsort(p->runs, p->run_count, sizeof(*p->runs), by_thread_and_time);
}

static void find_tracks(player *p)
{
    p->tracks = room(p, p->from->tables.thread_count, sizeof(*p->tracks));
    for (size_t i = 0; i < p->run_count; i++) {
        track *of = &p->tracks[p->runs[i].thread];
        of->first = of->count == 0 ? i : of->first;
        of->count++;
    }
    for (uint32_t t = 0; t < p->from->tables.thread_count; t++) {
        track *of = &p->tracks[t];
        const flat_run *last = &p->runs[of->first + of->count - 1];
        of->lives_throughout = of->count != 0 && p->runs[of->first].first_tick < 50 &&
                               last->first_tick + last->ticks + 50 > p->ticks;
    }
}

/* ---- writing ---- */

static void define(player *p)
{
    const ml_tables *from = &p->from->tables;

    p->strings = room(p, from->string_count, sizeof(*p->strings));
    p->codes = room(p, from->code_count, sizeof(*p->codes));
    p->nodes = room(p, from->node_count, sizeof(*p->nodes));
    for (uint32_t i = 0; i < from->string_count; i++) {
        p->strings[i] = ml_writer_string(p->writer, from->string[i], from->string_length[i]);
    }
    for (uint32_t i = 0; i < from->code_count; i++) {
        p->codes[i] = ml_writer_code(p->writer, p->strings[from->code_file[i]],
                                     p->strings[from->code_name[i]], from->code_line[i],
                                     p->strings[from->code_module[i]], from->code_flags[i]);
    }
    for (uint32_t i = 1; i < from->node_count; i++) {
        uint32_t frame = from->node_frame[i];
        p->nodes[i] = ml_writer_node(p->writer, p->nodes[from->node_parent[i]],
                                     p->codes[from->frame_code[frame]], from->frame_line[frame]);
    }
}

static void begin_turn(player *p, uint64_t base)
{
    const ml_tables *from = &p->from->tables;

    for (uint32_t t = 0; t < from->thread_count; t++) {
        track *of = &p->tracks[t];
        uint8_t name_room[ML_THREAD_NAME_ROOM];
        uint32_t length;
        const uint8_t *name = ml_thread_name(from, t, name_room, &length);
        of->at = of->first;
        if (of->thread == 0 || !of->lives_throughout) {
            of->thread =
                ml_writer_thread(p->writer, from->thread_ident[t], from->thread_native_id[t], 0,
                                 from->thread_interpreter[t], base + from->thread_first_tick[t]);
            ml_writer_thread_name(p->writer, of->thread, name, length);
        }
    }
}

static void put_tick(player *p, uint64_t base, uint64_t tick)
{
    ml_writer_tick(p->writer, base + tick);
    for (uint32_t t = 0; t < p->from->tables.thread_count; t++) {
        track *of = &p->tracks[t];
        const flat_run *run;
        while (of->at < of->first + of->count &&
               p->runs[of->at].first_tick + p->runs[of->at].ticks <= tick) {
            of->at++;
        }
        run = &p->runs[of->at];
        if (of->at < of->first + of->count && run->first_tick <= tick) {
            uint64_t cpu = run->cpu / run->ticks;
            cpu += run->first_tick == tick ? run->cpu % run->ticks : 0;
            ml_writer_sample(p->writer, of->thread, p->nodes[run->node], cpu, run->state);
        }
    }
}

static uint32_t kind_of(const player *p, uint32_t kind)
{
    const ml_tables *from = &p->from->tables;
    uint32_t name = from->kind[kind].name;

    for (uint32_t i = 0; i < ML_KIND_COUNT; i++) {
        if (strlen(p->registry[i].name) == from->string_length[name] &&
            memcmp(p->registry[i].name, from->string[name], from->string_length[name]) == 0) {
            return i;
        }
    }
    return ML_KIND_COUNT;
}

static int is_total(const ml_kind_spec_field *field)
{
    static const char *const rising[] = {"switches_", "gc_", "read", "written"};
    int found = field->type == ML_MLOG_FIELD_DELTA && field->unit_length == 2;

    for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
        found |= strncmp(field->name, rising[i], strlen(rising[i])) == 0;
    }
    return found && field->type == ML_MLOG_FIELD_DELTA;
}

static void put_field(player *p, uint32_t kind, size_t index, const ml_value *value)
{
    const ml_kind_spec_field *field = &p->registry[kind].fields[index];

    if (field->type == ML_MLOG_FIELD_STRING) {
        ml_writer_field_string(p->writer, value->number >= p->from->tables.string_count
                                              ? 0
                                              : p->strings[value->number]);
    } else if (field->type == ML_MLOG_FIELD_BYTES) {
        ml_writer_field_bytes(p->writer, value->bytes, value->length);
    } else if (is_total(field) && (int64_t)value->number >= 0) {
        p->last[kind][index] = p->total[kind][index] + value->number;
        ml_writer_field_number(p->writer, (int64_t)p->last[kind][index]);
    } else {
        ml_writer_field_number(p->writer, (int64_t)value->number);
    }
}

/* What comes once, at the end of a process, is left out. */
static void put_event(player *p, const ml_events *events, size_t i, uint64_t base_ns)
{
    uint32_t kind = kind_of(p, events->kind[i]);
    uint32_t thread = events->thread[i];
    size_t known;

    if (kind == ML_KIND_COUNT || kind == ML_KIND_EXIT || kind == ML_KIND_COST ||
        kind == ML_KIND_HEAP_CHAIN) {
        return;
    }
    known = p->from->tables.kind[events->kind[i]].field_count;
    ml_writer_event(p->writer, kind, base_ns + events->time_ns[i],
                    thread == UINT32_MAX ? 0 : p->tracks[thread].thread, p->nodes[events->node[i]]);
    for (size_t f = 0; f < p->registry[kind].field_count; f++) {
        static const ml_value none = {.bytes = ""};
        put_field(p, kind, f, f < known ? &events->values[events->value_start[i] + f] : &none);
    }
    ml_writer_event_end(p->writer);
}

static void play(player *p, uint64_t base)
{
    uint64_t period = p->from->head.period_ns;
    size_t chunk = 0, event = 0;

    begin_turn(p, base);
    for (uint64_t tick = 0; tick < p->ticks; tick++) {
        for (;;) {
            if (chunk < p->event_chunks && event == p->events[chunk].count) {
                chunk++;
                event = 0;
                continue;
            }
            if (chunk == p->event_chunks ||
                p->events[chunk].time_ns[event] >= (tick + 1) * period) {
                break;
            }
            put_event(p, &p->events[chunk], event++, base * period);
        }
        put_tick(p, base, tick);
        ml_writer_advance(p->writer, (base + tick + 1) * period,
                          p->from->head.wall_ns + (int64_t)((base + tick + 1) * period));
    }
    memcpy(p->total, p->last, sizeof(p->total));
}

int main(int count, char **words)
{
    player p = {0};
    ml_writer_options options;
    ml_error error = {0};
    uint64_t wanted, base = 0;

    if (count != 4) {
        fail("usage: stretch IN.mlog OUT.mlog SECONDS", NULL);
    }
    ml_arena_init(&p.arena, 0);
    if (!ml_kinds_parse(p.registry) || ml_reader_open(words[1], NULL, &p.reader, &error) < 0) {
        fail(words[1], &error);
    }
    p.from = ml_reader_recording(p.reader, 0);
    read_all(&p);
    find_tracks(&p);
    ml_writer_options_default(&options);
    options.bare_seal_ns = options.seal_ns;
    if (ml_writer_open(open(words[2], O_CREAT | O_TRUNC | O_RDWR, 0600), 0, &p.from->head, &options,
                       &p.writer, &error) < 0) {
        fail(words[2], &error);
    }
    define(&p);
    wanted = strtoull(words[3], NULL, 10) * UINT64_C(1000000000) / p.from->head.period_ns;
    for (; base < wanted; base += p.ticks) {
        play(&p, base);
    }
    if (p.ticks == 0 ||
        ml_writer_close(p.writer, base * p.from->head.period_ns, p.from->head.wall_ns) < 0) {
        fail("cannot write", NULL);
    }
    ml_reader_close(p.reader);
    ml_arena_release(&p.arena);
    return 0;
}
