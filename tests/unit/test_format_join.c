/* Joining of blocks while rewriting: what may be joined is, what may not stays as it was. Random recordings are in
 * test_format_roundtrip.c. */
#include "core/format/rewrite.h"
#include "tests/unit/format_content.h"
#include "tests/unit/format_surgery.h"

enum { LEVEL = 1 };

static size_t count_type(const ml_reader *reader, const char *type)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    size_t count = 0;

    for (size_t i = 0; i < recording->chunk_count; i++) {
        count += strcmp(recording->chunks[i].type, type) == 0;
    }
    return count;
}

/* Rewrites twice: the second time nothing may change. Returns a reader of `out`, whose content is that of `reader`. */
static ml_reader *rewritten(const ml_reader *reader, ml_buffer *out)
{
    ml_rewrite_result result = {0};
    ml_error error = {0};
    ml_reader *again;
    ml_buffer twice;

    ml_buffer_init(out, 1 << 26);
    ml_buffer_init(&twice, 1 << 26);
    ML_CHECK_EQUAL(ml_rewrite(reader, 0, LEVEL, out, &result, &error), ML_OK);
    again = surgery_open(out, &error);
    ML_CHECK_TEXT(error.text, "");
    content_check_all(reader, again);
    ML_CHECK_EQUAL(ml_rewrite(again, 0, LEVEL, &twice, &result, &error), ML_OK);
    ML_CHECK_EQUAL(twice.length, out->length);
    ML_CHECK(memcmp(twice.data, out->data, out->length) == 0);
    ml_buffer_release(&twice);
    return again;
}

ML_TEST(blocks_become_one_and_the_end_tells_it)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    ml_buffer out;
    ml_reader *again = rewritten(reader, &out);
    const ml_recording *recording = ml_reader_recording(again, 0);

    ML_CHECK_EQUAL(count_type(reader, "SAMP"), 3);
    ML_CHECK_EQUAL(recording->chunk_count, 2);
    ML_CHECK_EQUAL(recording->chunks[0].sequence, 2);
    ML_CHECK_EQUAL(recording->chunks[1].sequence, 3);
    ML_CHECK_EQUAL(recording->chunks[0].drift_ns,
                   ml_reader_recording(reader, 0)->chunks[5].drift_ns);
    ML_CHECK_EQUAL(recording->diagnostics.clean_end, 1);
    ML_CHECK_EQUAL(recording->diagnostics.missing_chunks, 0);
    ml_reader_close(again);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Ticks that found no room are lost between the blocks: what is told of the gap stays where it is. */
ML_TEST(a_gap_is_not_joined_over)
{
    ml_writer_options options = fixture_options();
    fixture_file file;
    ml_writer *writer;
    ml_reader *reader;
    ml_reader *again;
    ml_buffer out;
    uint32_t thread;

    options.ticks = 10;
    writer = fixture_writer(&file, &options);
    thread = simple_thread(writer);
    for (uint64_t number = 0; number < 60; number++) {
        tick(writer, number, thread, 0);
        if (number % 15 == 14 || number % 15 == 5) {
            ml_writer_seal(writer, (number + 1) * 10000000, FIXTURE_WALL);
        }
    }
    ml_writer_close(writer, 600000000, FIXTURE_WALL);
    fixture_load(&file);
    reader = fixture_reader(&file);
    again = rewritten(reader, &out);
    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->gap_count,
                   ml_reader_recording(reader, 0)->gap_count);
    ML_CHECK_EQUAL(count_type(reader, "SAMP"), 8);
    ML_CHECK_EQUAL(count_type(again, "SAMP"), 1);
    ml_reader_close(again);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Three blocks of 200,000 runs: two fit into one. */
ML_TEST(blocks_do_not_become_larger_than_a_writer_makes_them)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint32_t code = fixture_code(writer, "f", 1);
    uint32_t nodes[2] = {ml_writer_node(writer, 0, code, 1), ml_writer_node(writer, 0, code, 2)};
    ml_reader *reader;
    ml_reader *again;
    ml_buffer out;

    for (uint64_t number = 0; number < 600000; number++) {
        tick(writer, number, thread, nodes[number & 1]);
        if (number % 200000 == 199999) {
            ML_CHECK_EQUAL(ml_writer_seal(writer, number * 10000000, FIXTURE_WALL), ML_OK);
        }
    }
    ml_writer_close(writer, UINT64_C(6000000000000), FIXTURE_WALL);
    fixture_load(&file);
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(count_type(reader, "SAMP"), 3);
    again = rewritten(reader, &out);
    ML_CHECK_EQUAL(count_type(again, "SAMP"), 2);
    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->chunks[0].runs, 400000);
    ml_reader_close(again);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

