/* The writer: what a tick weighs, tables and blocks that are full, and no allocation. */
#include "tests/unit/format_fixture.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* ---- what a tick weighs ---- */

ML_TEST(skipped_periods_belong_to_the_tick_behind_them)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint32_t late = ml_writer_thread(writer, 3, 4, 0, 0, 9);
    uint32_t a = ml_writer_node(writer, 0, fixture_code(writer, "a", 1), 1);
    uint32_t b = ml_writer_node(writer, a, fixture_code(writer, "b", 1), 1);
    ml_reader *reader;
    ml_arena arena;
    ml_runs runs;

    tick(writer, 2, thread, a); /* slots 0 to 2 */
    tick(writer, 3, thread, a);
    tick(writer, 7, thread, b); /* 4 to 7 */
    tick(writer, 8, thread, a);
    ml_writer_sample(writer, late, b, 0, ML_MLOG_STATE_IO);
    tick(writer, 9, thread, a);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 100000000, FIXTURE_WALL), ML_OK);
    tick(writer, 12, thread, a); /* 10 to 12, in the next block */
    ML_CHECK_EQUAL(ml_writer_close(writer, 130000000, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    runs = read_runs(reader, 0, &arena);
    ML_CHECK_EQUAL(runs.count, 4);
    check_run(&runs, 0, a, 0, 4, 2, 2000000);
    check_run(&runs, 1, b, 4, 4, 1, 1000000);
    check_run(&runs, 2, a, 8, 2, 2, 2000000);
    check_run(&runs, 3, b, 8, 1, 1, 0); /* alive in the middle of the block */
    ml_arena_release(&arena);
    runs = read_runs(reader, 1, &arena);
    ML_CHECK_EQUAL(runs.count, 1);
    check_run(&runs, 0, a, 10, 3, 1, 1000000);
    ml_arena_release(&arena);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunks[1].start_ns, 100000000);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunks[1].span_ns, 30000000);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(ticks_that_do_not_rise_and_second_samples_are_dropped)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint32_t a = ml_writer_node(writer, 0, fixture_code(writer, "a", 1), 1);
    ml_writer_statistics statistics;

    ml_writer_sample(writer, thread, a, 0, 1); /* no tick is open */
    tick(writer, 5, thread, a);
    ml_writer_sample(writer, thread, a, 0, 1); /* twice in one tick */
    tick(writer, 5, thread, a);                /* tick and sample */
    tick(writer, 4, thread, a);
    ml_writer_tick(writer, 6);
    ml_writer_sample(writer, thread + 1, a, 0, 1); /* never defined */
    ml_writer_sample(writer, 0, a, 0, 1);
    ml_writer_sample(writer, thread, a + 1, 0, 1);
    ml_writer_statistics_get(writer, &statistics);
    ML_CHECK_EQUAL(statistics.dropped, 9);
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_close(&file);
}

/* ---- definitions ---- */

ML_TEST(equal_content_gets_the_equal_id)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t a = fixture_string(writer, "a");
    uint32_t code = fixture_code(writer, "f", 3);
    uint32_t node = ml_writer_node(writer, 0, code, 4);

    ML_CHECK_EQUAL(fixture_string(writer, ""), 0);
    ML_CHECK(a != 0 && code != 0 && node != 0);
    ML_CHECK_EQUAL(fixture_string(writer, "a"), a);
    ML_CHECK(fixture_string(writer, "b") != a);
    ML_CHECK(ml_writer_string(writer, "a\0", 2) != a);
    ML_CHECK_EQUAL(fixture_code(writer, "f", 3), code);
    ML_CHECK(fixture_code(writer, "f", 4) != code);
    ML_CHECK_EQUAL(ml_writer_node(writer, 0, code, 4), node);
    ML_CHECK(ml_writer_node(writer, 0, code, 5) != node);
    ML_CHECK(ml_writer_node(writer, node, code, 4) != node);
    ML_CHECK(simple_thread(writer) != simple_thread(writer));
    ml_writer_abandon(writer);
    fixture_close(&file);
}

