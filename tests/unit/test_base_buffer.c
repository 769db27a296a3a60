/* buffer: byte order, the sticky error at the limit, and no growth after a reservation. */
#include "core/base/buffer.h"
#include "tests/unit/runner.h"

#include <string.h>

ML_TEST(numbers_are_little_endian)
{
    static const uint8_t expected[] = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0xef,
                                       0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0xe5,
                                       0x8e, 0x26, 0x03, 'o',  'k',  '7'};
    ml_buffer buffer;

    ml_buffer_init(&buffer, 1000);
    ml_buffer_put_u8(&buffer, 1);
    ml_buffer_put_u16(&buffer, 0x0203);
    ml_buffer_put_u32(&buffer, 0x04050607);
    ml_buffer_put_u64(&buffer, UINT64_C(0x0123456789abcdef));
    ml_buffer_put_uv(&buffer, 624485);
    ml_buffer_put_sv(&buffer, -2);
    ml_buffer_put_text(&buffer, "ok");
    ml_buffer_put_format(&buffer, "%d", 7);
    ML_CHECK_EQUAL(buffer.status, ML_OK);
    ML_CHECK_EQUAL(buffer.length, sizeof(expected));
    ML_CHECK(memcmp(buffer.data, expected, sizeof(expected)) == 0);
    ml_buffer_release(&buffer);
}

ML_TEST(beyond_the_limit_nothing_is_written_and_the_error_stays)
{
    ml_buffer buffer;

    ml_buffer_init(&buffer, 4);
    ml_buffer_put_text(&buffer, "abc");
    ml_buffer_put_text(&buffer, "de");
    ML_CHECK_EQUAL(buffer.status, ML_ERROR_TOO_LARGE);
    ml_buffer_put_text(&buffer, "d");
    ML_CHECK_EQUAL(buffer.length, 3);
    ML_CHECK_EQUAL(buffer.status, ML_ERROR_TOO_LARGE);
    ml_buffer_clear(&buffer);
    ml_buffer_put_text(&buffer, "abcd");
    ML_CHECK_EQUAL(buffer.status, ML_OK);
    ML_CHECK_EQUAL(buffer.length, 4);
    ml_buffer_release(&buffer);
}

ML_TEST(a_reserved_buffer_does_not_move)
{
    ml_buffer buffer;
    const uint8_t *data;

    ml_buffer_init(&buffer, 10000);
    ML_CHECK_EQUAL(ml_buffer_reserve(&buffer, 10000), ML_OK);
    data = buffer.data;
    for (int i = 0; i < 10000; i++) {
        ml_buffer_put_u8(&buffer, (uint8_t)i);
    }
    ML_CHECK(buffer.data == data);
    ML_CHECK_EQUAL(buffer.length, 10000);
    ML_CHECK_EQUAL(ml_buffer_reserve(&buffer, 10001), ML_ERROR_TOO_LARGE);
    ml_buffer_release(&buffer);
}
