/* Damaged files: cut anywhere, flipped anywhere, chunks lost. What is read is right, and what is
 * missing is said. */
#include "core/format/dump.h"
#include "tests/unit/format_surgery.h"

/* ---- everything that a reader gives back, as one text per chunk and table ---- */

static ml_status collect(void *context, const void *bytes, size_t length)
{
    ml_buffer_put(context, bytes, length);
    return ML_OK;
}

static void show(const ml_reader *reader, const char *table, ml_buffer *out)
{
    ml_dump_options options = {ML_DUMP_NDJSON, table};
    ml_dump_sink sink = {collect, out};

    ml_buffer_init(out, 1 << 24);
    ML_CHECK(ml_dump(reader, &options, &sink, NULL) != ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(out->status, ML_OK);
}

static int is_prefix(const ml_buffer *part, const ml_buffer *whole)
{
    return part->length == 0 ||
           (part->length <= whole->length && memcmp(part->data, whole->data, part->length) == 0);
}

static int is_equal(const ml_buffer *part, const ml_buffer *whole)
{
    return part->length == whole->length && is_prefix(part, whole);
}

static const char *const shown[] = {"strings", "codes", "frames", "nodes",
                                    "threads", "kinds", "runs",   "events"};
enum { SHOWN = sizeof(shown) / sizeof(shown[0]) };

static int is_perfect(const ml_reader *reader)
{
    const ml_diagnostics *d = &ml_reader_recording(reader, 0)->diagnostics;

    return d->clean_end && !d->damaged_header && d->torn_bytes == 0 && d->damaged_chunks == 0 &&
           d->missing_chunks == 0 && d->unusable_definitions == 0 && d->unknown_critical == 0 &&
           d->unknown_ancillary == 0 && d->first[0] == '\0' && ml_reader_count(reader) == 1;
}

/* Reads `length` bytes of a file; everything must be a prefix of the whole file's. Returns 1 if the
 * reader finds nothing wrong. */
static int check_prefix(const uint8_t *bytes, size_t length, const ml_buffer whole[SHOWN])
{
    uint8_t *copy = malloc(length == 0 ? 1 : length); /* of exact size: reading beyond it is seen */
    ml_reader *reader = NULL;
    ml_error error = {0};
    int perfect = 0;

    memcpy(copy, bytes, length);
    if (ml_reader_open_memory(copy, length, "cut", NULL, &reader, &error) == ML_OK) {
        for (unsigned i = 0; i < SHOWN; i++) {
            ml_buffer part;
            show(reader, shown[i], &part);
            ML_CHECK(is_prefix(&part, &whole[i]));
            ml_buffer_release(&part);
        }
        perfect = is_perfect(reader);
    } else {
        ML_CHECK(strlen(error.text) > 10);
    }
    ml_reader_close(reader);
    free(copy);
    return perfect;
}

ML_TEST(a_file_cut_at_any_byte_gives_a_prefix)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    ml_buffer whole[SHOWN];

    ML_CHECK(is_perfect(reader));
    for (unsigned i = 0; i < SHOWN; i++) {
        show(reader, shown[i], &whole[i]);
    }
    for (size_t length = 0; length < file.length; length++) {
        ML_CHECK(!check_prefix(file.bytes, length, whole));
    }
    ML_CHECK(check_prefix(file.bytes, file.length, whole));
    for (unsigned i = 0; i < SHOWN; i++) {
        ml_buffer_release(&whole[i]);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Every line that a damaged file gives must be a line of the whole one, or say that a chunk cannot
 * be read. */
static int are_lines_of(const ml_buffer *part, const ml_buffer *whole)
{
    const uint8_t *at = part->data;
    const uint8_t *end = part->data + part->length;

    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)(newline - at) + 1;
        if (memmem(at, length, "{\"record\":\"error\"", 17) == NULL &&
            memmem(whole->data, whole->length, at, length) == NULL) {
            return 0;
        }
        at = newline + 1;
    }
    return 1;
}

/* Chunk numbers differ when one is lost: they are taken out before comparing. */
static void show_without_numbers(const ml_reader *reader, const char *table, ml_buffer *out)
{
    uint8_t *at;

    show(reader, table, out);
    at = out->data;
    while (out->length != 0 &&
           (at = memmem(at, (size_t)(out->data + out->length - at), "\"chunk\":", 8)) != NULL) {
        for (at += 8; *at >= '0' && *at <= '9'; at++) {
            *at = 'n';
        }
    }
}

static void check_flip(const fixture_file *file, size_t byte, unsigned bit,
                       const ml_buffer whole[SHOWN])
{
    ml_reader *reader = NULL;
    int equal = 1;

    file->bytes[byte] ^= (uint8_t)(1u << bit);
    if (ml_reader_open_memory(file->bytes, file->length, "flipped", NULL, &reader, NULL) == ML_OK) {
        for (unsigned i = 0; i < SHOWN; i++) {
            ml_buffer part;
            show_without_numbers(reader, shown[i], &part);
            equal = equal && is_equal(&part, &whole[i]);
            ML_CHECK(are_lines_of(&part, &whole[i]));
            ml_buffer_release(&part);
        }
        ML_CHECK(equal || !is_perfect(reader));
    }
    ml_reader_close(reader);
    file->bytes[byte] ^= (uint8_t)(1u << bit);
}

