/* sRCe: what is told of source files comes back, and what cannot be true is refused. */
#include "core/format/rewrite.h"
#include "tests/unit/format_surgery.h"

enum { FILES = 3 };

static const char *const names[FILES] = {"/srv/app/main.py", "library.py", "<string>"};

/* A sealed recording of code from three files and from none. */
static ml_writer *sealed_writer(fixture_file *file)
{
    ml_writer *writer = fixture_writer(file, NULL);
    uint32_t node = 0;

    for (uint32_t i = 0; i <= FILES; i++) {
        const char *name = i < FILES ? names[i] : "native";
        uint32_t text = ml_writer_string(writer, name, strlen(name));
        uint32_t code =
            ml_writer_code(writer, text, text, 1, 0, i < FILES ? 0 : ML_MLOG_CODE_SYNTHETIC);
        node = ml_writer_node(writer, node, code, 1);
    }
    ml_writer_tick(writer, 1);
    ml_writer_sample(writer, ml_writer_thread(writer, 1, 1, 0, 0, 1), node, 1000, 1);
    ML_CHECK_EQUAL(ml_writer_seal(writer, 20000000, FIXTURE_WALL), ML_OK);
    return writer;
}

static void end(ml_writer *writer, fixture_file *file)
{
    ML_CHECK_EQUAL(ml_writer_close(writer, 30000000, FIXTURE_WALL), ML_OK);
    fixture_load(file);
}

static ml_source source_of(uint32_t file)
{
    ml_source source = {.file = file, .size = UINT64_MAX - file, .mtime_ns = INT64_MIN + file};

    for (unsigned i = 0; i < sizeof(source.sha256); i++) {
        source.sha256[i] = (uint8_t)(i + file);
    }
    return source;
}

/* Tells of the first and the third file. */
static void tell(ml_writer *writer)
{
    ml_source sources[2];
    const char *name = NULL;
    size_t length = 0;
    uint32_t file = ml_writer_next_file(writer, 0, &name, &length);

    sources[0] = source_of(file);
    file = ml_writer_next_file(writer, file, &name, &length);
    sources[1] = source_of(ml_writer_next_file(writer, file, &name, &length));
    ML_CHECK_EQUAL(ml_writer_sources(writer, sources, 2, 5, UINT64_MAX), ML_OK);
}

static fixture_file told_recording(void)
{
    fixture_file file;
    ml_writer *writer = sealed_writer(&file);

    tell(writer);
    end(writer, &file);
    return file;
}

static void check_told(const ml_reader *reader)
{
    const ml_recording *recording = ml_reader_recording(reader, 0);
    const ml_sources_told *told = &recording->sources;

    ML_CHECK_EQUAL(told->is_told, 1);
    ML_CHECK_EQUAL(told->count, 2);
    ML_CHECK_EQUAL(told->unreadable, 5);
    ML_CHECK_EQUAL(told->left_out, UINT64_MAX);
    for (uint32_t i = 0; i < told->count; i++) {
        ml_source expected = source_of(told->source[i].file);
        const char *name = names[2 * i];
        ML_CHECK_EQUAL(recording->tables.string_length[expected.file], strlen(name));
        ML_CHECK(memcmp(recording->tables.string[expected.file], name, strlen(name)) == 0);
        ML_CHECK_EQUAL(told->source[i].size, expected.size);
        ML_CHECK_EQUAL(told->source[i].mtime_ns, expected.mtime_ns);
        ML_CHECK(memcmp(told->source[i].sha256, expected.sha256, sizeof(expected.sha256)) == 0);
    }
}

