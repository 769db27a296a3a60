/* Writes that fail: a disk that is full anywhere, a pipe without a reader. Nothing is lost but what there was no room for
 * in the meantime. */
#include "tests/unit/format_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

static void limit_file_size(rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    ML_CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static uint32_t write_stage(ml_writer *writer, uint32_t stage, uint32_t thread)
{
    char name[16];
    uint32_t node;

    snprintf(name, sizeof(name), "stage%u", stage);
    node = ml_writer_node(writer, 0, fixture_code(writer, name, stage), stage);
    tick(writer, stage * 10, thread, node);
    tick(writer, stage * 10 + 1, thread, node);
    fixture_print(writer, stage * 100000000, thread, node, name);
    return node;
}

/* Nothing is lost: what could not be written came with a later block. */
static void check_stages(const ml_reader *reader, const uint32_t nodes[4])
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    const ml_tables *tables = &recording->tables;
    uint64_t samples = 0;
    uint64_t events = 0;

    ML_CHECK_EQUAL(recording->diagnostics.clean_end, 1);
    ML_CHECK_EQUAL(recording->diagnostics.unusable_definitions, 0);
    ML_CHECK_EQUAL(recording->diagnostics.missing_chunks, 0);
    ML_CHECK_EQUAL(recording->diagnostics.damaged_chunks, 0);
    ML_CHECK_EQUAL(recording->dropped, 0);
    ML_CHECK_EQUAL(recording->gap_count, 0);
    for (uint32_t stage = 0; stage < 4; stage++) {
        uint32_t code = tables->frame_code[tables->node_frame[nodes[stage]]];
        ML_CHECK_EQUAL(tables->code_line[code], stage);
    }
    for (size_t chunk = 0; chunk < recording->chunk_count; chunk++) {
        ml_arena arena;
        ml_runs runs;
        events += recording->chunks[chunk].events;
        if (recording->chunks[chunk].ticks == 0) {
            continue;
        }
        runs = read_runs(reader, chunk, &arena);
        for (size_t i = 0; i < runs.count; i++) {
            uint64_t stage = (runs.first_tick[i] + runs.ticks[i] - 2) / 10;
            ML_CHECK(stage < 4);
            ML_CHECK_EQUAL(runs.node[i], nodes[stage]);
            samples += runs.samples[i];
        }
        ml_arena_release(&arena);
    }
    ML_CHECK_EQUAL(samples, 8);
    ML_CHECK_EQUAL(events, 4);
}

