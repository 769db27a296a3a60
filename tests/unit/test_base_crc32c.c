/* crc32c: the vectors of RFC 3720 appendix B.4, and the ways to cut one checksum into two. */
#include "core/base/crc32c.h"
#include "tests/unit/runner.h"

#include <string.h>

ML_TEST(published_vectors)
{
    uint8_t bytes[32];

    ML_CHECK_EQUAL(ml_crc32c(0, "123456789", 9), 0xe3069283u);
    memset(bytes, 0, sizeof(bytes));
    ML_CHECK_EQUAL(ml_crc32c(0, bytes, sizeof(bytes)), 0x8a9136aau);
    memset(bytes, 0xff, sizeof(bytes));
    ML_CHECK_EQUAL(ml_crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43u);
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    ML_CHECK_EQUAL(ml_crc32c(0, bytes, sizeof(bytes)), 0x46dd794eu);
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(31 - i);
    }
    ML_CHECK_EQUAL(ml_crc32c(0, bytes, sizeof(bytes)), 0x113fdb5cu);
    ML_CHECK_EQUAL(ml_crc32c(0, bytes, 0), 0);
}

ML_TEST(any_cut_gives_the_same_checksum)
{
    uint8_t bytes[67];
    uint32_t whole;

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    whole = ml_crc32c(0, bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        uint32_t first = ml_crc32c(0, bytes, cut);
        ML_CHECK_EQUAL(ml_crc32c(first, bytes + cut, sizeof(bytes) - cut), whole);
    }
}

ML_TEST(every_single_bit_changes_it)
{
    uint8_t bytes[40] = {0};
    uint32_t before = ml_crc32c(0, bytes, sizeof(bytes));

    for (unsigned bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ML_CHECK(ml_crc32c(0, bytes, sizeof(bytes)) != before);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
