/* base64: the vectors of RFC 4648 section 10, every length, and what is not such text. */
#include "core/base/base64.h"
#include "tests/unit/runner.h"

#include <string.h>

static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

ML_TEST(published_vectors)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        ml_buffer text;
        uint8_t bytes[8];
        size_t length;
        ml_buffer_init(&text, 100);
        ml_base64_put(&text, vectors[i][0], strlen(vectors[i][0]));
        ML_CHECK_EQUAL(text.length, strlen(vectors[i][1]));
        ML_CHECK(text.length == 0 || memcmp(text.data, vectors[i][1], text.length) == 0);
        ML_CHECK_EQUAL(ml_base64_decode(bytes, vectors[i][1], strlen(vectors[i][1]), &length),
                       ML_OK);
        ML_CHECK_EQUAL(length, strlen(vectors[i][0]));
        ML_CHECK(memcmp(bytes, vectors[i][0], length) == 0);
        ml_buffer_release(&text);
    }
}

ML_TEST(bytes_of_any_length_come_back_in_the_same_place)
{
    uint8_t bytes[256];

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 151 + 7);
    }
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        ml_buffer text;
        size_t decoded;
        ml_buffer_init(&text, 1000);
        ml_base64_put(&text, bytes, length);
        ML_CHECK_EQUAL(text.length, (length + 2) / 3 * 4);
        ML_CHECK_EQUAL(ml_base64_decode(text.data, (const char *)text.data, text.length, &decoded),
                       ML_OK);
        ML_CHECK_EQUAL(decoded, length);
        ML_CHECK(length == 0 || memcmp(text.data, bytes, length) == 0);
        ml_buffer_release(&text);
    }
}

ML_TEST(other_text_is_refused)
{
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",   "Zg==Zg==",  "Z===",   "====",
                                      "Zg=a", "Zh==", "Zm9=",  "Zm9v\n",    "Zm 9",   "Zm9-",
                                      "Zm9_", "=Zm9", "Zm9vY", "Zm9vYg=\0", "\377m9v"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t bytes[16];
        size_t length;
        ML_CHECK_EQUAL(ml_base64_decode(bytes, bad[i], strlen(bad[i]), &length), ML_ERROR_FORMAT);
    }
}
