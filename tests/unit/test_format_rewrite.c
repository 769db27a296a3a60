/* Rewriting: nothing sound is changed, nothing damaged is kept, nothing unknown is guessed about. */
#include "core/format/rewrite.h"
#include "tests/unit/format_content.h"
#include "tests/unit/format_surgery.h"

enum { AT_FLAGS = 28 };

static ml_status rewrite(const ml_reader *reader, int level, ml_buffer *out,
                         ml_rewrite_result *result, ml_error *error)
{
    *result = (ml_rewrite_result){0};
    *error = (ml_error){0};
    ml_buffer_init(out, 1 << 26);
    return ml_rewrite(reader, 0, level, out, result, error);
}

/* One block. */
static fixture_file one_block(void)
{
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    uint32_t thread = simple_thread(writer);
    uint32_t node = ml_writer_node(writer, 0, fixture_code(writer, "f", 1), 2);

    for (uint64_t number = 0; number < 50; number++) {
        tick(writer, number, thread, number % 7 == 0 ? 0 : node);
    }
    fixture_print(writer, 300000000, thread, node, "hello\n");
    ML_CHECK_EQUAL(ml_writer_close(writer, 500000000, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    return file;
}

/* What we write is what we read: the same level gives the same bytes, but for the header's flag. */
ML_TEST(the_same_level_gives_the_same_bytes)
{
    fixture_file file = one_block();
    ml_reader *reader = fixture_reader(&file);
    ml_rewrite_result result;
    ml_buffer out;
    ml_error error;

    ML_CHECK_EQUAL(ml_rewrite_is_needed(ml_reader_recording(reader, 0)), 0);
    ML_CHECK_EQUAL(rewrite(reader, fixture_options().level, &out, &result, &error), ML_OK);
    ML_CHECK_EQUAL(out.length, file.length);
    ML_CHECK_EQUAL(out.data[AT_FLAGS], ML_MLOG_FLAG_REWRITTEN);
    ML_CHECK(memcmp(out.data, file.bytes, AT_FLAGS) == 0);
    ML_CHECK(memcmp(out.data + 64, file.bytes + 64, file.length - 64) == 0);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(stored_and_packed_hold_the_same)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);

    for (int level = 0; level <= ML_REWRITE_LEVEL; level += ML_REWRITE_LEVEL) {
        ml_rewrite_result result;
        ml_buffer out;
        ml_error error;
        ml_reader *again;
        ML_CHECK_EQUAL(rewrite(reader, level, &out, &result, &error), ML_OK);
        again = surgery_open(&out, &error);
        ML_CHECK(again != NULL);
        ML_CHECK_EQUAL(ml_reader_recording(again, 0)->diagnostics.clean_end, 1);
        for (uint32_t i = 0; level == 0 && i < 5; i++) {
            fixture_file stored = {.bytes = out.data, .length = out.length};
            ML_CHECK_EQUAL(surgery_find(&stored, i).codec, ML_MLOG_STORED);
        }
        content_check_all(reader, again);
        ml_reader_close(again);
        ml_buffer_release(&out);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Garbage between the chunks, one chunk lost, the end torn off. */
ML_TEST(what_is_damaged_is_left_out_and_what_is_missing_stays_visible)
{
    fixture_file file = fixture_recording();
    ml_rewrite_result result;
    ml_buffer damaged, out;
    ml_error error;
    ml_reader *reader;
    ml_reader *again;

    ml_buffer_init(&damaged, 1 << 20);
    ml_buffer_put(&damaged, file.bytes, 64);
    for (uint32_t i = 0; i < 10; i++) {
        surgery_chunk chunk = surgery_find(&file, i);
        if (i == 5) { /* samples of the second block */
            ml_buffer_put_text(&damaged, "garbage");
        } else {
            surgery_put(&damaged, &chunk);
        }
    }
    ml_buffer_put_text(&damaged, "torn");
    reader = surgery_open(&damaged, &error);
    ML_CHECK(ml_rewrite_is_needed(ml_reader_recording(reader, 0)));
    ML_CHECK_EQUAL(rewrite(reader, fixture_options().level, &out, &result, &error), ML_OK);
    ML_CHECK(out.length < damaged.length - strlen("garbage") - strlen("torn"));
    again = surgery_open(&out, &error);
    content_check_all(reader, again);
    ML_CHECK_EQUAL(ml_rewrite_is_needed(ml_reader_recording(again, 0)), 0);
    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->diagnostics.missing_chunks, 1);
    ML_CHECK_EQUAL(ml_reader_recording(again, 0)->diagnostics.clean_end, 0);
    ml_reader_close(again);
    ml_reader_close(reader);
    ml_buffer_release(&damaged);
    ml_buffer_release(&out);
    fixture_close(&file);
}

/* HEAD and one block of the fixture, then a chunk of `type` with one column of this key. */
static ml_reader *with_chunk(const fixture_file *file, const char *type, uint64_t key,
                             ml_buffer *bytes)
{
    surgery_body body;
    surgery_chunk chunk;
    ml_reader *reader;
    ml_error error;

    surgery_body_init(&body);
    ml_buffer_init(bytes, 1 << 20);
    ml_buffer_put(bytes, file->bytes, 64);
    for (uint32_t i = 0; i < 4; i++) {
        chunk = surgery_find(file, i);
        surgery_put(bytes, &chunk);
    }
    surgery_preamble(&body, (const uint64_t[]){7, 8, 9}, 3);
    surgery_numbers(&body, key, (const uint64_t[]){1, 2, 300}, 3);
    chunk = surgery_finish(&body, type, 4);
    surgery_put(bytes, &chunk);
    reader = surgery_open(bytes, &error);
    ML_CHECK(reader != NULL);
    surgery_body_release(&body);
    return reader;
}

static ml_status rewrite_with(const char *type, uint32_t *left_out, size_t *shrunk)
{
    fixture_file file = fixture_recording();
    ml_rewrite_result result;
    ml_buffer bytes, out;
    ml_error error;
    ml_reader *reader = with_chunk(&file, type, 2, &bytes);
    ml_status status = rewrite(reader, 3, &out, &result, &error);

    ML_CHECK((status == ML_OK) == (error.text[0] == '\0'));
    *left_out = result.left_out;
    *shrunk = bytes.length - out.length;
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    ml_buffer_release(&out);
    fixture_close(&file);
    return status;
}

ML_TEST(unknown_chunks)
{
    uint32_t left_out;
    size_t shrunk;

    ML_CHECK_EQUAL(rewrite_with("zZZz", &left_out, &shrunk), ML_OK); /* safe to copy */
    ML_CHECK_EQUAL(left_out, 0);
    ML_CHECK_EQUAL(shrunk, 0);
    ML_CHECK_EQUAL(rewrite_with("zZZZ", &left_out, &shrunk), ML_OK);
    ML_CHECK_EQUAL(left_out, 1);
    ML_CHECK(shrunk > 32);
    ML_CHECK_EQUAL(rewrite_with("ZZZz", &left_out, &shrunk), ML_ERROR_UNSUPPORTED);
}

/* A column of tomorrow that may be ignored is not lost by today's program. */
ML_TEST(unknown_columns_stay)
{
    const uint64_t preamble[] = {120000000, 10000000, 1, 1, 1, 0, 2, 1, 0, 0, 12, 99};
    fixture_file file = fixture_recording();
    ml_rewrite_result result;
    ml_buffer bytes, out;
    surgery_body body;
    surgery_chunk chunk;
    ml_error error;
    ml_reader *reader;
    size_t before;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 2; i++) {
        chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    before = bytes.length;
    surgery_preamble(&body, preamble, 12);
    surgery_numbers(&body, 1 * 2, (const uint64_t[]){1}, 1);
    surgery_numbers(&body, 3 * 2, (const uint64_t[]){0, 1}, 2);
    surgery_numbers(&body, 4 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, 5 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, 6 * 2, (const uint64_t[]){2}, 1);
    surgery_numbers(&body, 10 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, 20 * 2 + 1, (const uint64_t[]){7, 7, 7}, 3);
    chunk = surgery_finish(&body, "SAMP", 2);
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, &error);
    ML_CHECK_EQUAL(rewrite(reader, 0, &out, &result, &error), ML_OK);
    /* Chunks before it grew by being stored; this one, which was stored, is as it was. */
    ML_CHECK(memcmp(out.data + out.length - (bytes.length - before), bytes.data + before,
                    bytes.length - before) == 0);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    ml_buffer_release(&out);
    surgery_body_release(&body);
    fixture_close(&file);
}

ML_TEST(what_must_be_understood_to_rewrite_is_refused)
{
    fixture_file file = fixture_recording();
    ml_rewrite_result result;
    ml_reader *reader;
    ml_buffer out;
    ml_error error;
    uint32_t crc;

    file.bytes[20] = 4; /* feature bit 2 for those who rewrite */
    crc = ml_crc32c(0, file.bytes, 60);
    for (unsigned i = 0; i < 4; i++) {
        file.bytes[60 + i] = (uint8_t)(crc >> (8 * i));
    }
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(rewrite(reader, 3, &out, &result, &error), ML_ERROR_UNSUPPORTED);
    ML_CHECK(strstr(error.text, "feature bit 2") != NULL);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    file.bytes[60] ^= 1;
    reader = fixture_reader(&file);
    ML_CHECK_EQUAL(rewrite(reader, 3, &out, &result, &error), ML_ERROR_FORMAT);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}
