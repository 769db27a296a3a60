#include "base64.h"

void base64_encode(char *out, const uint8_t *bytes, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16 | (have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0u) |
                         (have > 2 ? bytes[i + 2] : 0u);
        for (size_t k = 0; k < 4; k++)
            *out++ = k <= have ? letters[group >> (18 - 6 * k) & 63] : '=';
    }
    *out = '\0';
}
