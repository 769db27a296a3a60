/* varint: numbers of variable length, as `.mlog` and the document wire form write them.
 *
 * Unsigned LEB128 of at most ten bytes; signed numbers are zigzag-mapped first. Every reading function
 * takes the end of the readable bytes and never looks behind it.
 */
#ifndef ML_BASE_VARINT_H
#define ML_BASE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define ML_VARINT_MAX 10

/* Writes the shortest form to `out` (room for ML_VARINT_MAX bytes) and returns its length. */
size_t ml_varint_encode(uint8_t *out, uint64_t value);

/* Reads one number from [`at`, `end`). Returns the byte behind it, or NULL if the bytes end first, are more
 * than ten, or mean 2^64 or more; `*value` is then 0. */
const uint8_t *ml_varint_decode(const uint8_t *at, const uint8_t *end, uint64_t *value);

static inline uint64_t ml_zigzag_encode(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t ml_zigzag_decode(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
