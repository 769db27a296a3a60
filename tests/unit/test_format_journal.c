/* The journal: what is not sealed survives, whatever is cut wherever, and never comes twice. */
#include "tests/unit/format_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { TICKS = 240, THREADS = 3, PERIOD = 10000000 };

#define JOURNAL "run.mlog-journal"

/* ---- a recording whose every tick is known ---- */

typedef struct scene {
    fixture_file main, journal;
    ml_writer *writer;
    uint32_t threads[THREADS];
} scene;

/* Node and state of a thread at a tick; 0 when it is not sampled. Stacks get deeper over time, so that every part of
 * the recording defines some. */
static uint32_t depth_at(uint32_t thread, uint32_t tick)
{
    if (thread == 1 && (tick < 37 || tick % 50 > 40)) {
        return 0;
    }
    return 1 + tick / 20 + (tick % (7 + thread) == 0);
}

static uint32_t node_at(ml_writer *writer, uint32_t depth)
{
    uint32_t node = 0;

    for (uint32_t line = 1; line <= depth; line++) {
        node = ml_writer_node(writer, node, fixture_code(writer, "f", 1), line);
    }
    return node;
}

/* Every case works in a folder of its own, which it removes at the end. */
static void enter_folder(void)
{
    static char folder[] = "/tmp/microlog-journal-XXXXXX";
    static bool is_there;

    if (!is_there) {
        ML_CHECK(mkdtemp(folder) != NULL);
        ML_CHECK_EQUAL(chdir(folder), 0);
        is_there = true;
    }
}

static void leave_folder(void)
{
    char path[PATH_MAX];

    if (getcwd(path, sizeof(path)) != NULL) {
        rmdir(path); /* when it is empty */
    }
}

