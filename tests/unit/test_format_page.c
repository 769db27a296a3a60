/* page: what is put into a page comes out of it, whatever the page says; and copies hold what the journal has. */
#include "core/base/os.h"
#include "core/format/page.h"
#include "core/format/rewrite.h"
#include "tests/unit/format_content.h"
#include "tests/unit/format_surgery.h"

static const char before[] = "<!DOCTYPE html>\n<html><!-- mlog base64\nAAAA\n-->\n</html>\n";

static void put_page(ml_buffer *page, const void *bytes, size_t length)
{
    ml_buffer_init(page, 1 << 24);
    ml_buffer_put_text(page, before);
    ml_page_put(page, bytes, length);
}

ML_TEST(what_is_put_is_taken)
{
    fixture_file file = fixture_recording();
    ml_buffer page;
    size_t length;

    put_page(&page, file.bytes, file.length);
    length = page.length;
    ML_CHECK(ml_page_is(page.data, length));
    ML_CHECK(ml_page_carries(page.data, length));
    ML_CHECK(!ml_page_is(file.bytes, file.length));
    ML_CHECK_EQUAL(ml_page_take(page.data, &length), ML_OK);
    ML_CHECK_EQUAL(length, file.length);
    ML_CHECK(memcmp(page.data, file.bytes, length) == 0);
    ml_buffer_release(&page);
    fixture_close(&file);
}

/* One byte less, at every place from the end on: never another recording, never a byte outside. */
ML_TEST(a_page_that_is_cut_anywhere_carries_nothing)
{
    fixture_file file = fixture_recording();
    ml_buffer page;

    put_page(&page, file.bytes, file.length);
    for (size_t cut = page.length - 1; cut > strlen(before); cut--) {
        uint8_t *exact = malloc(cut);
        size_t length = cut;
        memcpy(exact, page.data, cut);
        ML_CHECK(!ml_page_carries(exact, cut));
        ML_CHECK_EQUAL(ml_page_take(exact, &length), ML_ERROR_NOT_FOUND);
        ML_CHECK_EQUAL(length, cut);
        free(exact);
    }
    ml_buffer_release(&page);
    fixture_close(&file);
}

ML_TEST(a_page_is_opened_for_what_it_carries)
{
    fixture_file file = fixture_recording();
    char path[] = "/tmp/microlog-unit-XXXXXX";
    ml_error error = {0};
    ml_reader *reader = NULL;
    ml_buffer page;

    close(mkstemp(path));
    put_page(&page, file.bytes, file.length);
    ML_CHECK_EQUAL(ml_os_write(path, page.data, page.length, &error), ML_OK);
    ML_CHECK_EQUAL(ml_reader_open(path, NULL, &reader, &error), ML_OK);
    ML_CHECK_EQUAL(ml_reader_count(reader), 1);
    ML_CHECK_EQUAL(ml_reader_recording(reader, 0)->bytes, file.length);
    ml_reader_close(reader);

    page.data[page.length - 10] = '!';
    ML_CHECK_EQUAL(ml_os_write(path, page.data, page.length, &error), ML_OK);
    ML_CHECK_EQUAL(ml_reader_open(path, NULL, &reader, &error), ML_ERROR_FORMAT);
    ML_CHECK(strstr(error.text, "the recording that this page carries is damaged") != NULL);
    unlink(path);
    ml_buffer_release(&page);
    fixture_close(&file);
}

ML_TEST(a_copy_is_the_same_bytes_damage_included)
{
    fixture_file file = fixture_recording();
    ml_error error = {0};
    ml_reader *reader;
    ml_buffer out;

    file.bytes[file.length - 3] ^= 1;
    reader = fixture_reader(&file);
    ml_buffer_init(&out, 1 << 20);
    ML_CHECK_EQUAL(ml_rewrite_copy(reader, 0, &out, &error), ML_OK);
    ML_CHECK_EQUAL(out.length, file.length);
    ML_CHECK(memcmp(out.data, file.bytes, file.length) == 0);
    ml_buffer_release(&out);
    ml_buffer_init(&out, 100);
    ML_CHECK_EQUAL(ml_rewrite_copy(reader, 0, &out, &error), ML_ERROR_TOO_LARGE);
    ml_buffer_release(&out);
    ml_reader_close(reader);
    fixture_close(&file);
}
