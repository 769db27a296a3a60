/* Files of tomorrow: what may be ignored is ignored, what must be understood is refused by name. */
#include "tests/unit/format_surgery.h"

/* HEAD of the fixture, then one chunk of one column. */
static ml_reader *with_chunk(const char *type, uint64_t key, uint8_t codec, uint8_t flags,
                             ml_buffer *bytes)
{
    fixture_file file = fixture_recording();
    surgery_body body;
    surgery_chunk chunk;
    ml_reader *reader;
    ml_error error;

    surgery_body_init(&body);
    ml_buffer_init(bytes, 1 << 20);
    ml_buffer_put(bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 4; i++) { /* HEAD DEFS SAMP EVNT */
        chunk = surgery_find(&file, i);
        surgery_put(bytes, &chunk);
    }
    surgery_numbers(&body, key, (const uint64_t[]){1, 2, 3}, 3);
    chunk = surgery_finish(&body, type, 4);
    chunk.codec = codec;
    chunk.flags = flags;
    surgery_put(bytes, &chunk);
    reader = surgery_open(bytes, &error);
    ML_CHECK(reader != NULL);
    surgery_body_release(&body);
    fixture_close(&file);
    return reader;
}

static void check_counts(const char *type, uint8_t flags, uint32_t critical, uint32_t ancillary,
                         uint32_t damaged)
{
    ml_buffer bytes;
    ml_reader *reader = with_chunk(type, 2, 0, flags, &bytes);
    const ml_recording *recording = ml_reader_recording(reader, 0);

    ML_CHECK_EQUAL(recording->diagnostics.unknown_critical, critical);
    ML_CHECK_EQUAL(recording->diagnostics.unknown_ancillary, ancillary);
    ML_CHECK_EQUAL(recording->diagnostics.damaged_chunks, damaged);
    ML_CHECK_EQUAL(recording->chunk_count, 2);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
}

ML_TEST(unknown_chunks)
{
    check_counts("aGGR", 0, 0, 1, 0);
    check_counts("zZZz", 0, 0, 1, 0);
    check_counts("ABCD", 0, 1, 0, 0);
    check_counts("aGGR", 2, 1, 0, 0);    /* a flag that must be understood */
    check_counts("aGGR", 0x80, 0, 1, 0); /* one that need not */
    check_counts("HEAD", 0, 0, 0, 1);    /* a second one is no future, but wrong */
}

/* A SAMP chunk by hand: one tick, thread 0, node 1, and one column more. */
static ml_status read_with_column(uint64_t key, uint8_t codec, uint32_t *runs, ml_error *error)
{
    const uint64_t preamble[] = {0, 10000000, 1, 1, 1,  0, 2,
                                 1, 0,        0, 0, 99, 99}; /* two values from the future */
    fixture_file file = fixture_recording();
    surgery_body body;
    surgery_chunk chunk;
    ml_buffer bytes;
    ml_reader *reader;
    ml_arena arena;
    ml_runs found = {0};
    ml_status status;

    surgery_body_init(&body);
    ml_buffer_init(&bytes, 1 << 20);
    ml_arena_init(&arena, 0);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 2; i++) { /* HEAD DEFS */
        chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    surgery_preamble(&body, preamble, 13);
    surgery_numbers(&body, 1 * 2, (const uint64_t[]){1}, 1);
    surgery_numbers(&body, 3 * 2, (const uint64_t[]){0, 1}, 2);
    surgery_numbers(&body, 4 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, 5 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, 6 * 2, (const uint64_t[]){2}, 1);
    surgery_numbers(&body, 10 * 2, (const uint64_t[]){0}, 1);
    surgery_numbers(&body, key, (const uint64_t[]){7, 7, 7}, 3);
    chunk = surgery_finish(&body, "SAMP", 2);
    chunk.codec = codec;
    surgery_put(&bytes, &chunk);
    reader = surgery_open(&bytes, error);
    ML_CHECK(reader != NULL && ml_reader_recording(reader, 0)->chunk_count == 1);
    status = ml_read_runs(reader, ml_reader_recording(reader, 0), 0, &arena, &found, error);
    *runs = (uint32_t)found.count;
    ml_arena_release(&arena);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    surgery_body_release(&body);
    fixture_close(&file);
    return status;
}