static scene open_scene(const ml_writer_options *options)
{
    scene s;
    int descriptor;
    char path[PATH_MAX];

    enter_folder();
    descriptor = open(JOURNAL, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    s.writer = fixture_writer(&s.main, options);
    s.journal = (fixture_file){.descriptor = dup(descriptor)};
    ML_CHECK(getcwd(path, sizeof(path) - sizeof(JOURNAL)) != NULL);
    strcat(path, "/" JOURNAL);
    ML_CHECK_EQUAL(ml_writer_journal(s.writer, descriptor, path), ML_OK);
    for (uint32_t t = 0; t < THREADS; t++) {
        s.threads[t] = simple_thread(s.writer);
    }
    return s;
}

static void play_tick(scene *s, uint32_t i)
{
    ml_writer_tick(s->writer, i + i / 30); /* a slot is skipped now and then */
    for (uint32_t t = 0; t < THREADS; t++) {
        uint32_t depth = depth_at(t, i);
        if (depth != 0) {
            ml_writer_sample(s->writer, s->threads[t], node_at(s->writer, depth), 12345, 1 + t);
        }
    }
    if (i % 3 == 0) {
        fixture_print(s->writer, i * (uint64_t)PERIOD, s->threads[0], 1, "line");
    }
}

static void play(scene *s, uint32_t from, uint32_t upto)
{
    for (uint32_t i = from; i < upto; i++) {
        play_tick(s, i);
    }
}

static void load(fixture_file *file)
{
    struct stat about;

    ML_CHECK_EQUAL(fstat(file->descriptor, &about), 0);
    free(file->bytes);
    file->length = (size_t)about.st_size;
    file->bytes = malloc(file->length + 1);
    ML_CHECK_EQUAL(pread(file->descriptor, file->bytes, file->length, 0), file->length);
}

static void flush(scene *s)
{
    ML_CHECK_EQUAL(ml_writer_flush(s->writer, 0, FIXTURE_WALL), ML_OK);
    load(&s->main);
    load(&s->journal);
}

/* After the writer has closed, or was abandoned. */
static void clean_up(scene *s)
{
    unlink(JOURNAL);
    leave_folder();
    fixture_close(&s->main);
    fixture_close(&s->journal);
}

static void end_scene(scene *s)
{
    ml_writer_abandon(s->writer);
    clean_up(s);
}

/* ---- what was recovered ---- */

static ml_reader *open_parts(const fixture_file *main_file, size_t length,
                             const fixture_file *journal, size_t journal_length)
{
    ml_reader_source source = {main_file->bytes, journal->bytes, length, journal_length, "test"};
    ml_reader *reader = NULL;
    ml_error error = {0};

    ml_reader_open_source(&source, NULL, &reader, &error);
    ML_CHECK_TEXT(error.text, "");
    return reader;
}

/* The depth of a run's stack, checked to be the lines 1, 2, 3 … */
static uint32_t depth_of(const ml_tables *tables, uint32_t node)
{
    uint32_t depth = tables->node_depth[node];

    for (uint32_t line = depth; node != 0; line--, node = tables->node_parent[node]) {
        ML_CHECK_EQUAL(tables->frame_line[tables->node_frame[node]], line);
    }
    return depth;
}

/* Checks the runs against the scene; returns how many ticks of thread 0 they are. */
static uint32_t check_runs(const ml_tables *tables, const ml_runs *runs, uint32_t done)
{
    uint32_t at[THREADS] = {done, done, done};
    uint64_t cpu_ns = 0;

    for (size_t i = 0; i < runs->count; i++) {
        uint32_t thread = runs->thread[i];
        uint32_t depth = depth_of(tables, runs->node[i]);
        ML_CHECK(thread < THREADS);
        for (; at[thread] + at[thread] / 30 < runs->first_tick[i]; at[thread]++) {
            ML_CHECK_EQUAL(depth_at(thread, at[thread]), 0); /* not alive before its first run */
        }
        for (uint32_t k = 0; k < runs->samples[i]; k++, at[thread]++) {
            ML_CHECK_EQUAL(depth, depth_at(thread, at[thread]));
        }
        ML_CHECK_EQUAL(runs->state[i], depth == 0 ? 0 : 1 + thread);
        ML_CHECK_EQUAL(runs->first_tick[i] + runs->ticks[i], at[thread] + (at[thread] - 1) / 30);
        cpu_ns += runs->cpu[i];
    }
    ML_CHECK(runs->count == 0 || cpu_ns != 0);
    return at[0] - done;
}

/* All ticks from 0 on without a gap, and their events; returns how many ticks. */
static uint32_t check_recovered(const ml_reader *reader)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    uint32_t ticks = 0;
    uint64_t events = 0;

    for (size_t i = 0; i < recording->chunk_count; i++) {
        const ml_chunk_info *info = &recording->chunks[i];
        ml_arena arena;
        if (info->ticks != 0) {
            ml_runs runs = read_runs(reader, i, &arena);
            ML_CHECK_EQUAL(info->first_tick, ticks == 0 ? 0 : ticks + (ticks - 1) / 30);
            ML_CHECK_EQUAL(check_runs(&recording->tables, &runs, ticks), info->ticks);
            ticks += (uint32_t)info->ticks;
        } else {
            ml_events found;
            ml_arena_init(&arena, 0);
            ML_CHECK_EQUAL(ml_read_events(reader, recording, i, &arena, &found, NULL), ML_OK);
            for (size_t k = 0; k < found.count; k++) {
                ML_CHECK_EQUAL(found.time_ns[k], (events + k) * 3 * PERIOD);
            }
            events += found.count;
        }
        ml_arena_release(&arena);
    }
    ML_CHECK(events <= (ticks + 2) / 3);
    return ticks;
}

static uint32_t recovered(const fixture_file *main_file, size_t length, const fixture_file *journal,
                          size_t journal_length)
{
    ml_reader *reader = open_parts(main_file, length, journal, journal_length);
    const ml_diagnostics *diagnostics = &ml_reader_recording(reader, 0)->diagnostics;
    uint32_t ticks = check_recovered(reader);

    ML_CHECK_EQUAL(diagnostics->damaged_chunks, 0);
    ML_CHECK_EQUAL(diagnostics->missing_chunks, 0);
    ML_CHECK_EQUAL(diagnostics->unusable_definitions, 0);
    ml_reader_close(reader);
    return ticks;
}

