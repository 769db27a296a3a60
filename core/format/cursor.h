/* cursor: reads numbers from bytes that may end or lie, with a sticky failure.
 *
 * After a failure every further number is 0; whoever decodes looks at `bad` once per item or
 * column.
 */
#ifndef ML_FORMAT_CURSOR_H
#define ML_FORMAT_CURSOR_H

#include "core/base/varint.h"

#include <string.h>

typedef struct ml_cursor {
    const uint8_t *at, *end;
    int bad;
} ml_cursor;

static inline size_t ml_cursor_left(const ml_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

/* Read to its very end, without a failure? */
static inline int ml_cursor_done(const ml_cursor *cursor)
{
    return !cursor->bad && cursor->at == cursor->end;
}

static inline uint64_t ml_cursor_uv(ml_cursor *cursor)
{
    const uint8_t *at = cursor->at;
    size_t left = ml_cursor_left(cursor);
    uint64_t value;
    const uint8_t *behind;

    /* Nearly all numbers have one to three bytes. */
    if (left > 0 && at[0] < 0x80) {
        cursor->at = at + 1;
        return at[0];
    }
    if (left > 1 && at[1] < 0x80) {
        cursor->at = at + 2;
        return (at[0] & 0x7fu) | (uint64_t)at[1] << 7;
    }
    if (left > 2 && at[2] < 0x80) {
        cursor->at = at + 3;
        return (at[0] & 0x7fu) | (at[1] & 0x7fu) << 7 | (uint64_t)at[2] << 14;
    }
    behind = ml_varint_decode(cursor->at, cursor->end, &value);
    if (behind == NULL) {
        cursor->bad = 1;
        cursor->at = cursor->end;
        return 0;
    }
    cursor->at = behind;
    return value;
}

static inline int64_t ml_cursor_sv(ml_cursor *cursor)
{
    return ml_zigzag_decode(ml_cursor_uv(cursor));
}

/* A number below `limit`; anything else is a failure. */
static inline uint32_t ml_cursor_below(ml_cursor *cursor, uint32_t limit)
{
    uint64_t value = ml_cursor_uv(cursor);

    if (value >= limit) {
        cursor->bad = 1;
        return 0;
    }
    return (uint32_t)value;
}

static inline uint32_t ml_cursor_u32v(ml_cursor *cursor)
{
    uint64_t value = ml_cursor_uv(cursor);

    if (value > UINT32_MAX) {
        cursor->bad = 1;
        return 0;
    }
    return (uint32_t)value;
}

/* The next `length` bytes, or NULL as a failure. */
static inline const uint8_t *ml_cursor_bytes(ml_cursor *cursor, uint64_t length)
{
    const uint8_t *bytes = cursor->at;

    if (cursor->bad || length > ml_cursor_left(cursor)) {
        cursor->bad = 1;
        cursor->at = cursor->end;
        return NULL;
    }
    cursor->at += length;
    return bytes;
}

/* `size` bytes, little-endian. */
static inline uint64_t ml_cursor_fixed(ml_cursor *cursor, unsigned size)
{
    const uint8_t *bytes = ml_cursor_bytes(cursor, size);
    uint64_t value = 0;

    for (unsigned i = 0; bytes != NULL && i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

#endif