/* The fixture's first ten chunks, all but the end, with one changed or left out. */
static ml_reader *with_change(fixture_file *file, uint32_t number, uint8_t flag, ml_buffer *bytes)
{
    ml_error error;

    ml_buffer_init(bytes, 1 << 20);
    ml_buffer_put(bytes, file->bytes, 64);
    for (uint32_t i = 0; i < 10; i++) {
        surgery_chunk chunk = surgery_find(file, i);
        chunk.flags |= i == number ? flag : 0;
        if (i != number || flag != 0) {
            surgery_put(bytes, &chunk);
        }
    }
    return surgery_open(bytes, &error);
}

ML_TEST(what_is_not_known_here_stays_as_it_is)
{
    enum { LATER_FLAG = 0x40, SECOND_SAMPLES = 5 };
    fixture_file file = fixture_recording();
    ml_buffer bytes, out;
    ml_reader *reader = with_change(&file, SECOND_SAMPLES, LATER_FLAG, &bytes);
    ml_reader *again = rewritten(reader, &out);
    fixture_file made = {.bytes = out.data, .length = out.length};
    surgery_chunk kept =
        surgery_find(&made, 4); /* HEAD, DEFS, SAMP, EVNT of the first two blocks before it */

    ML_CHECK_EQUAL(count_type(again, "SAMP"), 3);
    ML_CHECK_TEXT(kept.type, "SAMP");
    ML_CHECK_EQUAL(kept.flags, LATER_FLAG | ML_MLOG_KEY | ML_MLOG_MORE);
    ML_CHECK_EQUAL(kept.sequence, 4);
    ml_reader_close(again);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    ml_buffer_release(&out);
    fixture_close(&file);
}

ML_TEST(over_a_chunk_that_is_missing_nothing_is_joined)
{
    enum { SECOND_SAMPLES = 5 };
    fixture_file file = fixture_recording();
    ml_buffer bytes, out;
    ml_reader *reader = with_change(&file, SECOND_SAMPLES, 0, &bytes);
    ml_reader *again = rewritten(reader, &out);

    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->diagnostics.missing_chunks, 1);
    ML_CHECK_EQUAL(count_type(again, "SAMP"), 2);
    ML_CHECK_EQUAL(count_type(again, "EVNT"), 2);
    ml_reader_close(again);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    ml_buffer_release(&out);
    fixture_close(&file);
}

/* Kinds with fields that no writer of ours makes: the events of such a recording could not be made again. */
ML_TEST(a_recording_with_kinds_that_are_not_ours_is_not_joined)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes, out;
    ml_reader *plain = fixture_reader(&file);
    const ml_tables *tables = &ml_reader_recording(plain, 0)->tables;
    const uint64_t preamble[] = {tables->string_count,
                                 tables->code_count,
                                 tables->frame_count,
                                 tables->node_count,
                                 tables->thread_count,
                                 tables->kind_count,
                                 0,
                                 0,
                                 0,
                                 0,
                                 0,
                                 1};
    surgery_body body;
    surgery_chunk chunk;
    ml_reader *reader = with_change(&file, UINT32_MAX, 1, &bytes);
    ml_reader *again;
    ml_error error;

    ml_reader_close(reader);
    surgery_body_init(&body);
    surgery_preamble(&body, preamble, 12);
    surgery_numbers(&body, 24 * 2, (const uint64_t[]){1, 0, 1, 2, ML_MLOG_FIELD_F32, 0}, 6);
    chunk = surgery_finish(&body, "DEFS", 10);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->tables.kind_count, tables->kind_count + 1);
    again = rewritten(reader, &out);
    ML_CHECK_EQUAL(count_type(again, "SAMP"), 3);
    ml_reader_close(again);
    ml_reader_close(reader);
    ml_reader_close(plain);
    surgery_body_release(&body);
    ml_buffer_release(&bytes);
    ml_buffer_release(&out);
    fixture_close(&file);
}
