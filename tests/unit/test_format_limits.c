/* The limits of FORMAT.md at their own values: a file that just keeps each, and one that just does not. (With smaller
 * values, all of them are in test_format_hostile.c.) */
#include "tests/unit/format_surgery.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A recording being put together: HEAD of the fixture, then chunks. */
typedef struct assembly {
    ml_buffer bytes;
    uint32_t sequence;
    surgery_body body; /* of the chunk being made */
} assembly;

static void start(assembly *a, int with_head)
{
    fixture_file file = fixture_recording();
    surgery_chunk head = surgery_find(&file, 0);

    *a = (assembly){.sequence = (uint32_t)with_head};
    ml_buffer_init(&a->bytes, 100 << 20);
    ml_buffer_put(&a->bytes, file.bytes, 64);
    if (with_head) {
        surgery_put(&a->bytes, &head);
    }
    fixture_close(&file);
    surgery_body_init(&a->body);
}

static void end_chunk(assembly *a, const char *type)
{
    surgery_chunk chunk = surgery_finish(&a->body, type, a->sequence++);

    surgery_put(&a->bytes, &chunk);
    surgery_body_release(&a->body);
    surgery_body_init(&a->body);
}

/* Opens what was put together; returns why it cannot be read, or ML_OK, and its diagnostics. */
static ml_status finish(assembly *a, ml_diagnostics *diagnostics, ml_error *error)
{
    ml_reader *reader = surgery_open(&a->bytes, error);

    *diagnostics = (ml_diagnostics){0};
    if (reader != NULL) {
        const ml_recording *recording = ml_reader_recording(reader, 0);
        *diagnostics = recording->diagnostics;
        for (size_t i = 0; i < recording->chunk_count && error->status == ML_OK; i++) {
            ml_arena arena;
            ml_runs runs;
            ml_arena_init(&arena, 0);
            ml_read_runs(reader, recording, i, &arena, &runs, error);
            ml_arena_release(&arena);
        }
    }
    ml_reader_close(reader);
    surgery_body_release(&a->body);
    ml_buffer_release(&a->bytes);
    return error->status;
}

static ml_status check(assembly *a)
{
    ml_diagnostics diagnostics;
    ml_error error;
    ml_status status = finish(a, &diagnostics, &error);

    return status == ML_OK && diagnostics.damaged_chunks + diagnostics.torn_bytes != 0
               ? ML_ERROR_FORMAT
               : status;
}

static void repeat(assembly *a, uint64_t key, uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&a->body.columns, value);
    }
    surgery_column(&a->body, key);
}

/* ---- definitions ---- */

static void defs_preamble(assembly *a, const uint64_t bases[6], const uint64_t added[6])
{
    surgery_preamble(&a->body, bases, 6);
    surgery_preamble(&a->body, added, 6);
}

static ml_status string_of(size_t length)
{
    const uint64_t bases[6] = {1, 0, 0, 1, 0, 0};
    const uint64_t added[6] = {1};
    assembly a;

    start(&a, 1);
    defs_preamble(&a, bases, added);
    repeat(&a, 1 * 2, length, 1);
    for (size_t i = 0; i < length; i++) {
        ml_buffer_put_u8(&a.body.columns, 'x');
    }
    surgery_column(&a.body, 2 * 2);
    end_chunk(&a, "DEFS");
    return check(&a);
}

static ml_status stack_of(uint64_t depth)
{
    const uint64_t bases[6] = {1, 0, 0, 1, 0, 0};
    const uint64_t added[6] = {0, 1, 1, depth};
    assembly a;

    start(&a, 1);
    defs_preamble(&a, bases, added);
    repeat(&a, 3 * 2, 1, 1); /* file and name: string 0 */
    repeat(&a, 4 * 2, 1, 1);
    repeat(&a, 5 * 2, 1, 1);
    repeat(&a, 8 * 2, 0, 1);
    repeat(&a, 12 * 2, 0, 1); /* one chain */
    repeat(&a, 13 * 2, depth - 1, 1);
    repeat(&a, 14 * 2, 1, (size_t)depth);
    end_chunk(&a, "DEFS");
    return check(&a);
}

static ml_status kinds_of(uint64_t kinds, uint64_t fields)
{
    const uint64_t bases[6] = {1, 0, 0, 1, 0, 0};
    const uint64_t added[6] = {[5] = kinds};
    assembly a;

    start(&a, 1);
    defs_preamble(&a, bases, added);
    for (uint64_t i = 0; i < kinds; i++) {
        ml_buffer_put_uv(&a.body.columns, 0);
        ml_buffer_put_uv(&a.body.columns, 0);
        ml_buffer_put_uv(&a.body.columns, fields);
        for (uint64_t f = 0; f < 3 * fields; f++) {
            ml_buffer_put_uv(&a.body.columns, 0);
        }
    }
    surgery_column(&a.body, 24 * 2);
    end_chunk(&a, "DEFS");
    return check(&a);
}

ML_TEST(strings_of_64_kib)
{
    ML_CHECK_EQUAL(string_of(65536), ML_OK);
    ML_CHECK_EQUAL(string_of(65537), ML_ERROR_TOO_LARGE);
}

