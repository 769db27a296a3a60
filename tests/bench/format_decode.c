/* How fast recordings are written and read. Everything is made up from a fixed seed, in the manner of real programs.
 *
 *   format_decode KIND SECONDS [REPEAT]     KIND: waiting, deep or busy; SECONDS of it at 100 Hz
 *   format_decode KIND SECONDS count        once, with stored payloads, for callgrind to count instructions in
 *                                           write_tick, open_all and read_all
 *
 * waiting: 39 threads, some of which move eight times a second. deep: one thread, stacks of 30 to 250 frames, always
 * new ones, as of a batch program. busy: eight threads that stand elsewhere at every other look.
 *
 * Prints a line each for writing, opening and reading: the minimum of REPEAT (default 20) CPU times, per tick and per run.
 */
#include "core/format/rewrite.h"
#include "core/format/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CODES = 4000, DEPTH = 260, PERIOD = 10000000, THREADS_MAX = 39 };

typedef struct workload {
    const char *name;
    uint32_t threads, least_depth, most_depth,
        levels;            /* levels: how much of a stack changes at once */
    uint32_t moves;        /* threads that move, in 1000 ticks and threads */
    uint32_t width, lines; /* functions that one calls, from as many lines */
} workload;

static const workload workloads[] = {{"waiting", 39, 4, 9, 3, 2, 1, 1},
                                     {"deep", 1, 30, 250, 14, 500, 2, 1},
                                     {"busy", 8, 6, 14, 5, 580, 3, 2}};

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * limit >> 32);
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- writing ---- */

typedef struct player {
    ml_writer *writer;
    const workload *work;
    uint32_t codes[CODES], threads[THREADS_MAX];
    uint32_t nodes[THREADS_MAX][DEPTH], function[THREADS_MAX][DEPTH];
    uint32_t depth[THREADS_MAX];
    int moves[THREADS_MAX]; /* since the last tick */
} player;

/* The thread returns from some functions and calls others. */
static void move(player *p, uint32_t t)
{
    const workload *w = p->work;
    uint32_t depth = p->depth[t];
    uint32_t back = 1 + random_below(w->levels);
    uint32_t target = w->least_depth + random_below(w->most_depth - w->least_depth);

    depth = depth > back ? depth - back : 0;
    target = target > depth + w->levels ? depth + w->levels : target;
    while (depth < target) {
        uint32_t caller = depth == 0 ? t : p->function[t][depth - 1];
        uint32_t callee = (caller * 31 + random_below(w->width) * 17 + 7) % CODES;
        p->function[t][depth] = callee;
        p->nodes[t][depth] =
            ml_writer_node(p->writer, depth == 0 ? 0 : p->nodes[t][depth - 1], p->codes[callee],
                           callee % 50 + random_below(p->work->lines));
        depth++;
    }
    p->depth[t] = depth;
}

static void define(player *p)
{
    char name[64];

    for (uint32_t i = 0; i < CODES; i++) {
        uint32_t file;
        snprintf(name, sizeof(name), "/usr/lib/python3/dist-packages/module%u.py", i / 20);
        file = ml_writer_string(p->writer, name, strlen(name));
        snprintf(name, sizeof(name), "Class%u.method_%u", i / 7, i);
        p->codes[i] = ml_writer_code(p->writer, file,
                                     ml_writer_string(p->writer, name, strlen(name)), i % 50, 0, 0);
    }
    for (uint32_t t = 0; t < p->work->threads; t++) {
        p->threads[t] = ml_writer_thread(p->writer, t, t, 0, 0, 0);
        move(p, t);
    }
}

__attribute__((noinline, noclone)) static void write_tick(const player *p, uint64_t tick)
{
    ml_writer_tick(p->writer, tick);
    for (uint32_t t = 0; t < p->work->threads; t++) {
        uint32_t depth = p->depth[t];
        ml_writer_sample(p->writer, p->threads[t], depth == 0 ? 0 : p->nodes[t][depth - 1],
                         p->moves[t] ? PERIOD / 2 : 0, p->moves[t] ? 17 : 4);
    }
}

