#include "core/base/varint.h"

size_t ml_varint_encode(uint8_t *out, uint64_t value)
{
    size_t length = 0;

    while (value >= 0x80) {
        out[length++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[length++] = (uint8_t)value;
    return length;
}

const uint8_t *ml_varint_decode(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    uint64_t result = 0;

    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;
        if (at == end) {
            return NULL;
        }
        byte = *at++;
        /* The tenth byte holds bit 63 only. */
        if (shift == 63 && byte > 1) {
            return NULL;
        }
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            return at;
        }
    }
    return NULL;
}