/* The disk is full for the second block, `room` bytes into it. Returns whether all of it went in. */
static int write_with_full_disk(size_t room)
{
    ml_writer_options options = fixture_options();
    fixture_file file;
    ml_writer *writer;
    ml_reader *reader;
    uint32_t thread;
    uint32_t nodes[4];
    int number;
    ml_status status;

    options.retry_ns = 1000;
    writer = fixture_writer(&file, &options);
    thread = simple_thread(writer);
    nodes[0] = write_stage(writer, 0, thread);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    limit_file_size(file.length + room);
    nodes[1] = write_stage(writer, 1, thread);
    status = ml_writer_seal(writer, 10, FIXTURE_WALL);
    limit_file_size(RLIM_INFINITY);
    if (status == ML_OK) {
        ml_writer_abandon(writer);
        fixture_close(&file);
        return 1;
    }
    ML_CHECK_EQUAL(ml_writer_status(writer, &number), ML_ERROR_IO);
    ML_CHECK_EQUAL(number, EFBIG);
    nodes[2] = write_stage(writer, 2, thread);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 20, FIXTURE_WALL), ML_ERROR_IO); /* too early */
    ML_CHECK_EQUAL(ml_writer_advance(writer, 30, FIXTURE_WALL), ML_ERROR_IO);
    nodes[3] = write_stage(writer, 3, thread);
    ML_CHECK_EQUAL(ml_writer_advance(writer, 1010, FIXTURE_WALL), ML_OK);
    ML_CHECK_EQUAL(ml_writer_status(writer, &number), ML_OK);
    ML_CHECK_EQUAL(number, 0);
    ML_CHECK_EQUAL(ml_writer_close(writer, 2000, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    check_stages(reader, nodes);
    ml_reader_close(reader);
    fixture_close(&file);
    return 0;
}

ML_TEST(a_disk_that_is_full_at_any_byte)
{
    size_t room = 0;

    while (!write_with_full_disk(room)) {
        room++;
    }
    ML_CHECK(room > 150);
}

/* Several DEFS, some of which went in before the disk was full: only the others come again. */
static void write_definitions_with_full_disk(size_t room)
{
    enum { NODES = 150000 };
    fixture_file file;
    ml_writer_options options = fixture_options();
    ml_writer *writer;
    uint32_t code;
    const ml_recording *recording;
    ml_reader *reader;

    options.retry_ns = 0;
    writer = fixture_writer(&file, &options);
    code = fixture_code(writer, "f", 1);
    for (uint32_t i = 1; i <= NODES; i++) {
        ML_CHECK_EQUAL(ml_writer_node(writer, i / 3, code, i), i);
    }
    fixture_load(&file);
    limit_file_size(file.length + room);
    tick(writer, 0, simple_thread(writer), NODES);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 0, FIXTURE_WALL), ML_ERROR_IO);
    limit_file_size(RLIM_INFINITY);
    tick(writer, 1, 1, NODES);
    ML_CHECK_EQUAL(ml_writer_close(writer, 1, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    recording = ml_reader_recording(reader, 0);
    ML_CHECK_EQUAL(recording->diagnostics.clean_end, 1);
    ML_CHECK_EQUAL(recording->diagnostics.unusable_definitions, 0);
    ML_CHECK_EQUAL(recording->tables.node_count, NODES + 1);
    for (uint32_t i = 1; i <= NODES; i++) {
        ML_CHECK(recording->tables.frame_line[recording->tables.node_frame[i]] == i);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(a_disk_that_is_full_between_definitions)
{
    for (size_t room = 0; room < 400000; room += 80000) {
        write_definitions_with_full_disk(room);
    }
}

/* The disk is full for so long that the block is, too. */
ML_TEST(what_is_lost_at_last_is_written_down)
{
    fixture_file file;
    ml_writer_options options = fixture_options();
    ml_writer *writer;
    uint32_t thread;
    ml_reader *reader;
    const ml_recording *recording;
    ml_arena arena;
    ml_runs runs;

    options.retry_ns = 0;
    options.ticks = 4;
    writer = fixture_writer(&file, &options);
    thread = simple_thread(writer);
    fixture_load(&file);
    limit_file_size(file.length);
    write_stage(writer, 1, thread); /* ticks 10 and 11 */
    ML_CHECK_EQUAL(ml_writer_seal(writer, 10, FIXTURE_WALL), ML_ERROR_IO);
    write_stage(writer, 2, thread);
    write_stage(writer, 3, thread); /* 30 and 31: too many */
    ML_CHECK_EQUAL(ml_writer_fill(writer), 100);
    limit_file_size(RLIM_INFINITY);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 20, FIXTURE_WALL), ML_OK);
    write_stage(writer, 4, thread); /* 40 and 41: from slot 32 on */
    ML_CHECK_EQUAL(ml_writer_close(writer, 20, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    recording = ml_reader_recording(reader, 0);
    ML_CHECK_EQUAL(recording->diagnostics.clean_end, 1);
    ML_CHECK_EQUAL(recording->gap_count, 1);
    ML_CHECK_EQUAL(recording->gaps[0].cause, ML_MLOG_GAP_UNWRITTEN);
    ML_CHECK_EQUAL(recording->gaps[0].system_error, EFBIG);
    ML_CHECK_EQUAL(recording->gaps[0].start_ns, 300000000);
    ML_CHECK_EQUAL(recording->gaps[0].span_ns, 10000000);
    ML_CHECK_EQUAL(recording->gaps[0].ticks, 2);
    ML_CHECK_EQUAL(recording->chunk_count, 4);
    runs = read_runs(reader, 2, &arena);
    check_run(&runs, 0, 4, 32, 10, 2, 2000000);
    ml_arena_release(&arena);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(where_nothing_can_be_written_opening_fails)
{
    ml_head head = fixture_head();
    ml_writer_options options = fixture_options();
    ml_writer *writer = NULL;
    ml_error error = {0};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ML_CHECK(full >= 0);
    ML_CHECK_EQUAL(ml_writer_open(full, 0, &head, &options, &writer, &error), ML_ERROR_IO);
    ML_CHECK(writer == NULL && strstr(error.text, "No space left") != NULL);
    ML_CHECK_EQUAL(fcntl(full, F_GETFD), -1); /* the descriptor was ours to close */
    head.period_ns = 0;
    ML_CHECK_EQUAL(ml_writer_open(open("/dev/null", O_WRONLY | O_CLOEXEC), 0, &head, &options,
                                  &writer, &error),
                   ML_ERROR_ARGUMENT);
}

ML_TEST(a_pipe_whose_reader_is_gone)
{
    ml_head head = fixture_head();
    ml_writer_options options = fixture_options();
    ml_writer *writer;
    int ends[2];
    int number;

    signal(SIGPIPE, SIG_IGN);
    ML_CHECK_EQUAL(pipe(ends), 0);
    ML_CHECK_EQUAL(ml_writer_open(ends[1], ML_MLOG_FLAG_PIPE, &head, &options, &writer, NULL),
                   ML_OK);
    close(ends[0]);
    tick(writer, 0, simple_thread(writer), 0);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 0, FIXTURE_WALL), ML_ERROR_IO);
    ML_CHECK_EQUAL(ml_writer_status(writer, &number), ML_ERROR_IO);
    ML_CHECK_EQUAL(number, EPIPE);
    ML_CHECK_EQUAL(ml_writer_close(writer, 1, FIXTURE_WALL), ML_ERROR_IO);
}
