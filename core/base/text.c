#include "core/base/text.h"

#include <string.h>

enum { WORD_LONGEST = 64 };

/* The valid sequence at `at`: its length, with the character in `*character`. Invalid bytes: minus
 * the length of the maximal subpart, which one U+FFFD stands for (Unicode 15, table 3-7 and
 * section 3.9). */
static int scan(const uint8_t *at, size_t left, uint32_t *character)
{
    uint8_t first = at[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    int more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;

    *character = first;
    if (first < 0x80) {
        return 1;
    }
    if (more == 0) {
        return -1;
    }
    *character = first & (0x3fu >> more);
    low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
    high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : high;
    for (int i = 1; i <= more; i++) {
        if ((size_t)i >= left || at[i] < low || at[i] > high) {
            return -i;
        }
        *character = *character << 6 | (at[i] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    return more + 1;
}

/* How many bytes from `at` on are plain: valid as they are and without NUL. */
static size_t valid_prefix(const uint8_t *at, size_t length)
{
    size_t good = 0;

    while (good < length) {
        uint32_t character;
        int step = scan(at + good, length - good, &character);
        if (step < 0 || character == 0) {
            break;
        }
        good += (size_t)step;
    }
    return good;
}

void ml_text_repair(ml_buffer *out, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (;;) {
        size_t good = valid_prefix(at, length);
        uint32_t character;
        int bad;
        ml_buffer_put(out, at, good);
        at += good;
        length -= good;
        if (length == 0) {
            return;
        }
        bad = scan(at, length, &character);
        bad = bad < 0 ? -bad : bad; /* NUL is scanned as valid */
        ml_buffer_put(out, "\xef\xbf\xbd", 3);
        at += bad;
        length -= (size_t)bad;
    }
}

int ml_text_is_valid(const void *bytes, size_t length)
{
    return valid_prefix(bytes, length) == length;
}

static int is_bidirectional_control(uint32_t character)
{
    return (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

void ml_text_escape(ml_buffer *out, const char *text, size_t length)
{
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + length;

    while (at < end) {
        uint32_t character;
        int step = scan(at, (size_t)(end - at), &character);
        if (step < 0) {
            ml_buffer_put_format(out, "\\x%02x", at[0]);
            step = 1;
        } else if (character == '\n' || character == '\t') {
            ml_buffer_put_text(out, character == '\n' ? "\\n" : "\\t");
        } else if (character < 0x20 || (character >= 0x7f && character < 0xa0)) {
            ml_buffer_put_format(out, "\\x%02x", (unsigned)character);
        } else if (is_bidirectional_control(character)) {
            ml_buffer_put_format(out, "\\u%04x", (unsigned)character);
        } else {
            ml_buffer_put(out, at, (size_t)step);
        }
        at += step;
    }
}

/* Levenshtein distance of two words of at most WORD_LONGEST bytes, one row at a time. */
static size_t edit_distance(const char *left, size_t left_length, const char *right,
                            size_t right_length)
{
    size_t row[WORD_LONGEST + 1];

    for (size_t j = 0; j <= right_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= left_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= right_length; j++) {
            size_t substituted = diagonal + (left[i - 1] != right[j - 1]);
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = substituted < shorter + 1 ? substituted : shorter + 1;
        }
    }
    return row[right_length];
}

const char *ml_text_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word);
    size_t best = length / 3 + 1;
    const char *nearest = NULL;

    if (length > WORD_LONGEST) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t name_length = strlen(names[i]);
        size_t distance;
        if (name_length > WORD_LONGEST) {
            continue;
        }
        distance = edit_distance(word, length, names[i], name_length);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