/* ---- tests ---- */

ML_TEST(what_was_flushed_is_there)
{
    scene s = open_scene(NULL);

    for (uint32_t i = 0; i < TICKS; i++) {
        play_tick(&s, i);
        if (i % 7 == 3) {
            flush(&s);
            ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), i + 1);
        }
        if (i % 53 == 52) {
            ML_CHECK_EQUAL(ml_writer_seal(s.writer, i, FIXTURE_WALL), ML_OK);
            load(&s.main);
            ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), i + 1);
            load(&s.journal);
            ML_CHECK_EQUAL(s.journal.length, 0);
        }
    }
    end_scene(&s);
}

/* The sealed recording is the same whether or not there was a journal meanwhile. */
ML_TEST(the_journal_leaves_no_trace_in_the_recording)
{
    scene with = open_scene(NULL);
    scene without = open_scene(NULL);

    for (uint32_t i = 0; i < TICKS; i++) {
        play_tick(&with, i);
        play_tick(&without, i);
        if (i % 5 == 0) {
            flush(&with);
        }
        if (i % 100 == 99) {
            ML_CHECK_EQUAL(ml_writer_seal(with.writer, i, FIXTURE_WALL), ML_OK);
            ML_CHECK_EQUAL(ml_writer_seal(without.writer, i, FIXTURE_WALL), ML_OK);
        }
    }
    ML_CHECK_EQUAL(ml_writer_close(with.writer, TICKS, FIXTURE_WALL), ML_OK);
    ML_CHECK_EQUAL(ml_writer_close(without.writer, TICKS, FIXTURE_WALL), ML_OK);
    load(&with.main);
    load(&without.main);
    ML_CHECK_EQUAL(with.main.length, without.main.length);
    ML_CHECK(memcmp(with.main.bytes, without.main.bytes, with.main.length) == 0);
    ML_CHECK_EQUAL(access(JOURNAL, F_OK), -1);
    ML_CHECK_EQUAL(recovered(&with.main, with.main.length, &with.journal, 0), TICKS);
    clean_up(&with);
    fixture_close(&without.main);
}

ML_TEST(a_journal_cut_at_any_byte_gives_a_prefix)
{
    scene s = open_scene(NULL);
    uint32_t before = 0;

    play(&s, 0, 50);
    ML_CHECK_EQUAL(ml_writer_seal(s.writer, 0, FIXTURE_WALL), ML_OK);
    for (uint32_t i = 50; i < 110; i += 10) {
        play(&s, i, i + 10);
        flush(&s);
    }
    for (size_t length = 0; length <= s.journal.length; length++) {
        uint32_t ticks = recovered(&s.main, s.main.length, &s.journal, length);
        ML_CHECK(ticks >= before && ticks >= 50 && ticks % 10 == 0);
        before = ticks;
    }
    ML_CHECK_EQUAL(before, 110);
    end_scene(&s);
}

ML_TEST(a_journal_with_any_bit_wrong_gives_a_prefix)
{
    scene s = open_scene(NULL);

    play(&s, 0, 50);
    flush(&s);
    play(&s, 50, 70);
    flush(&s);
    for (size_t byte = 0; byte < s.journal.length; byte++) {
        uint8_t bit = (uint8_t)(1u << (byte * 5 % 8));
        ml_reader *reader;
        uint32_t ticks;
        s.journal.bytes[byte] ^= bit;
        reader = open_parts(&s.main, s.main.length, &s.journal, s.journal.length);
        ticks = check_recovered(reader);
        ML_CHECK(ticks == 0 || ticks == 50 || ticks == 70);
        ML_CHECK(ml_reader_recording(reader, 0)->diagnostics.journal_chunks < 6);
        ml_reader_close(reader);
        s.journal.bytes[byte] ^= bit;
    }
    end_scene(&s);
}

