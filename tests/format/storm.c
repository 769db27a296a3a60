/* A writer that seals and flushes without rest, to be killed at any moment, and a reader that looks at what it left.
 *
 *   storm write FILE COUNTER FLUSH SEAL BYTES   ticks until it is killed: a flush every FLUSH ticks, a seal every SEAL,
 *                                               an event of BYTES random bytes each; COUNTER counts the ticks
 *   storm read FILE TIMES                       opens FILE so many times; says how many ticks there were at last
 *   storm both FILE COUNTER FLUSH SEAL BYTES TIMES   reads while a child writes, which is TICKS_A_READ ahead at most: else, where
 *                                               the reader is held up, its file would grow for ever
 *
 * `read` fails when ticks are missing or come twice, when chunks are damaged or missing, or when there are fewer than
 * the time before.
 */
#include "core/format/read.h"
#include "core/format/write.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD UINT64_C(1000000)
enum { TICKS_A_READ = 100 };

/* What the processes share. */
typedef struct counters {
    _Atomic uint64_t ticks; /* taken */
    _Atomic uint64_t most;  /* that may be taken */
} counters;

static void fail(const char *what)
{
    fprintf(stderr, "storm: %s\n", what);
    exit(1);
}

/* ---- writing ---- */

static counters *map_counters(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *mapped;

    if (file < 0 || ftruncate(file, sizeof(counters)) != 0) {
        fail("the counter cannot be made");
    }
    mapped = mmap(NULL, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        fail("the counter cannot be mapped");
    }
    return mapped;
}

static ml_writer *open_writer(const char *path)
{
    ml_head head = {.period_ns = PERIOD, .event_unit_ns = 1000, .cpu_unit_ns = 1000};
    ml_writer_options options;
    ml_writer *writer;
    ml_error error = {0};
    char journal[PATH_MAX];
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

    head.uuid[0] = (uint8_t)getpid();
    snprintf(journal, sizeof(journal), "%s" ML_MLOG_JOURNAL_SUFFIX, path);
    ml_writer_options_default(&options);
    options.event_bytes = 8u << 20;
    if (ml_writer_open(file, 0, &head, &options, &writer, &error) < 0) {
        fail(error.text);
    }
    ml_writer_journal(writer, open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                      journal);
    return writer;
}

static void put_event(ml_writer *writer, uint64_t tick, size_t size)
{
    static uint64_t words[65536 / 8];
    static uint64_t state = 88172645463325252u;

    for (size_t i = 0; i < size / 8; i++) { /* xorshift64: bytes that do not compress */
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[i] = state;
    }
    ml_writer_event(writer, ML_KIND_PRINT, tick * PERIOD, 0, 0);
    ml_writer_field_number(writer, 1);
    ml_writer_field_bytes(writer, words, size);
    ml_writer_event_end(writer);
}

static void put_tick(ml_writer *writer, uint64_t tick, uint32_t thread)
{
    char name[32];
    uint32_t code;

    snprintf(name, sizeof(name), "f%llu", (unsigned long long)(tick / 5));
    code = ml_writer_code(writer, 0, ml_writer_string(writer, name, strlen(name)), 1, 0, 0);
    ml_writer_tick(writer, tick);
    ml_writer_sample(writer, thread, ml_writer_node(writer, 0, code, (uint32_t)tick % 7), 1000, 1);
}

static void write_forever(char **arguments, counters *shared)
{
    ml_writer *writer = open_writer(arguments[0]);
    uint64_t flush = strtoull(arguments[2], NULL, 10);
    uint64_t seal = strtoull(arguments[3], NULL, 10);
    size_t bytes = strtoull(arguments[4], NULL, 10);
    uint32_t thread = ml_writer_thread(writer, 1, 1, 0, 0, 0);

    for (uint64_t tick = 0;; tick++) {
        put_tick(writer, tick, thread);
        put_event(writer, tick, bytes);
        if (tick % seal == seal - 1) {
            ml_writer_seal(writer, tick * PERIOD, 0);
        } else if (tick % flush == flush - 1) {
            ml_writer_flush(writer, tick * PERIOD, 0);
        }
        shared->ticks = tick + 1;
        do {
            usleep(100);
        } while (shared->ticks >= shared->most);
    }
}

