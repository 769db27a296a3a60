/* dump: what it refuses, what it forwards, and that nothing raw reaches a terminal. */
#include "core/format/dump.h"
#include "tests/unit/format_surgery.h"

static ml_status collect(void *context, const void *bytes, size_t length)
{
    ml_buffer_put(context, bytes, length);
    return ML_OK;
}

static ml_status refuse(void *context, const void *bytes, size_t length)
{
    (void)bytes;
    (void)length;
    ++*(int *)context;
    return ML_ERROR_IO;
}

static ml_status dump_into(const ml_reader *reader, int format, const char *table, ml_buffer *out,
                           ml_error *error)
{
    ml_dump_options options = {format, table};
    ml_dump_sink sink = {collect, out};
    ml_status status;

    ml_buffer_init(out, 1 << 20);
    *error = (ml_error){0};
    status = ml_dump(reader, &options, &sink, error);
    ml_buffer_put_u8(out, 0);
    return status;
}

ML_TEST(unknown_tables_and_formats_are_refused)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    ml_buffer out;
    ml_error error;

    ML_CHECK_EQUAL(dump_into(reader, ML_DUMP_TEXT, "heads", &out, &error), ML_ERROR_ARGUMENT);
    ML_CHECK(strstr(error.text, "heads") != NULL);
    ml_buffer_release(&out);
    ML_CHECK_EQUAL(dump_into(reader, 2, NULL, &out, &error), ML_ERROR_ARGUMENT);
    ML_CHECK_EQUAL(out.length, 1);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(every_table_can_be_had_alone)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    size_t total = 0;
    ml_buffer out;
    ml_error error;

    for (size_t i = 0; ml_dump_tables[i] != NULL; i++) {
        ML_CHECK_EQUAL(dump_into(reader, ML_DUMP_NDJSON, ml_dump_tables[i], &out, &error), ML_OK);
        ML_CHECK(out.length > 20 || strcmp(ml_dump_tables[i], "gaps") == 0 ||
                 strcmp(ml_dump_tables[i], "sources") == 0);
        total += out.length - 1;
        ml_buffer_release(&out);
    }
    ML_CHECK_EQUAL(dump_into(reader, ML_DUMP_NDJSON, NULL, &out, &error), ML_OK);
    ML_CHECK_EQUAL(out.length - 1, total);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(a_sink_that_fails_ends_the_dump)
{
    fixture_file file = fixture_recording();
    ml_reader *reader = fixture_reader(&file);
    int calls = 0;
    ml_dump_options options = {ML_DUMP_TEXT, NULL};
    ml_dump_sink sink = {refuse, &calls};

    ML_CHECK_EQUAL(ml_dump(reader, &options, &sink, NULL), ML_ERROR_IO);
    ML_CHECK_EQUAL(calls, 1);
    ml_reader_close(reader);
    fixture_close(&file);
}

ML_TEST(names_cannot_steer_a_terminal)
{
    static const char *const texts[] = {"\x1b[2J\x1b]0;title\x07\r",
                                        "\xc2\x9b"
                                        "31m",
                                        "\xff\x80"};
    fixture_file file;
    ml_writer *writer = fixture_writer(&file, NULL);
    ml_reader *reader;
    ml_buffer out;
    ml_error error;

    for (size_t i = 0; i < 3; i++) {
        uint32_t node = ml_writer_node(writer, 0, fixture_code(writer, texts[i], 1), 1);
        fixture_print(writer, 1000 * i,
                      ml_writer_thread(writer, 1, 1, fixture_string(writer, texts[i]), 0, 0), node,
                      texts[i]);
    }
    ML_CHECK_EQUAL(ml_writer_close(writer, 1, FIXTURE_WALL), ML_OK);
    fixture_load(&file);
    reader = fixture_reader(&file);
    for (int format = ML_DUMP_TEXT; format <= ML_DUMP_NDJSON; format++) {
        ML_CHECK_EQUAL(dump_into(reader, format, NULL, &out, &error), ML_OK);
        for (size_t i = 0; i + 1 < out.length; i++) {
            ML_CHECK((out.data[i] >= 0x20 || out.data[i] == '\n') && out.data[i] != 0xff);
        }
        ML_CHECK(format != ML_DUMP_TEXT || strstr((const char *)out.data, "\xc2\x9b") == NULL);
        ml_buffer_release(&out);
    }
    ml_reader_close(reader);
    fixture_close(&file);
}

/* Samples whose definitions are lost: said in their place, and the rest follows. */
ML_TEST(an_unreadable_chunk_does_not_hide_the_others)
{
    fixture_file file = fixture_recording();
    ml_buffer bytes;
    ml_buffer out;
    ml_reader *reader;
    ml_error error;

    ml_buffer_init(&bytes, 1 << 20);
    ml_buffer_put(&bytes, file.bytes, 64);
    for (uint32_t i = 0; i < 11; i++) {
        surgery_chunk chunk = surgery_find(&file, i);
        if (i != 4) {
            surgery_put(&bytes, &chunk);
        }
    }
    reader = surgery_open(&bytes, &error);
    ML_CHECK(reader != NULL);
    ML_CHECK_EQUAL(dump_into(reader, ML_DUMP_NDJSON, NULL, &out, &error), ML_ERROR_FORMAT);
    ML_CHECK_TEXT(error.text, "4 chunks could not be read");
    ML_CHECK(strstr((const char *)out.data, "\"record\":\"error\"") != NULL);
    ML_CHECK(strstr((const char *)out.data, "\"record\":\"run\"") != NULL);
    ml_buffer_release(&out);
    ML_CHECK_EQUAL(dump_into(reader, ML_DUMP_TEXT, "runs", &out, &error), ML_ERROR_FORMAT);
    ML_CHECK(strstr((const char *)out.data, "cannot be read: chunk 5 (samples)") != NULL);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    ml_buffer_release(&bytes);
    fixture_close(&file);
}