/* Parts of one chunk each: more nodes than one holds, and more bytes of strings. */
ML_TEST(definitions_that_need_several_chunks)
{
    enum { NODES = 200000, STRINGS = 100 };
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint32_t code = fixture_code(writer, "f", 1);
    uint32_t first = ml_writer_node(writer, 0, code, 1);
    char *text = malloc(60000);
    const ml_tables *tables;
    ml_reader *reader;

    for (uint32_t i = 1; i < NODES; i++) {
        ML_CHECK_EQUAL(ml_writer_node(writer, first + i / 3, code, i), first + i);
    }
    for (uint32_t i = 1; i < NODES; i++) { /* found again after all growth of the index */
        ML_CHECK_EQUAL(ml_writer_node(writer, first + i / 3, code, i), first + i);
    }
    for (uint32_t i = 0; i < STRINGS; i++) {
        memset(text, 'a' + (int)(i % 26), 60000);
        snprintf(text, 60000, "string %u", i);
        ml_writer_string(writer, text, 60000);
    }
    ML_CHECK_EQUAL(ml_writer_fill(writer), 100);
    tick(writer, 0, thread, first + NODES - 1);
    ML_CHECK_EQUAL(ml_writer_close(writer, 1, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    tables = &ml_reader_recording(reader, 0)->tables;
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.clean_end, 1);
    ML_CHECK(ml_reader_recording(reader, 0)->chunks[0].sequence > 4);
    ML_CHECK_EQUAL(tables->node_count, NODES + 1);
    for (uint32_t i = 1; i < NODES; i++) {
        ML_CHECK(tables->node_parent[first + i] == first + i / 3);
        ML_CHECK(tables->frame_line[tables->node_frame[first + i]] == i);
    }
    ML_CHECK_EQUAL(tables->string_length[tables->string_count - 1], 60000);
    ML_CHECK(memcmp(tables->string[tables->string_count - 1], text, 60000) == 0);
    ml_reader_close(reader);
    fixture_close(&file);
    free(text);
}

/* Every frame at its code's first line: nothing is written about lines, and they come back. */
ML_TEST(functions_without_lines_cost_no_column)
{
    size_t sizes[2];

    for (uint32_t offset = 0; offset < 2; offset++) {
        fixture_file file;
        ml_writer *writer = fixture_writer(&file, NULL);
        uint32_t thread = simple_thread(writer);
        uint32_t node = 0;
        const ml_tables *tables;
        ml_reader *reader;
        for (uint32_t line = 1; line <= 1000; line++) {
            uint32_t code = fixture_code(writer, "f", line * 7);
            node = ml_writer_node(writer, node, code, line * 7 + offset * (line * line % 251));
        }
        tick(writer, 0, thread, node);
        ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
        fixture_load(&file);
        sizes[offset] = file.length;
        reader = fixture_reader(&file);
        tables = &ml_reader_recording(reader, 0)->tables;
        for (uint32_t line = 1; line <= 1000; line++) {
            ML_CHECK_EQUAL(tables->frame_line[line - 1], line * 7 + offset * (line * line % 251));
        }
        ml_reader_close(reader);
        fixture_close(&file);
    }
    ML_CHECK(sizes[0] + 100 < sizes[1]);
}

ML_TEST(long_strings_are_cut)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    char *text = malloc(70000);
    ml_reader *reader;

    memset(text, 'x', 70000);
    ML_CHECK_EQUAL(ml_writer_string(writer, text, 70000), ml_writer_string(writer, text, 65536));
    fixture_print(writer, 1000, 0, 0, "makes the block worth writing");
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->tables.string_length[1], 65536);
    ml_reader_close(reader);
    fixture_close(&file);
    free(text);
}

