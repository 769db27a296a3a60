#include "core/base/base64.h"

void ml_base64_put(ml_buffer *out, const void *bytes, size_t length)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *from = bytes;

    for (size_t i = 0; i < length; i += 3) {
        size_t rest = length - i;
        uint32_t group = (uint32_t)from[i] << 16;
        char four[4];

        group |= rest > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= rest > 2 ? (uint32_t)from[i + 2] : 0;
        four[0] = alphabet[group >> 18];
        four[1] = alphabet[group >> 12 & 63];
        four[2] = (char)(rest > 1 ? alphabet[group >> 6 & 63] : '=');
        four[3] = (char)(rest > 2 ? alphabet[group & 63] : '=');
        ml_buffer_put(out, four, sizeof(four));
    }
}

enum { NO_DIGIT = 64 };

static uint32_t digit_of(char character)
{
    return character >= 'A' && character <= 'Z'   ? (uint32_t)(character - 'A')
           : character >= 'a' && character <= 'z' ? (uint32_t)(character - 'a') + 26
           : character >= '0' && character <= '9' ? (uint32_t)(character - '0') + 52
           : character == '+'                     ? 62
           : character == '/'                     ? 63
                                                  : NO_DIGIT;
}

/* Four characters of which the last `padding` are '='. What padding leaves of the last byte has to be zero. */
static ml_status decode_group(uint8_t *out, const char *text, size_t padding)
{
    uint32_t group = 0;

    for (size_t i = 0; i < 4 - padding; i++) {
        uint32_t digit = digit_of(text[i]);
        if (digit == NO_DIGIT) {
            return ML_ERROR_FORMAT;
        }
        group |= digit << (18 - 6 * i);
    }
    if ((group & ((1u << (8 * padding)) - 1)) != 0) {
        return ML_ERROR_FORMAT;
    }
    for (size_t i = 0; i < 3 - padding; i++) {
        out[i] = (uint8_t)(group >> (16 - 8 * i));
    }
    return ML_OK;
}

ml_status ml_base64_decode(uint8_t *out, const char *text, size_t length, size_t *decoded)
{
    size_t padding = length < 4 ? 0 : text[length - 1] != '=' ? 0 : text[length - 2] != '=' ? 1 : 2;

    *decoded = 0;
    if (length % 4 != 0) {
        return ML_ERROR_FORMAT;
    }
    for (size_t i = 0; i < length; i += 4) {
        size_t missing = i + 4 == length ? padding : 0;
        ML_TRY(decode_group(out + *decoded, text + i, missing));
        *decoded += 3 - missing;
    }
    return ML_OK;
}