ML_TEST(stacks_of_65535_frames)
{
    ML_CHECK_EQUAL(stack_of(65535), ML_OK);
    ML_CHECK_EQUAL(stack_of(65536), ML_ERROR_TOO_LARGE);
}

ML_TEST(kinds_and_their_fields)
{
    ML_CHECK_EQUAL(kinds_of(4096, 1), ML_OK);
    ML_CHECK_EQUAL(kinds_of(4097, 1), ML_ERROR_TOO_LARGE);
    ML_CHECK_EQUAL(kinds_of(2, 64), ML_OK);
    ML_CHECK_EQUAL(kinds_of(2, 65), ML_ERROR_FORMAT);
}

/* ---- threads of a recording and of a block ---- */

static void define_threads(assembly *a, uint64_t base, uint64_t count)
{
    const uint64_t bases[6] = {1, 0, 0, 1, base, 0};
    const uint64_t added[6] = {[4] = count};

    defs_preamble(a, bases, added);
    for (uint64_t column = 16; column <= 21; column++) {
        repeat(a, column * 2, column == 18, (size_t)count); /* names: string 0 */
    }
    end_chunk(a, "DEFS");
}

/* A thread whose name is a string of `length` bytes, all of them `byte`, and a number. */
static ml_status numbered_name_of(size_t length, uint8_t byte)
{
    const uint64_t bases[6] = {1, 0, 0, 1, 0, 0};
    const uint64_t added[6] = {[0] = 1, [4] = 1};
    assembly a;

    start(&a, 1);
    defs_preamble(&a, bases, added);
    repeat(&a, 1 * 2, length, 1);
    for (size_t i = 0; i < length; i++) {
        ml_buffer_put_u8(&a.body.columns, byte);
    }
    surgery_column(&a.body, 2 * 2);
    for (uint64_t column = 16; column <= 21; column++) {
        repeat(&a, column * 2, column == 21 ? UINT64_MAX : 0, 1); /* -2^63, which is 2^63 */
    }
    end_chunk(&a, "DEFS");
    return check(&a);
}

ML_TEST(names_with_a_number)
{
    ML_CHECK_EQUAL(numbered_name_of(1, '\0'), ML_OK);
    ML_CHECK_EQUAL(numbered_name_of(128, '\0'), ML_OK);
    ML_CHECK_EQUAL(numbered_name_of(129, '\0'), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(numbered_name_of(1, '0'), ML_ERROR_FORMAT);
}

static ml_status recording_of_threads(uint64_t count)
{
    assembly a;

    start(&a, 1);
    define_threads(&a, 0, count - 1);
    define_threads(&a, count - 1, 1);
    return check(&a);
}

static ml_status block_of_threads(uint64_t count)
{
    const uint64_t preamble[] = {0, 10000000, 1, count, count, 0, 1, count, 0, 0, 0};
    assembly a;

    start(&a, 1);
    define_threads(&a, 0, count);
    surgery_preamble(&a.body, preamble, 11);
    repeat(&a, 1 * 2, 1, 1);
    for (uint64_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&a.body.columns, i != 0);
        ml_buffer_put_uv(&a.body.columns, 1);
    }
    surgery_column(&a.body, 3 * 2);
    for (uint64_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&a.body.columns, i != 0);
    }
    surgery_column(&a.body, 4 * 2);
    repeat(&a, 5 * 2, 0, (size_t)count);
    repeat(&a, 6 * 2, 0, 1);
    repeat(&a, 8 * 2 + 1, 1, (size_t)count);
    repeat(&a, 10 * 2, 0, (size_t)count);
    end_chunk(&a, "SAMP");
    return check(&a);
}

ML_TEST(threads_of_a_recording)
{
    ML_CHECK_EQUAL(recording_of_threads(1u << 20), ML_OK);
    ML_CHECK_EQUAL(recording_of_threads((1u << 20) + 1), ML_ERROR_TOO_LARGE);
}

ML_TEST(threads_of_a_block)
{
    ML_CHECK_EQUAL(block_of_threads(65536), ML_OK);
    ML_CHECK_EQUAL(block_of_threads(65537), ML_ERROR_FORMAT);
}

/* ---- chunks ---- */

