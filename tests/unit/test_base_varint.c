/* varint: the numbers at the edges, and bytes that are no number. */
#include "core/base/varint.h"
#include "tests/unit/runner.h"

#include <string.h>

static void check_number(uint64_t value, size_t length)
{
    uint8_t bytes[ML_VARINT_MAX];
    uint64_t back = ~value;

    ML_CHECK_EQUAL(ml_varint_encode(bytes, value), length);
    ML_CHECK(ml_varint_decode(bytes, bytes + length, &back) == bytes + length);
    ML_CHECK_EQUAL(back, value);
    ML_CHECK(ml_varint_decode(bytes, bytes + length - 1, &back) == NULL);
    ML_CHECK_EQUAL(back, 0);
}

ML_TEST(numbers_at_every_change_of_length)
{
    check_number(0, 1);
    for (unsigned bits = 7; bits < 64; bits += 7) {
        check_number((UINT64_C(1) << bits) - 1, bits / 7);
        check_number(UINT64_C(1) << bits, bits / 7 + 1);
    }
    check_number(UINT64_MAX, 10);
}

ML_TEST(more_than_64_bits_is_no_number)
{
    uint8_t bytes[12];
    uint64_t value;

    memset(bytes, 0xff, sizeof(bytes));
    ML_CHECK(ml_varint_decode(bytes, bytes + sizeof(bytes), &value) == NULL);
    bytes[9] = 2; /* 2^64 */
    ML_CHECK(ml_varint_decode(bytes, bytes + sizeof(bytes), &value) == NULL);
    bytes[9] = 1;
    ML_CHECK(ml_varint_decode(bytes, bytes + sizeof(bytes), &value) == bytes + 10);
    ML_CHECK_EQUAL(value, UINT64_MAX);
    ML_CHECK(ml_varint_decode(bytes, bytes, &value) == NULL);
}

ML_TEST(zigzag_keeps_signs_and_small_numbers_small)
{
    const int64_t values[] = {0, -1, 1, -2, 63, -64, INT64_MAX, INT64_MIN};

    ML_CHECK_EQUAL(ml_zigzag_encode(0), 0);
    ML_CHECK_EQUAL(ml_zigzag_encode(-1), 1);
    ML_CHECK_EQUAL(ml_zigzag_encode(1), 2);
    ML_CHECK_EQUAL(ml_zigzag_encode(INT64_MIN), UINT64_MAX);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        ML_CHECK_EQUAL(ml_zigzag_decode(ml_zigzag_encode(values[i])), values[i]);
    }
}
