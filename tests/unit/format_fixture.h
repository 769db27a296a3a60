/* What the tests of core/format share: a writer onto memory, a small recording, and the bytes of
 * it. */
#ifndef MICROLOG_TESTS_UNIT_FORMAT_FIXTURE_H
#define MICROLOG_TESTS_UNIT_FORMAT_FIXTURE_H

#include "core/format/read.h"
#include "core/format/write.h"
#include "tests/unit/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIXTURE_WALL INT64_C(1700000000000000000)

typedef struct fixture_file {
    int descriptor; /* a second one, for reading what the writer wrote through its own */
    uint8_t *bytes;
    size_t length;
} fixture_file;

static inline ml_head fixture_head(void)
{
    static const char *const arguments[] = {"program", "--option", ""};
    ml_head head = {.anchor_ns = 1000000000,
                    .wall_ns = FIXTURE_WALL,
                    .uncertainty_ns = 50,
                    .period_ns = 10000000,
                    .cpu_unit_ns = 10000,
                    .event_unit_ns = 1000,
                    .seed = 77,
                    .pid = 4321,
                    .ppid = 1234,
                    .host = "host",
                    .system = "Linux x86_64",
                    .executable = "/usr/bin/python3",
                    .argv = arguments,
                    .argc = 3,
                    .directory = "/srv/app",
                    .python = "3.11.7",
                    .hexversion = 0x030b07f0,
                    .build_flags = 1,
                    .recorder = "microlog test",
                    .method = ML_MLOG_METHOD_SYSCALL,
                    .method_reason = "as asked",
                    .detail = 1,
                    .depth = 1024,
                    .utc_offset_s = -3600,
                    .label = "label"};

    for (unsigned i = 0; i < 16; i++) {
        head.uuid[i] = (uint8_t)(i + 1);
        head.session[i] = (uint8_t)(i + 101);
    }
    return head;
}

static inline ml_writer_options fixture_options(void)
{
    ml_writer_options options;

    ml_writer_options_default(&options);
    return options;
}

/* A writer onto an anonymous file, which `file` can read. */
static inline ml_writer *fixture_writer(fixture_file *file, const ml_writer_options *options)
{
    ml_writer_options defaults = fixture_options();
    ml_head head = fixture_head();
    ml_writer *writer = NULL;
    ml_error error = {0};
    int descriptor = memfd_create("test", MFD_CLOEXEC);

    *file = (fixture_file){.descriptor = dup(descriptor)};
    ML_CHECK(descriptor >= 0 && file->descriptor >= 0);
    ml_writer_open(descriptor, 0, &head, options == NULL ? &defaults : options, &writer, &error);
    ML_CHECK_TEXT(error.text, "");
    return writer;
}

/* Takes what was written so far into memory. */
static inline void fixture_load(fixture_file *file)
{
    off_t length = lseek(file->descriptor, 0, SEEK_END);

    ML_CHECK(length > 0);
    free(file->bytes);
    file->length = (size_t)length;
    file->bytes = malloc(file->length);
    ML_CHECK(file->bytes != NULL);
    ML_CHECK_EQUAL(pread(file->descriptor, file->bytes, file->length, 0), length);
}

static inline void fixture_close(fixture_file *file)
{
    close(file->descriptor);
    free(file->bytes);
    *file = (fixture_file){.descriptor = -1};
}

static inline ml_reader *fixture_reader(const fixture_file *file)
{
    ml_reader *reader = NULL;
    ml_error error = {0};

    ml_reader_open_memory(file->bytes, file->length, "test", NULL, &reader, &error);
    ML_CHECK_TEXT(error.text, "");
    return reader;
}

static inline uint32_t fixture_string(ml_writer *writer, const char *text)
{
    return ml_writer_string(writer, text, strlen(text));
}

/* The code object `name` of file.py. */
static inline uint32_t fixture_code(ml_writer *writer, const char *name, uint32_t line)
{
    return ml_writer_code(writer, fixture_string(writer, "file.py"), fixture_string(writer, name),
                          line, fixture_string(writer, "file"), 0);
}