static int name_is(const ml_tables *tables, uint32_t thread, const char *name, size_t length)
{
    uint8_t room[ML_THREAD_NAME_ROOM];
    uint32_t found;
    const uint8_t *bytes = ml_thread_name(tables, thread, room, &found);

    return found == length && memcmp(bytes, name, length) == 0;
}

ML_TEST(a_thread_can_be_renamed_until_it_is_sealed)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    const ml_tables *tables;
    ml_reader *reader;

    ml_writer_thread_name(writer, thread, "better", 6);
    tick(writer, 0, thread, 0);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 1, FIXTURE_WALL), ML_OK);
    ml_writer_thread_name(writer, thread, "too late", 8);
    tick(writer, 1, thread, 0);
    ML_CHECK_EQUAL(ml_writer_close(writer, 2, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    tables = &ml_reader_recording(reader, 0)->tables;
    ML_CHECK(name_is(tables, 0, "better", 6));
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(names_that_differ_in_a_number_share_a_string)
{
    static const char *const names[] = {"Thread-1 (serve)",
                                        "Thread-2 (serve)",
                                        "Thread-999999 (serve)",
                                        "Thread-007",
                                        "worker",
                                        "7",
                                        "0",
                                        "n1234567890123456789",
                                        "pool-0_3",
                                        "n123456789012345678"};
    static const char with_nul[] = "a\0b5";
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    char large[200];
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    const ml_tables *tables;
    ml_reader *reader;

    memset(large, '5', sizeof(large));
    large[0] = 'n';
    for (uint32_t i = 0; i < NAMES + 3; i++) {
        ML_CHECK_EQUAL(ml_writer_thread(writer, i, i, 0, 0, 0), i + 1);
    }
    for (uint32_t i = 0; i < NAMES; i++) {
        ml_writer_thread_name(writer, i + 1, names[i], strlen(names[i]));
    }
    ml_writer_thread_name(writer, NAMES + 1, with_nul, 4);
    large[150] = 'x';
    ml_writer_thread_name(writer, NAMES + 2, large, sizeof(large));
    tick(writer, 0, 1, 0);
    ML_CHECK_EQUAL(ml_writer_close(writer, 2, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    tables = &ml_reader_recording(reader, 0)->tables;
    for (uint32_t i = 0; i < NAMES; i++) {
        ML_CHECK(name_is(tables, i, names[i], strlen(names[i])));
    }
    ML_CHECK(name_is(tables, NAMES, with_nul, 4));
    ML_CHECK(name_is(tables, NAMES + 1, large, sizeof(large)));
    ML_CHECK(name_is(tables, NAMES + 2, "", 0));
    ML_CHECK_EQUAL(tables->thread_name[0], tables->thread_name[1]);
    ML_CHECK_EQUAL(tables->thread_name[0], tables->thread_name[2]);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* ---- what is full ---- */

static ml_writer_options tiny_options(void)
{
    ml_writer_options options = fixture_options();

    options.strings = 40;
    options.codes = 10;
    options.frames = 10;
    options.nodes = 10;
    options.threads = 3;
    options.runs = 16;
    options.event_bytes = 4096;
    options.ticks = 8;
    return options;
}

ML_TEST(full_tables_keep_the_outermost_known_part)
{
    ml_writer_options options = tiny_options();
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, &options);
    uint32_t thread = simple_thread(writer);
    uint32_t code = fixture_code(writer, "f", 1);
    uint32_t parent = 0;
    uint32_t overflow;
    ml_writer_statistics statistics;
    const ml_tables *tables;
    ml_reader *reader;

    for (uint32_t line = 1; line <= 20; line++) {
        uint32_t node = ml_writer_node(writer, parent, code, line);
        ML_CHECK(line <= 9 ? node != parent : node == parent);
        parent = node;
    }
    overflow = ml_writer_node(writer, 0, code, 99);
    ML_CHECK(overflow != 0 && overflow != parent);
    ML_CHECK_EQUAL(ml_writer_node(writer, 0, fixture_code(writer, "g", 1), 1), overflow);
    for (uint32_t i = 0; i < 12; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%u", i);
        fixture_code(writer, name, 1);
    }
    ML_CHECK_EQUAL(fixture_code(writer, "one too many", 1), 0);
    ML_CHECK_EQUAL(ml_writer_node(writer, parent, 0, 5), parent);
    tick(writer, 0, thread, parent);
    tick(writer, 1, thread, overflow);
    ml_writer_statistics_get(writer, &statistics);
    ML_CHECK_EQUAL(statistics.nodes, 11);
    ML_CHECK(statistics.dropped >= 16);
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    tables = &ml_reader_recording(reader, 0)->tables;
    ML_CHECK_EQUAL(tables->node_count, 11);
    ML_CHECK_EQUAL(tables->node_depth[parent], 9);
    ML_CHECK_EQUAL(tables->code_flags[tables->frame_code[tables->node_frame[overflow]]],
                   ML_MLOG_CODE_SYNTHETIC);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->dropped, statistics.dropped);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(full_string_and_thread_tables_answer_zero)
{
    ml_writer_options options = tiny_options();
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, &options);
    char name[16];

    for (uint32_t i = 1; i < 40; i++) {
        snprintf(name, sizeof(name), "string %u", i);
        ML_CHECK_EQUAL(fixture_string(writer, name), i);
    }
    ML_CHECK_EQUAL(fixture_string(writer, "another"), 0);
    ML_CHECK_EQUAL(fixture_string(writer, "string 7"), 7);
    for (uint32_t i = 1; i <= 3; i++) {
        ML_CHECK_EQUAL(simple_thread(writer), i);
    }
    ML_CHECK_EQUAL(simple_thread(writer), 0);
    tick(writer, 0, 1, ml_writer_node(writer, 0, fixture_code(writer, "x", 1), 1));
    fixture_print(writer, 1000, 0, 0, "its kind has no room for its name");
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    ml_reader_close(fixture_reader(&file));
    fixture_close(&file);
}

ML_TEST(a_full_block_drops_and_says_so)
{
    ml_writer_options options = tiny_options();
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, &options);
    uint32_t thread = simple_thread(writer);
    uint32_t node = ml_writer_node(writer, 0, fixture_code(writer, "f", 1), 1);
    ml_reader *reader;
    const ml_gap *gap;
    ml_arena arena;
    ml_runs runs;

    ML_CHECK_EQUAL(ml_writer_fill(writer), 0);
    for (uint64_t i = 0; i < 20; i++) {
        tick(writer, i, thread, node);
        ML_CHECK_EQUAL(ml_writer_fill(writer), i < 8 ? (i + 1) * 100 / 8 : 100);
    }
    for (uint32_t i = 0; i < 100; i++) {
        fixture_print(writer, i * 1000, thread, node,
                      "sixty-four bytes with all that belongs to it");
    }
    ML_CHECK_EQUAL(ml_writer_seal(writer, 1, FIXTURE_WALL), ML_OK);
    ML_CHECK_EQUAL(ml_writer_fill(writer), 0);
    tick(writer, 20, thread, node); /* those that were dropped weigh on nobody */
    ML_CHECK_EQUAL(ml_writer_close(writer, 2, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunks[0].ticks, 8);
    ML_CHECK(ml_reader_recording(reader, 0)->chunks[1].events > 30);
    ML_CHECK(ml_reader_recording(reader, 0)->dropped > 24 + 30);
    runs = read_runs(reader, 2, &arena);
    check_run(&runs, 0, node, 20, 1, 1, 1000000);
    ml_arena_release(&arena);
    gap = &ml_reader_recording(reader, 0)->gaps[0];
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->gap_count, 1);
    ML_CHECK_EQUAL(gap->cause, ML_MLOG_GAP_NO_ROOM);
    ML_CHECK_EQUAL(gap->ticks, 12);
    ML_CHECK(gap->events >= 30 && gap->events < 100);
    ML_CHECK_EQUAL(gap->start_ns + gap->span_ns, 190000000);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Runs of a block are a fixed number: gaps and endings must always find theirs. */
ML_TEST(no_run_is_missing_however_little_room_there_is)
{
    for (uint32_t room = 16; room < 30; room++) {
        ml_writer_options options = tiny_options();
        fixture_file file;
        ml_writer *writer;
        ml_reader *reader;
        ml_arena arena;
        uint32_t threads[3];
        uint32_t nodes[2];
        options.runs = room;
        writer = fixture_writer(&file, &options);
        nodes[0] = ml_writer_node(writer, 0, fixture_code(writer, "f", 1), 1);
        nodes[1] = ml_writer_node(writer, 0, fixture_code(writer, "f", 1), 2);
        for (unsigned t = 0; t < 3; t++) {
            threads[t] = simple_thread(writer);
        }
        for (uint64_t i = 0; i < 8; i++) {
            ml_writer_tick(writer, i);
            for (unsigned t = 0; t < 3; t++) {
                if ((i + t) % 3 != 0) {
                    ml_writer_sample(writer, threads[t], nodes[(i + t) % 2], 0, 1);
                }
            }
        }
        ML_CHECK_EQUAL(ml_writer_close(writer, 2, FIXTURE_WALL), ML_OK);
        fixture_load(&file);
        reader = fixture_reader(&file);
        ML_CHECK(read_runs(reader, 0, &arena).count <= room);
        ml_arena_release(&arena);
        ml_reader_close(reader);
        fixture_close(&file);
    }
}

ML_TEST(events_with_wrong_fields_are_dropped)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    ml_writer_statistics statistics;
    ml_reader *reader;

    ml_writer_event(writer, ML_KIND_PRINT, 1, 0, 0); /* never ended */
    ml_writer_event(writer, ML_KIND_PRINT, 2, 0, 0); /* too few fields */
    ml_writer_field_number(writer, 1);
    ml_writer_event_end(writer);
    ml_writer_event(writer, ML_KIND_PRINT, 3, 0, 0); /* in the wrong order */
    ml_writer_field_bytes(writer, "x", 1);
    ml_writer_field_number(writer, 1);
    ml_writer_event_end(writer);
    ml_writer_event(writer, ML_KIND_FD_CLOSE, 4, 0, 0); /* too many */
    ml_writer_field_number(writer, 1);
    ml_writer_field_number(writer, 2);
    ml_writer_event_end(writer);
    ml_writer_event(writer, ML_KIND_COUNT, 5, 0, 0); /* no such kind */
    ml_writer_field_number(writer, 1);
    ml_writer_event_end(writer);
    ml_writer_event_end(writer);
    fixture_print(writer, 6000, 0, 0, "right");
    ml_writer_event(writer, ML_KIND_PRINT, 7, 0, 0); /* open when the block is sealed */
    ml_writer_statistics_get(writer, &statistics);
    ML_CHECK_EQUAL(statistics.dropped, 5);
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunks[0].events, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->dropped, 6);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(an_empty_block_writes_nothing)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    size_t before;

    fixture_load(&file);
    before = file.length;
    fixture_string(writer, "pending");
    ML_CHECK_EQUAL(ml_writer_seal(writer, 1, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    ML_CHECK_EQUAL(file.length, before);
    ml_writer_abandon(writer);
    fixture_load(&file);
    ML_CHECK_EQUAL(file.length, before);
    fixture_close(&file);
}

/* ---- no allocation ---- */

static volatile unsigned long allocations;

/* AddressSanitizer calls this for every allocation; without it mallinfo2 tells. */
__attribute__((visibility("default"))) void __sanitizer_malloc_hook(const volatile void *pointer,
                                                                    size_t size);
void __sanitizer_malloc_hook(const volatile void *pointer, size_t size)
{
    (void)pointer;
    (void)size;
    allocations++;
}

static unsigned long allocated_so_far(void)
{
    struct mallinfo2 now = mallinfo2();

    return allocations + now.uordblks + now.hblkhd;
}

ML_TEST(after_opening_nothing_allocates)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t threads[4];
    uint32_t nodes[100];
    unsigned long before;
    void *volatile proof = malloc(100);

    before = allocated_so_far();
    free(proof);
    proof = malloc(5000);
    /* The count counts; but for valgrind, whose own allocator is in the place of what is counted. */
    ML_CHECK(allocated_so_far() != before || ml_test_in_valgrind());
    free(proof);
    before = allocated_so_far();
    ML_CHECK_EQUAL(ml_writer_journal(writer, memfd_create("journal", MFD_CLOEXEC), "/nowhere/x"),
                   ML_OK);
    for (unsigned t = 0; t < 4; t++) {
        threads[t] = simple_thread(writer);
    }
    for (uint64_t i = 0; i < 1000000; i++) {
        if (i % 10000 == 0) {
            char name[32];
            snprintf(name, sizeof(name), "function %llu", (unsigned long long)i);
            nodes[i / 10000] = ml_writer_node(writer, i == 0 ? 0 : nodes[i / 20000],
                                              fixture_code(writer, name, 1), 5);
            fixture_print(writer, i * 1000, threads[0], nodes[0], name);
            ML_CHECK_EQUAL(ml_writer_seal(writer, i, FIXTURE_WALL), ML_OK);
        }
        if (i % 1000 == 0) {
            ML_CHECK_EQUAL(ml_writer_flush(writer, i, FIXTURE_WALL), ML_OK);
        }
        ml_writer_tick(writer, i + i / 7);
        for (unsigned t = 0; t < 4; t++) {
            ml_writer_sample(writer, threads[t], nodes[(i >> t) % (i / 10000 + 1)], 5, t);
        }
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, 0, FIXTURE_WALL), ML_OK);
    ML_CHECK_EQUAL(allocated_so_far(), before);
    fixture_close(&file);
}

/* ---- gauges apart from messages ---- */

static void write_collector(ml_writer *writer, uint64_t time_ns, int64_t value)
{
    ml_writer_event(writer, ML_KIND_COLLECTOR, time_ns, 0, 0);
    ml_writer_field_number(writer, value);
    ml_writer_field_number(writer, 0);
    ml_writer_event_end(writer);
}

/* Gauges are written before what else there is; a reader gives all by time, and messages of one instant as they came. */
ML_TEST(events_are_read_by_time_and_messages_of_one_instant_as_they_came)
{
    static const char *const texts[] = {"a", "b", "c"};
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    ml_reader *reader;
    ml_arena arena;
    ml_events events;
    uint32_t messages = 0;

    for (uint64_t i = 0; i < 3; i++) {
        fixture_print(writer, 5000000, 0, 0, texts[i]);
        write_collector(writer, 4000000 + i * 1000000, (int64_t)i);
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, 10000000, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_read_events(reader, ml_reader_recording(reader, 0), 0, &arena, &events, NULL),
                   ML_OK);
    ML_CHECK_EQUAL(events.count, 6);
    for (size_t i = 0; i < events.count; i++) {
        const ml_value *values = events.values + events.value_start[i];
        ML_CHECK(i == 0 || events.time_ns[i] >= events.time_ns[i - 1]);
        if (values[1].length != 0) {
            ML_CHECK(memcmp(values[1].bytes, texts[messages++], 1) == 0);
        } else {
            ML_CHECK_EQUAL(events.time_ns[i], 4000000 + values[0].number * 1000000);
        }
    }
    ML_CHECK_EQUAL(messages, 3);
    ml_arena_release(&arena);
    ml_reader_close(reader);
    fixture_close(&file);
}