ML_TEST(a_flipped_bit_is_detected_or_harmless)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    ml_buffer whole[SHOWN];

    for (unsigned i = 0; i < SHOWN; i++) {
        show_without_numbers(reader, shown[i], &whole[i]);
    }
    for (size_t byte = 0; byte < file.length; byte++) {
        check_flip(&file, byte, (unsigned)(byte * 5 % 8), whole);
    }
    for (unsigned i = 0; i < SHOWN; i++) {
        ml_buffer_release(&whole[i]);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

/* ---- chunks lost or out of place ---- */

/* The recording without its `lost`-th chunk. */
static ml_reader *without(const fixture_file *file, uint32_t lost, ml_buffer *bytes)
{
    ml_error error;

    ml_buffer_init(bytes, 1 << 20);
    ml_buffer_put(bytes, file->bytes, 64);
    for (uint32_t i = 0; i < 11; i++) { /* HEAD, three times DEFS SAMP EVNT, dONE */
        surgery_chunk chunk = surgery_find(file, i);
        ML_CHECK_EQUAL(chunk.sequence, i);
        if (i != lost) {
            surgery_put(bytes, &chunk);
        }
    }
    return surgery_open(bytes, &error);
}

static uint32_t readable(const ml_reader *reader)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    uint32_t count = 0;

    for (size_t i = 0; i < recording->chunk_count; i++) {
        ml_arena arena;
        ml_runs runs;
        ml_events events;
        ml_error error = {0};
        ml_status status;
        ml_arena_init(&arena, 0);
        status = recording->chunks[i].ticks != 0
                     ? ml_read_runs(reader, recording, i, &arena, &runs, &error)
                     : ml_read_events(reader, recording, i, &arena, &events, &error);
        ML_CHECK_EQUAL(status, error.status);
        count += status == ML_OK;
        ml_arena_release(&arena);
    }
    return count;
}

ML_TEST(lost_chunks_are_counted)
{
    fixture_file file = fixture_recording();

    for (uint32_t lost = 1; lost < 11; lost++) {
        ml_buffer bytes;
        ml_reader *reader = without(&file, lost, &bytes);
        const ml_diagnostics *d = &ml_reader_recording(reader, 0)->diagnostics;
        int definitions = lost % 3 == 1 && lost < 10;
        ML_CHECK_EQUAL(d->missing_chunks, lost != 10);
        ML_CHECK_EQUAL(d->clean_end, 0);
        /* Blocks stay readable as far as their definitions are known. */
        ML_CHECK_EQUAL(d->unusable_definitions, definitions ? 2 - lost / 3 : 0);
        ML_CHECK_EQUAL(readable(reader), definitions ? lost / 3 * 2 : lost == 10 ? 6 : 5);
        ml_reader_close(reader);
        ml_buffer_release(&bytes);
    }
    fixture_close(&file);
}

ML_TEST(without_head_nothing_can_be_read)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes;
    ml_error error;

    ML_CHECK(without(&file, 0, &bytes) == NULL);
    ML_CHECK(surgery_open(&bytes, &error) == NULL);
    ML_CHECK_EQUAL(error.status, ML_ERROR_FORMAT);
    ML_CHECK(strstr(error.text, "HEAD") != NULL);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}

ML_TEST(a_chunk_that_comes_twice_counts_once)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes;
    ml_error error;
    ml_reader *reader;

    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 22; i++) {
        surgery_chunk chunk = surgery_find(&file, i / 2);
        surgery_put(&bytes, &chunk);
    }
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 6);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.damaged_chunks, 11);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}

ML_TEST(garbage_between_chunks_is_stepped_over)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes;
    ml_error error;
    ml_reader *reader;

    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 11; i++) {
        surgery_chunk chunk = surgery_find(&file, i);
        if (i == 4) { /* a chunk that was cut by a full disk, then a false sync */
            ml_buffer_put(&bytes, chunk.bytes - 32, 45);
            ml_buffer_put(&bytes, ML_MLOG_SYNC, 4);
        }
        surgery_put(&bytes, &chunk);
    }
    ml_buffer_put_text(&bytes, "tail");
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->chunk_count, 6);
    ML_CHECK_EQUAL(readable(reader), 6);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.damaged_chunks, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.missing_chunks, 0);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.torn_bytes, 4);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}

ML_TEST(a_damaged_recording_does_not_hide_the_next)
{
    fixture_file one = fixture_recording();
    fixture_file two = {
        .descriptor = -1, .length = one.length * 2, .bytes = malloc(one.length * 2)};
    ml_reader *reader;

    memcpy(two.bytes, one.bytes, one.length);
    memcpy(two.bytes + one.length, one.bytes, one.length);
    two.bytes[64 + 40] ^= 1; /* HEAD of the first */
    reader = fixture_reader(&two);
    ML_CHECK_EQUAL(ml_reader_count(reader), 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->file_offset, one.length);
    ML_CHECK(strstr(ml_reader_recording(reader, 0)->diagnostics.first, "another recording") !=
             NULL);
    ml_reader_close(reader);
    two.bytes[64 + 40] ^= 1;
    two.bytes[one.length - 3] ^= 1; /* the trailer of the first */
    reader = fixture_reader(&two);
    ML_CHECK_EQUAL(ml_reader_count(reader), 2);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.clean_end, 0);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 1)->diagnostics.clean_end, 1);
    ml_reader_close(reader);
    free(two.bytes);
    fixture_close(&one);
}