static inline void fixture_print(ml_writer *writer, uint64_t time_ns, uint32_t thread,
                                 uint32_t node, const char *text)
{
    ml_writer_event(writer, ML_KIND_PRINT, time_ns, thread, node);
    ml_writer_field_number(writer, 1);
    ml_writer_field_bytes(writer, text, strlen(text));
    ml_writer_event_end(writer);
}

/* Three blocks: two threads, gaps in the ticks, events of three kinds, definitions in each block.
 */
static inline void fixture_fill(ml_writer *writer)
{
    uint32_t threads[2] = {
        ml_writer_thread(writer, 140000000000, 501, fixture_string(writer, "MainThread"), 0, 0),
        ml_writer_thread(writer, 140000000001, 502, fixture_string(writer, "worker"), 0, 3)};
    uint64_t tick = 0;

    for (uint32_t block = 0; block < 3; block++) {
        uint32_t root = ml_writer_node(writer, 0, fixture_code(writer, "<module>", 1), 10 + block);
        uint32_t leaf = ml_writer_node(writer, root, fixture_code(writer, "leaf", 20), 21);
        for (uint32_t i = 0; i < 12; i++) {
            tick += i == 5 ? 4 : 1;
            ml_writer_tick(writer, tick);
            ml_writer_sample(writer, threads[0], i % 4 == 3 ? leaf : root, 2500000,
                             ML_MLOG_STATE_RUNNING | ML_MLOG_STATE_HOLDS_GIL);
            if (i >= 3 && i < 9) {
                ml_writer_sample(writer, threads[1], leaf, 15000, ML_MLOG_STATE_LOCK);
            }
        }
        fixture_print(writer, tick * 10000000, threads[0], leaf, "hello\n");
        ml_writer_event(writer, ML_KIND_EXIT, tick * 10000000 + 5000, 0, 0);
        ml_writer_field_number(writer, -(int64_t)block);
        ml_writer_event_end(writer);
        ml_writer_event(writer, ML_KIND_IMPORT, tick * 10000000 - 3000, threads[1], root);
        ml_writer_field_string(writer, fixture_string(writer, block == 1 ? "json" : "os"));
        ml_writer_field_number(writer, 1234 + block);
        ml_writer_event_end(writer);
        ML_CHECK_EQUAL(
            ml_writer_seal(writer, tick * 10000000, FIXTURE_WALL + (int64_t)tick * 10000000 + 99),
            ML_OK);
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, tick * 10000000 + 1, FIXTURE_WALL), ML_OK);
}

/* The bytes of that recording. */
static inline fixture_file fixture_recording(void)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);

    fixture_fill(writer);
    fixture_load(&file);
    return file;
}

/* ---- single ticks and runs ---- */

static inline uint32_t simple_thread(ml_writer *writer)
{
    return ml_writer_thread(writer, 1, 2, fixture_string(writer, "MainThread"), 0, 0);
}

static inline void tick(ml_writer *writer, uint64_t number, uint32_t thread, uint32_t node)
{
    ml_writer_tick(writer, number);
    ml_writer_sample(writer, thread, node, 1000000, ML_MLOG_STATE_RUNNING);
}

static inline ml_runs read_runs(const ml_reader *reader, size_t chunk, ml_arena *arena)
{
    ml_runs runs = {0};
    ml_error error = {0};

    ml_arena_init(arena, 0);
    ml_read_runs(reader, ml_reader_recording(reader, 0), chunk, arena, &runs, &error);
    ML_CHECK_TEXT(error.text, "");
    return runs;
}

static inline void check_run(const ml_runs *runs, size_t i, uint32_t node, uint64_t first,
                             uint64_t ticks, uint32_t samples, uint64_t cpu_ns)
{
    ML_CHECK(i < runs->count);
    ML_CHECK_EQUAL(runs->node[i], node);
    ML_CHECK_EQUAL(runs->first_tick[i], first);
    ML_CHECK_EQUAL(runs->ticks[i], ticks);
    ML_CHECK_EQUAL(runs->samples[i], samples);
    ML_CHECK_EQUAL(runs->cpu[i], cpu_ns);
}

#endif