/* ---- reading ---- */

static void check_names(const ml_recording *recording, const ml_runs *runs, uint64_t tick)
{
    const ml_tables *tables = &recording->tables;

    for (size_t i = 0; i < runs->count; i++) {
        uint32_t frame = tables->node_frame[runs->node[i]];
        uint32_t name = tables->code_name[tables->frame_code[frame]];
        char expected[32];
        snprintf(expected, sizeof(expected), "f%llu", (unsigned long long)(tick / 5));
        if (tables->string_length[name] != strlen(expected) ||
            memcmp(tables->string[name], expected, strlen(expected)) != 0) {
            fail("a run has a name of another time");
        }
        tick += runs->samples[i];
    }
}

static uint64_t check_chunks(const ml_reader *reader, const ml_recording *recording)
{
    uint64_t ticks = 0;

    for (size_t i = 0; i < recording->chunk_count; i++) {
        ml_arena arena;
        ml_runs runs;
        if (recording->chunks[i].ticks == 0) {
            continue;
        }
        if (recording->chunks[i].first_tick != ticks) {
            fail("ticks are missing");
        }
        ml_arena_init(&arena, 0);
        if (ml_read_runs(reader, recording, i, &arena, &runs, NULL) < 0) {
            fail("a chunk cannot be read");
        }
        check_names(recording, &runs, ticks);
        ticks += recording->chunks[i].ticks;
        ml_arena_release(&arena);
    }
    return ticks;
}

static uint64_t read_once(const char *path)
{
    ml_reader *reader;
    ml_error error = {0};
    const ml_diagnostics *diagnostics;
    uint64_t ticks;

    if (ml_reader_open(path, NULL, &reader, &error) < 0) {
        fail(error.text);
    }
    diagnostics = &ml_reader_recording(reader, 0)->diagnostics;
    if (diagnostics->damaged_chunks + diagnostics->missing_chunks +
            diagnostics->unusable_definitions !=
        0) {
        fail(diagnostics->first);
    }
    ticks = check_chunks(reader, ml_reader_recording(reader, 0));
    ml_reader_close(reader);
    return ticks;
}

static void read_often(const char *path, long times, counters *shared)
{
    uint64_t before = 0;

    for (long i = 0; i < times; i++) {
        uint64_t ticks = read_once(path);
        if (ticks < before) {
            fail("there were more the time before");
        }
        before = ticks;
        if (shared != NULL) {
            shared->most = shared->ticks + TICKS_A_READ;
        }
    }
    printf("%llu\n", (unsigned long long)before);
}

static void do_both(char **arguments)
{
    counters *shared = map_counters(arguments[1]);
    pid_t child;

    shared->most = TICKS_A_READ;
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        write_forever(arguments, shared);
    }
    while (shared->ticks < 50) {
        usleep(1000);
    }
    read_often(arguments[0], strtol(arguments[5], NULL, 10), shared);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int main(int count, char **arguments)
{
    if (count == 7 && strcmp(arguments[1], "write") == 0) {
        counters *shared = map_counters(arguments[3]);
        shared->most = UINT64_MAX;
        write_forever(arguments + 2, shared);
    } else if (count == 4 && strcmp(arguments[1], "read") == 0) {
        read_often(arguments[2], strtol(arguments[3], NULL, 10), NULL);
    } else if (count == 8 && strcmp(arguments[1], "both") == 0) {
        do_both(arguments + 2);
    } else {
        fail("write FILE COUNTER FLUSH SEAL BYTES | read FILE TIMES | both … TIMES");
    }
    return 0;
}
