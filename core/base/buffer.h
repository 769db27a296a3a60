/* buffer: a growing run of bytes with a declared maximum and a sticky error.
 *
 * Writers put bytes without looking; whoever uses the result asks `status` once. A buffer that was reserved
 * up to its limit never allocates again, which is what the recorder's tick path relies on.
 */
#ifndef ML_BASE_BUFFER_H
#define ML_BASE_BUFFER_H

#include "core/base/status.h"

typedef struct ml_buffer {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t limit;     /* most bytes it may ever hold */
    ml_status status; /* ML_OK, or the first failure; later puts do nothing */
} ml_buffer;

/* Prepares an empty buffer; allocates nothing. */
void ml_buffer_init(ml_buffer *buffer, size_t limit);

/* Makes room for `capacity` bytes in all, so that puts up to there do not allocate. */
ml_status ml_buffer_reserve(ml_buffer *buffer, size_t capacity);

/* Appends bytes. Beyond the limit: ML_ERROR_TOO_LARGE, nothing is written. */
void ml_buffer_put(ml_buffer *buffer, const void *bytes, size_t length);
void ml_buffer_put_u8(ml_buffer *buffer, uint8_t value);
void ml_buffer_put_u16(ml_buffer *buffer, uint16_t value); /* little-endian, like all below */
void ml_buffer_put_u32(ml_buffer *buffer, uint32_t value);
void ml_buffer_put_u64(ml_buffer *buffer, uint64_t value);
void ml_buffer_put_uv(ml_buffer *buffer, uint64_t value); /* unsigned LEB128, shortest form */
void ml_buffer_put_sv(ml_buffer *buffer, int64_t value);  /* zigzag, then LEB128 */
void ml_buffer_put_text(ml_buffer *buffer, const char *text);
void ml_buffer_put_format(ml_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Empties it, keeps the memory, clears the error. */
void ml_buffer_clear(ml_buffer *buffer);

/* Gives the memory back; the buffer is then empty and usable again. */
void ml_buffer_release(ml_buffer *buffer);

#endif