/* Killed in the middle of a seal: the recording ends anywhere within it, the journal still has everything. */
ML_TEST(a_seal_cut_at_any_byte_costs_nothing)
{
    scene s = open_scene(NULL);
    size_t before;

    play(&s, 0, 50);
    ML_CHECK_EQUAL(ml_writer_seal(s.writer, 0, FIXTURE_WALL), ML_OK);
    play(&s, 50, 100);
    flush(&s);
    play(&s, 100, 120);
    flush(&s);
    before = s.main.length;
    ML_CHECK_EQUAL(ml_writer_seal(s.writer, 0, FIXTURE_WALL), ML_OK);
    load(&s.main);
    ML_CHECK(s.main.length > before + 100);
    for (size_t length = before; length <= s.main.length; length++) {
        ML_CHECK_EQUAL(recovered(&s.main, length, &s.journal, s.journal.length), 120);
    }
    ML_CHECK_EQUAL(ml_writer_close(s.writer, 0, FIXTURE_WALL), ML_OK);
    load(&s.main);
    ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), 120);
    clean_up(&s);
}

/* A writer that was truncated late: a new, short journal over the bytes of an old, long one. */
ML_TEST(what_is_left_of_an_old_journal_is_not_read)
{
    scene s = open_scene(NULL);
    fixture_file old;

    play(&s, 0, 60);
    flush(&s);
    play(&s, 60, 120);
    flush(&s);
    old = s.journal;
    s.journal.bytes = NULL;
    ML_CHECK_EQUAL(ml_writer_seal(s.writer, 0, FIXTURE_WALL), ML_OK);
    play(&s, 120, 130);
    flush(&s);
    ML_CHECK(s.journal.length < old.length);
    memcpy(old.bytes, s.journal.bytes, s.journal.length);
    ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &old, old.length), 130);
    free(old.bytes);
    end_scene(&s);
}

ML_TEST(the_journal_of_another_recording_is_not_read)
{
    scene s = open_scene(NULL);
    ml_reader *reader;

    play(&s, 0, 30);
    flush(&s);
    ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), 30);
    s.journal.bytes[40] ^=
        1; /* the uuid, and its checksum made right by refusing to look further */
    ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), 0);
    s.journal.bytes[40] ^= 1;
    reader = open_parts(&s.main, s.main.length, &s.journal, s.journal.length);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.journal_chunks, 3);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->sound_bytes, s.main.length);
    ml_reader_close(reader);
    end_scene(&s);
}

/* ---- when ---- */

ML_TEST(what_is_due_is_done)
{
    const uint64_t second = 1000000000;
    ml_writer_options options = fixture_options();
    scene s = open_scene(&options);
    size_t sealed;

    play(&s, 0, 50);
    ML_CHECK_EQUAL(ml_writer_advance(s.writer, 1, FIXTURE_WALL), ML_OK);
    load(&s.journal);
    ML_CHECK(s.journal.length > 0);
    sealed = s.journal.length;
    play(&s, 50, 60);
    ML_CHECK_EQUAL(ml_writer_advance(s.writer, second / 20 * 19, FIXTURE_WALL), ML_OK);
    load(&s.journal);
    ML_CHECK_EQUAL(s.journal.length, sealed); /* too early */
    ML_CHECK_EQUAL(ml_writer_advance(s.writer, second / 20 * 19 + 1, FIXTURE_WALL), ML_OK);
    load(&s.journal);
    ML_CHECK(s.journal.length > sealed);
    load(&s.main);
    sealed = s.main.length;
    play(&s, 60, 70);
    ML_CHECK_EQUAL(ml_writer_advance(s.writer, 299 * second, FIXTURE_WALL), ML_OK);
    load(&s.main);
    ML_CHECK_EQUAL(s.main.length, sealed);
    ML_CHECK_EQUAL(ml_writer_advance(s.writer, 300 * second, FIXTURE_WALL), ML_OK);
    load(&s.main);
    load(&s.journal);
    ML_CHECK(s.main.length > sealed);
    ML_CHECK_EQUAL(s.journal.length, 0);
    ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, 0), 70);
    end_scene(&s);
}