ML_TEST(unknown_columns)
{
    uint32_t runs;
    ml_error error;

    ML_CHECK_EQUAL(read_with_column(20 * 2 + 1, 0, &runs, &error), ML_OK);
    ML_CHECK_EQUAL(runs, 1);
    ML_CHECK_EQUAL(read_with_column(20 * 2, 0, &runs, &error), ML_ERROR_UNSUPPORTED);
    ML_CHECK(strstr(error.text, "column 20") != NULL);
    ML_CHECK_EQUAL(read_with_column(20 * 2 + 1, 2, &runs, &error), ML_ERROR_UNSUPPORTED);
    ML_CHECK(strstr(error.text, "codec 2") != NULL);
    ML_CHECK_EQUAL(read_with_column(6 * 2, 0, &runs, &error),
                   ML_ERROR_FORMAT); /* an id that does not rise */
}

/* ---- the file header ---- */

/* Opens a recording whose header has `value` in `size` bytes at `offset`. */
static ml_status open_with(size_t offset, unsigned size, uint64_t value, const char *said)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = NULL;
    ml_error error = {0};
    ml_status status;
    uint32_t crc;

    for (unsigned i = 0; i < size; i++) {
        file.bytes[offset + i] = (uint8_t)(value >> (8 * i));
    }
    crc = ml_crc32c(0, file.bytes, 60);
    for (unsigned i = 0; i < 4; i++) {
        file.bytes[60 + i] = (uint8_t)(crc >> (8 * i));
    }
    status = ml_reader_open_memory(file.bytes, file.length, "x.mlog", NULL, &reader, &error);
    ML_CHECK(strstr(error.text, said) != NULL);
    ml_reader_close(reader);
    fixture_close(&file);
    return status;
}

ML_TEST(versions_and_features)
{
    ML_CHECK_EQUAL(open_with(10, 2, 2, "version 2.0"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(12, 2, 7, ""), ML_OK); /* a newer minor that we can read */
    ML_CHECK_EQUAL(open_with(14, 2, 1, "version 1.1"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(16, 4, 0x80000020u, "feature bit 5"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(16, 4, 0, "final format"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(20, 4, 0xffffffffu, ""), ML_OK); /* only for those who rewrite */
    ML_CHECK_EQUAL(open_with(24, 4, 0xffffffffu, ""), ML_OK);
    ML_CHECK_EQUAL(open_with(28, 4, ML_MLOG_FLAG_JOURNAL, "journal"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(56, 4, ML_MLOG_DRAFT + 1, "record again"), ML_ERROR_UNSUPPORTED);
    ML_CHECK_EQUAL(open_with(56, 4, ML_MLOG_DRAFT, ""), ML_OK);
}

/* A longer header: a reader skips to its end. */
ML_TEST(a_header_that_has_grown)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes;
    ml_reader *reader;
    ml_error error;
    uint32_t crc;

    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    ml_buffer_put_text(&bytes, "sixteen more 0xA");
    bytes.data[8] = 80;
    crc = ml_crc32c(0, bytes.data, 60);
    for (unsigned i = 0; i < 4; i++) {
        bytes.data[60 + i] = (uint8_t)(crc >> (8 * i));
    }
    ml_buffer_put(&bytes, file.bytes + 64, file.length - 64);
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 6);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.damaged_chunks, 0);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}

ML_TEST(what_is_no_recording_is_named)
{
    ml_reader *reader;
    ml_error error = {0};

    ML_CHECK_EQUAL(ml_reader_open_memory("", 0, "nothing", NULL, &reader, &error), ML_ERROR_FORMAT);
    ML_CHECK_TEXT(error.text, "cannot read 'nothing': it is empty");
    ML_CHECK_EQUAL(ml_reader_open_memory("PK\3\4.....", 9, "a.zip", NULL, &reader, &error),
                   ML_ERROR_FORMAT);
    ML_CHECK_TEXT(error.text, "cannot read 'a.zip': it is not an .mlog file");
    ML_CHECK_EQUAL(ml_reader_open("/nowhere/x.mlog", NULL, &reader, &error), ML_ERROR_NOT_FOUND);
    ML_CHECK(strstr(error.text, "/nowhere/x.mlog") != NULL);
    ML_CHECK(reader == NULL);
}