static void write_all(int descriptor, const workload *work, uint64_t ticks)
{
    static player p;
    ml_head head = {.period_ns = PERIOD, .cpu_unit_ns = 10000, .event_unit_ns = 1000};
    ml_writer_options options;
    ml_error error = {0};

    random_state = 88172645463325252u;
    memset(&p, 0, sizeof(p));
    p.work = work;
    ml_writer_options_default(&options);
    options.bare_seal_ns = options.seal_ns;
    options.nodes = 1u << 23;
    options.frames = 1u << 20;
    if (ml_writer_open(descriptor, 0, &head, &options, &p.writer, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    define(&p);
    for (uint64_t tick = 0; tick < ticks; tick++) {
        for (uint32_t t = 0; t < work->threads; t++) {
            p.moves[t] = random_below(1000) < work->moves;
            if (p.moves[t]) {
                move(&p, t);
            }
        }
        write_tick(&p, tick);
        ml_writer_advance(p.writer, tick * PERIOD, 0);
    }
    ml_writer_close(p.writer, ticks * PERIOD, 0);
}

/* ---- reading ---- */

__attribute__((noinline, noclone)) static ml_reader *open_all(const void *bytes, size_t length)
{
    ml_reader *reader = NULL;

    ml_reader_open_memory(bytes, length, "bench", NULL, &reader, NULL);
    return reader;
}

__attribute__((noinline, noclone)) static uint64_t read_all(const ml_reader *reader,
                                                            uint64_t *samples)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    uint64_t runs_seen = 0;

    *samples = 0;
    for (size_t i = 0; i < recording->chunk_count; i++) {
        ml_arena arena;
        ml_runs runs;
        ml_arena_init(&arena, 0);
        if (recording->chunks[i].ticks != 0 &&
            ml_read_runs(reader, recording, i, &arena, &runs, NULL) == ML_OK) {
            runs_seen += runs.count;
            *samples += recording->chunks[i].samples;
        }
        ml_arena_release(&arena);
    }
    return runs_seen;
}

/* ---- measuring ---- */

typedef struct times {
    double writing, opening, reading; /* seconds */
} times;

static double least(double a, double b)
{
    return a == 0 || b < a ? b : a;
}

static void report(const workload *work, uint64_t ticks, const times *t, const ml_reader *reader,
                   size_t bytes)
{
    uint64_t samples;
    uint64_t runs = read_all(reader, &samples);
    uint32_t nodes = ml_reader_recording(reader, 0)->tables.node_count;

    printf("%s: %llu ticks, %llu runs, %u nodes, %zu bytes\n", work->name,
           (unsigned long long)ticks, (unsigned long long)runs, nodes, bytes);
    printf("  writing  %8.2f ms, %7.1f ns a tick\n", t->writing * 1e3,
           t->writing * 1e9 / (double)ticks);
    printf("  opening  %8.2f ms, %7.1f ns a node\n", t->opening * 1e3, t->opening * 1e9 / nodes);
    printf("  reading  %8.2f ms, %7.1f ns a run, %.0f M samples/s; with opening %.1f ns, %.0f M\n",
           t->reading * 1e3, t->reading * 1e9 / (double)runs, (double)samples / t->reading / 1e6,
           (t->reading + t->opening) * 1e9 / (double)runs,
           (double)samples / (t->reading + t->opening) / 1e6);
}

static void measure(const workload *work, uint64_t ticks, long repeat)
{
    times t = {0, 0, 0};
    const void *bytes = NULL;
    ml_reader *reader = NULL;
    off_t length = 0;

    for (long i = 0; i < repeat; i++) {
        int descriptor = memfd_create("bench", MFD_CLOEXEC);
        int copy = dup(descriptor);
        double start = cpu_seconds();
        uint64_t samples;
        write_all(descriptor, work, ticks);
        t.writing = least(t.writing, cpu_seconds() - start);
        length = lseek(copy, 0, SEEK_END);
        bytes = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED | MAP_POPULATE, copy, 0);
        close(copy);
        start = cpu_seconds();
        ml_reader_close(reader);
        reader = open_all(bytes, (size_t)length);
        t.opening = least(t.opening, cpu_seconds() - start);
        start = cpu_seconds();
        read_all(reader, &samples);
        t.reading = least(t.reading, cpu_seconds() - start);
    }
    report(work, ticks, &t, reader, (size_t)length);
    ml_reader_close(reader);
}

/* Without zstd, whose instructions are chosen by the processor. */
static void run_to_count(const workload *work, uint64_t ticks)
{
    int descriptor = memfd_create("bench", MFD_CLOEXEC);
    int copy = dup(descriptor);
    ml_rewrite_result result = {0};
    uint64_t samples;
    ml_buffer stored;
    ml_reader *reader;
    void *bytes;
    off_t length;

    write_all(descriptor, work, ticks);
    length = lseek(copy, 0, SEEK_END);
    bytes = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, copy, 0);
    ml_reader_open_memory(bytes, (size_t)length, "bench", NULL, &reader, NULL);
    ml_buffer_init(&stored, 1 << 28);
    if (ml_rewrite(reader, 0, 0, &stored, &result, NULL) < 0) {
        exit(1);
    }
    ml_reader_close(reader);
    reader = open_all(stored.data, stored.length);
    printf("%llu %llu %u\n", (unsigned long long)ticks,
           (unsigned long long)read_all(reader, &samples),
           ml_reader_recording(reader, 0)->tables.node_count);
    ml_reader_close(reader);
    ml_buffer_release(&stored);
}

int main(int count, char **arguments)
{
    for (size_t i = 0; count >= 3 && i < sizeof(workloads) / sizeof(workloads[0]); i++) {
        if (strcmp(workloads[i].name, arguments[1]) == 0) {
            uint64_t ticks = strtoull(arguments[2], NULL, 10) * 100;
            if (count > 3 && strcmp(arguments[3], "count") == 0) {
                run_to_count(&workloads[i], ticks);
            } else {
                measure(&workloads[i], ticks, count > 3 ? strtol(arguments[3], NULL, 10) : 20);
            }
            return 0;
        }
    }
    fputs("usage: format_decode waiting|deep|busy SECONDS [REPEAT|count]\n", stderr);
    return 2;
}