ML_TEST(a_block_of_a_mebibyte_is_sealed)
{
    scene s = open_scene(NULL);
    char text[60000];
    uint32_t prints = 0;
    ml_writer_statistics statistics = {0};

    memset(text, 'x', sizeof(text));
    while (statistics.blocks == 0) {
        ml_writer_event(s.writer, ML_KIND_PRINT, prints, 0, 0);
        ml_writer_field_number(s.writer, 1);
        ml_writer_field_bytes(s.writer, text, sizeof(text));
        ml_writer_event_end(s.writer);
        ML_CHECK_EQUAL(ml_writer_advance(s.writer, ++prints, FIXTURE_WALL), ML_OK);
        ml_writer_statistics_get(s.writer, &statistics);
    }
    ML_CHECK(prints > 15 && prints < 40);
    end_scene(&s);
}

/* Without a journal, or with one that cannot be written, blocks are short. */
ML_TEST(a_journal_that_fails_is_made_up_for)
{
    const uint64_t second = 1000000000;
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    ml_writer_statistics statistics;

    ML_CHECK_EQUAL(ml_writer_journal(writer, open("/dev/full", O_WRONLY | O_CLOEXEC), "/nowhere/x"),
                   ML_OK);
    tick(writer, 0, thread, 0);
    ML_CHECK_EQUAL(ml_writer_advance(writer, second, FIXTURE_WALL), ML_OK);
    tick(writer, 1, thread, 0);
    ML_CHECK_EQUAL(ml_writer_advance(writer, 5 * second - 1, FIXTURE_WALL), ML_OK);
    ml_writer_statistics_get(writer, &statistics);
    ML_CHECK_EQUAL(statistics.blocks, 0);
    ML_CHECK_EQUAL(ml_writer_advance(writer, 5 * second, FIXTURE_WALL), ML_OK);
    ml_writer_statistics_get(writer, &statistics);
    ML_CHECK_EQUAL(statistics.blocks, 1);
    ML_CHECK_EQUAL(ml_writer_close(writer, 6 * second, FIXTURE_WALL), ML_OK);
    fixture_close(&file);
}

/* A disk that is full at any byte of a seal, then the end: the journal stays and has the rest. */
ML_TEST(a_recording_that_cannot_be_ended_keeps_its_journal)
{
    for (size_t room = 0; room < 400; room += 9) {
        struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
        scene s = open_scene(NULL);
        play(&s, 0, 50);
        flush(&s);
        signal(SIGXFSZ, SIG_IGN);
        limit.rlim_cur = s.main.length + room;
        ML_CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ML_CHECK_EQUAL(ml_writer_close(s.writer, 1, FIXTURE_WALL), ML_ERROR_IO);
        limit.rlim_cur = RLIM_INFINITY;
        ML_CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
        load(&s.main);
        ML_CHECK_EQUAL(access(JOURNAL, F_OK), 0);
        ML_CHECK_EQUAL(recovered(&s.main, s.main.length, &s.journal, s.journal.length), 50);
        unlink(JOURNAL);
        fixture_close(&s.main);
        fixture_close(&s.journal);
    }
    leave_folder();
}

/* ml_reader_open finds it by its name. */
ML_TEST(the_reader_finds_the_journal)
{
    scene s = open_scene(NULL);
    ml_reader *reader;
    ml_error error = {0};
    FILE *copy;

    play(&s, 0, 30);
    flush(&s);
    copy = fopen("run.mlog", "w");
    ML_CHECK(copy != NULL && fwrite(s.main.bytes, 1, s.main.length, copy) == s.main.length);
    ML_CHECK_EQUAL(fclose(copy), 0);
    ML_CHECK_EQUAL(ml_reader_open("run.mlog", NULL, &reader, &error), ML_OK);
    ML_CHECK_EQUAL(check_recovered(reader), 30);
    ml_reader_close(reader);
    ML_CHECK_EQUAL(ml_reader_open(JOURNAL, NULL, &reader, &error), ML_ERROR_UNSUPPORTED);
    ML_CHECK(strstr(error.text, "journal") != NULL);
    unlink("run.mlog");
    end_scene(&s);
}
