/* utf8: reads text character by character and knows which characters must not reach a reader as they are. */
#ifndef MICROLOG_RENDERERS_COMMON_UTF8_H
#define MICROLOG_RENDERERS_COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xFFFDu

/* The character at *text, which then points behind it. What is not UTF-8 counts as one UTF8_BAD a byte. */
static inline uint32_t utf8_next(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    static const uint32_t smallest[4] = {0, 0x80, 0x800, 0x10000};
    size_t more = bytes[0] < 0x80 ? 0 : bytes[0] < 0xE0 ? 1 : bytes[0] < 0xF0 ? 2 : 3;
    uint32_t value = bytes[0];
    if (bytes[0] >= 0x80) {
        if (bytes[0] < 0xC2 || bytes[0] > 0xF4) {
            *text += 1;
            return UTF8_BAD;
        }
        value = bytes[0] & (0x3Fu >> more);
    }
    for (size_t i = 1; i <= more; i++) {
        if ((bytes[i] & 0xC0u) != 0x80u) {
            *text += 1;
            return UTF8_BAD;
        }
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    *text += 1 + more;
    return value < smallest[more] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)
               ? UTF8_BAD
               : value;
}

/* Characters that act instead of being seen: C0, DEL, C1, line separators, and those that turn the
 * direction of the text around them (Unicode TR 9, explicit formatting), byte order mark. */
static inline int utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x2028 ||
           character == 0x2029 || character == 0x061C || character == 0xFEFF ||
           (character >= 0x200B && character <= 0x200F && character != 0x200D) ||
           (character >= 0x202A && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

#endif