ML_TEST(what_is_told_comes_back)
{
    fixture_file file = told_recording();
    ml_reader *reader = fixture_reader(&file);

    check_told(reader);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.clean_end, 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->diagnostics.unknown_ancillary, 0);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(it_is_kept_when_a_recording_is_written_again)
{
    fixture_file file = told_recording();
    ml_reader *reader = fixture_reader(&file);

    for (int level = 0; level <= ML_REWRITE_LEVEL; level += ML_REWRITE_LEVEL) {
        ml_rewrite_result result = {0};
        ml_error error = {0};
        ml_reader *again;
        ml_buffer out;
        ml_buffer_init(&out, 1 << 26);
        ML_CHECK_EQUAL(ml_rewrite(reader, 0, level, &out, &result, &error), ML_OK);
        again = surgery_open(&out, &error);
        ML_CHECK(again != NULL);
        check_told(again);
        ml_reader_close(again);
        ml_buffer_release(&out);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(only_files_of_code_are_listed)
{
    fixture_file file;
    ml_writer *writer = sealed_writer(&file);
    const char *name = NULL;
    size_t length = 0;
    uint32_t at = 0;

    for (uint32_t i = 0; i < FILES; i++) {
        at = ml_writer_next_file(writer, at, &name, &length);
        ML_CHECK_EQUAL(length, strlen(names[i]));
        ML_CHECK(memcmp(name, names[i], length) == 0);
    }
    ML_CHECK_EQUAL(ml_writer_next_file(writer, at, &name, &length), 0);
    end(writer, &file);
    fixture_close(&file);
}

ML_TEST(names_must_be_in_the_file_and_in_order)
{
    fixture_file file;
    ml_writer *writer = sealed_writer(&file);
    ml_source none = source_of(0);
    ml_source twice[2] = {source_of(1), source_of(1)};
    ml_source unsealed = source_of(ml_writer_string(writer, "later", 5));

    ML_CHECK_EQUAL(ml_writer_sources(writer, &none, 1, 0, 0), ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_writer_sources(writer, twice, 2, 0, 0), ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(ml_writer_sources(writer, &unsealed, 1, 0, 0), ML_ERROR_ARGUMENT);
    end(writer, &file);
    fixture_close(&file);
}

/* ---- by hand ---- */

typedef struct sketch {
    uint64_t count;      /* as the preamble says */
    uint64_t steps[3];   /* of column 1 */
    size_t files, bytes; /* values of columns 1 to 3, bytes of column 4 */
    uint32_t chunks;     /* how often it stands there */
    uint32_t limit;      /* of files; 0: the default */
} sketch;

/* Is the recording of two strings with such a chunk read with it, without it, or not at all? */
static int is_taken(const sketch *made)
{
    fixture_file file = told_recording();
    ml_limits limits;
    ml_reader *reader = NULL;
    ml_buffer bytes;
    const ml_recording *recording;
    int taken;

    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 3; i++) { /* HEAD DEFS SAMP */
        surgery_chunk chunk = surgery_find(&file, i);
        surgery_put(&bytes, &chunk);
    }
    for (uint32_t i = 0; i < made->chunks; i++) {
        const uint64_t zeros[3] = {0};
        surgery_body body;
        surgery_chunk chunk;
        surgery_body_init(&body);
        surgery_preamble(&body, &made->count, 1);
        surgery_numbers(&body, 2, made->steps, made->files);
        surgery_numbers(&body, 4, zeros, made->files);
        surgery_numbers(&body, 6, zeros, made->files);
        for (size_t k = 0; k < made->bytes; k++) {
            ml_buffer_put_u8(&body.columns, (uint8_t)k);
        }
        surgery_column(&body, 8);
        chunk = surgery_finish(&body, "sRCe", 3 + i);
        surgery_put(&bytes, &chunk);
        surgery_body_release(&body);
    }
    ml_limits_default(&limits);
    limits.sources = made->limit != 0 ? made->limit : limits.sources;
    ML_CHECK_EQUAL(ml_reader_open_memory(bytes.data, bytes.length, "made", &limits, &reader, NULL),
                   ML_OK);
    recording = ml_reader_recording(reader, 0);
    ML_CHECK_EQUAL(recording->chunk_count, 1); /* the rest is read in any case */
    taken = recording->diagnostics.damaged_chunks == 0;
    ML_CHECK(made->chunks != 1 || recording->sources.is_told == taken);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
    return taken;
}

ML_TEST(what_cannot_be_true_is_refused)
{
    /* Strings 0 to 4 are defined. */
    const sketch right = {2, {1, 3, 0}, 2, 64, 1, 0};
    sketch wrong[10];

    ML_CHECK(is_taken(&right));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        wrong[i] = right;
    }
    wrong[0].steps[0] = 0; /* the empty string */
    wrong[1].steps[1] = 0; /* the same again */
    wrong[2].steps[1] = 4; /* not defined */
    wrong[3].steps[1] = UINT64_MAX;
    wrong[4].bytes = 63;
    wrong[5].bytes = 65;
    wrong[6].count = 1;
    wrong[7].count = 3;
    wrong[8].chunks = 2;
    wrong[9].count = UINT64_MAX;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ML_CHECK_EQUAL(is_taken(&wrong[i]), 0);
    }
}

ML_TEST(the_limit_from_both_sides)
{
    sketch made = {2, {1, 3, 0}, 2, 64, 1, 2};

    ML_CHECK(is_taken(&made));
    made.limit = 1;
    ML_CHECK(!is_taken(&made));
}
