/* text: Unicode's own examples for repair, what a terminal must not see, near misses. */
#include "core/base/text.h"
#include "tests/unit/runner.h"

#include <string.h>

#define BAD "\xef\xbf\xbd"

static void check_repair(const char *bytes, size_t length, const char *expected)
{
    ml_buffer out;

    ml_buffer_init(&out, 1000);
    ml_text_repair(&out, bytes, length);
    ml_buffer_put_u8(&out, 0);
    ML_CHECK_TEXT((const char *)out.data, expected);
    ML_CHECK(ml_text_is_valid(out.data, out.length - 1));
    ML_CHECK_EQUAL(ml_text_is_valid(bytes, length),
                   length == out.length - 1 && memcmp(bytes, out.data, length) == 0);
    ml_buffer_release(&out);
}

#define CHECK_REPAIR(bytes, expected) check_repair(bytes, sizeof(bytes) - 1, expected)

/* Unicode 15, section 3.9, tables 3-8 to 3-11. */
ML_TEST(unicode_examples_of_substitution)
{
    CHECK_REPAIR("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    CHECK_REPAIR("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    CHECK_REPAIR("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", BAD BAD BAD BAD BAD "A" BAD BAD "B");
    CHECK_REPAIR("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", BAD BAD BAD BAD "A");
}

ML_TEST(valid_text_stays)
{
    CHECK_REPAIR("", "");
    CHECK_REPAIR("plain", "plain");
    CHECK_REPAIR("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
                 "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
    CHECK_REPAIR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

ML_TEST(nul_and_cut_sequences_become_the_replacement_character)
{
    CHECK_REPAIR("a\0b", "a" BAD "b");
    CHECK_REPAIR("a\xe2\x82", "a" BAD);
    CHECK_REPAIR("\xf0\x9f\x98", BAD);
    CHECK_REPAIR("\x80", BAD);
}

static void check_escape(const char *bytes, size_t length, const char *expected)
{
    ml_buffer out;

    ml_buffer_init(&out, 1000);
    ml_text_escape(&out, bytes, length);
    ml_buffer_put_u8(&out, 0);
    ML_CHECK_TEXT((const char *)out.data, expected);
    ml_buffer_release(&out);
}

ML_TEST(nothing_that_steers_a_terminal_gets_through)
{
    check_escape("a\x1b[31mred\n\t\x7f", 11, "a\\x1b[31mred\\n\\t");
    check_escape("\x7f\0\r", 3, "\\x7f\\x00\\x0d");
    check_escape("\xc2\x9b"
                 "31m\xc2\xa0",
                 7, "\\x9b31m\xc2\xa0");
    check_escape("a\xe2\x80\xae"
                 "b",
                 5, "a\\u202eb");
    check_escape("\xff\xe2\x82", 3, "\\xff\\xe2\\x82");
    check_escape("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
}

ML_TEST(the_nearest_name)
{
    static const char *const names[] = {"html", "json", "ndjson", "text", "memleak"};
    char giant[100];

    ML_CHECK_TEXT(ml_text_nearest("jsno", names, 5), NULL); /* two edits of four letters */
    ML_CHECK_TEXT(ml_text_nearest("jso", names, 5), "json");
    ML_CHECK_TEXT(ml_text_nearest("memlaek", names, 5), "memleak");
    ML_CHECK_TEXT(ml_text_nearest("xyz", names, 5), NULL);
    ML_CHECK_TEXT(ml_text_nearest("html", names, 5), "html");
    ML_CHECK_TEXT(ml_text_nearest("", names, 5), NULL);
    memset(giant, 'h', sizeof(giant) - 1);
    giant[sizeof(giant) - 1] = '\0';
    ML_CHECK_TEXT(ml_text_nearest(giant, names, 5), NULL);
}