static ml_status columns_of(uint32_t count)
{
    assembly a;

    start(&a, 1);
    surgery_preamble(&a.body, (const uint64_t[]){1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 12);
    for (uint32_t i = 0; i < count; i++) {
        repeat(&a, (2000 + i) * 2 + 1, 0, 1);
    }
    end_chunk(&a, "DEFS");
    return check(&a);
}

static ml_status preamble_of(size_t bytes)
{
    assembly a;

    start(&a, 1);
    surgery_preamble(&a.body, (const uint64_t[]){1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 12);
    while (a.body.preamble.length < bytes) {
        ml_buffer_put_u8(&a.body.preamble, 0);
    }
    end_chunk(&a, "DEFS");
    return check(&a);
}

/* One column of one byte less than the payload needs for its directory. */
static ml_status payload_of(size_t bytes)
{
    enum { DIRECTORY = 1 + 2 + 4 };
    assembly a;

    start(&a, 1);
    surgery_preamble(&a.body, (const uint64_t[]){1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 12);
    repeat(&a, 2000 * 2 + 1, 0, bytes - DIRECTORY);
    end_chunk(&a, "DEFS");
    return check(&a);
}

ML_TEST(columns_preambles_and_payloads)
{
    ML_CHECK_EQUAL(columns_of(1024), ML_OK);
    ML_CHECK_EQUAL(columns_of(1025), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(preamble_of(4096), ML_OK);
    ML_CHECK_EQUAL(preamble_of(4097), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(payload_of(16 << 20), ML_OK);
    ML_CHECK_EQUAL(payload_of((16 << 20) + 1), ML_ERROR_FORMAT);
}

/* ---- HEAD ---- */

static void head_columns(assembly *a, uint64_t anchor)
{
    ml_buffer_put_u64(&a->body.columns, anchor);
    ml_buffer_put_uv(&a->body.columns, 1);
    surgery_column(&a->body, 3 * 2);
    ml_buffer_put_u64(&a->body.columns, 0);
    ml_buffer_put_uv(&a->body.columns, 0);
    surgery_column(&a->body, 4 * 2);
    repeat(a, 6 * 2, 1000, 1);
    repeat(a, 8 * 2, 1000, 1);
    repeat(a, 9 * 2, 1000, 1);
}

static ml_status arguments_of(size_t count)
{
    assembly a;

    start(&a, 0);
    head_columns(&a, 0);
    repeat(&a, 14 * 2 + 1, 0, count);
    end_chunk(&a, "HEAD");
    return check(&a);
}

/* A block of one slot that begins `before` nanoseconds before the end of all time. */
static ml_status time_of(uint64_t before)
{
    assembly a;

    start(&a, 0);
    head_columns(&a, UINT64_MAX - before);
    end_chunk(&a, "HEAD");
    define_threads(&a, 0, 1);
    surgery_preamble(&a.body, (const uint64_t[]){1000, 1000, 1, 1, 1, 0, 1, 1, 0, 0, 1}, 11);
    repeat(&a, 1 * 2, 1, 1);
    surgery_numbers(&a.body, 3 * 2, (const uint64_t[]){0, 1}, 2);
    repeat(&a, 4 * 2, 0, 1);
    repeat(&a, 5 * 2, 0, 1);
    repeat(&a, 6 * 2, 0, 1);
    repeat(&a, 8 * 2 + 1, 1, 1);
    repeat(&a, 10 * 2, 0, 1);
    end_chunk(&a, "SAMP");
    return check(&a);
}

ML_TEST(arguments_and_times)
{
    ML_CHECK_EQUAL(arguments_of(65536), ML_OK);
    ML_CHECK_EQUAL(arguments_of(65537), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(time_of(2000), ML_OK);
    ML_CHECK_EQUAL(time_of(1999), ML_ERROR_FORMAT);
}

/* ---- files ---- */

static ml_status open_files(const char *path, uint64_t file_bytes, uint64_t journal_bytes,
                            ml_diagnostics *diagnostics)
{
    ml_reader *reader;
    ml_limits limits;
    ml_status status;

    ml_limits_default(&limits);
    limits.file_bytes = file_bytes;
    limits.journal_bytes = journal_bytes;
    status = ml_reader_open(path, &limits, &reader, NULL);
    *diagnostics = (ml_diagnostics){0};
    if (status == ML_OK) {
        *diagnostics = ml_reader_recording(reader, 0)->diagnostics;
    }
    ml_reader_close(reader);
    return status;
}

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *out = fopen(path, "wb");
    size_t written = out == NULL ? 0 : fwrite(bytes, 1, length, out);

    ML_CHECK(out != NULL && fclose(out) == 0);
    ML_CHECK_EQUAL(written, length);
}

/* A journal that is too large is not read, and that is said. */
ML_TEST(files_and_journals)
{
    char folder[] = "/tmp/microlog-limits-XXXXXX";
    fixture_file file = fixture_recording();
    size_t head = 64 + 32 + surgery_find(&file, 0).body_length;
    ml_diagnostics diagnostics;

    ML_CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    write_file("a.mlog", file.bytes, head);
    write_file("a.mlog-journal", file.bytes, 1000);
    ML_CHECK_EQUAL(open_files("a.mlog", head, 1000, &diagnostics), ML_OK);
    ML_CHECK(strstr(diagnostics.first, "a.mlog-journal") == NULL);
    ML_CHECK_EQUAL(open_files("a.mlog", head - 1, 1000, &diagnostics), ML_ERROR_TOO_LARGE);
    ML_CHECK_EQUAL(open_files("a.mlog", head, 999, &diagnostics), ML_OK);
    ML_CHECK(strstr(diagnostics.first, "a.mlog-journal") != NULL);
    unlink("a.mlog");
    unlink("a.mlog-journal");
    rmdir(folder);
    fixture_close(&file);
}
