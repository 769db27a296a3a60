#include "core/base/buffer.h"

#include "core/base/varint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ml_buffer_init(ml_buffer *buffer, size_t limit)
{
    *buffer = (ml_buffer){.limit = limit};
}

ml_status ml_buffer_reserve(ml_buffer *buffer, size_t capacity)
{
    uint8_t *data;

    if (capacity <= buffer->capacity) {
        return ML_OK;
    }
    if (capacity > buffer->limit) {
        return buffer->status = ML_ERROR_TOO_LARGE;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return buffer->status = ML_ERROR_MEMORY;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return ML_OK;
}

/* Room for `more` bytes, or the sticky error. */
static ml_status make_room(ml_buffer *buffer, size_t more)
{
    size_t larger;

    if (buffer->status < 0) {
        return buffer->status;
    }
    if (more <= buffer->capacity - buffer->length) {
        return ML_OK;
    }
    if (more > buffer->limit - buffer->length) {
        return buffer->status = ML_ERROR_TOO_LARGE;
    }
    larger = buffer->capacity < 256 ? 256 : buffer->capacity * 2;
    if (larger < buffer->length + more) {
        larger = buffer->length + more;
    }
    return ml_buffer_reserve(buffer, larger < buffer->limit ? larger : buffer->limit);
}

void ml_buffer_put(ml_buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0 || make_room(buffer, length) < 0) {
        return;
    }
    memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
}

static void put_little_endian(ml_buffer *buffer, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
    ml_buffer_put(buffer, bytes, size);
}

void ml_buffer_put_u8(ml_buffer *buffer, uint8_t value)
{
    ml_buffer_put(buffer, &value, 1);
}

void ml_buffer_put_u16(ml_buffer *buffer, uint16_t value)
{
    put_little_endian(buffer, value, 2);
}

void ml_buffer_put_u32(ml_buffer *buffer, uint32_t value)
{
    put_little_endian(buffer, value, 4);
}

void ml_buffer_put_u64(ml_buffer *buffer, uint64_t value)
{
    put_little_endian(buffer, value, 8);
}

void ml_buffer_put_uv(ml_buffer *buffer, uint64_t value)
{
    uint8_t bytes[ML_VARINT_MAX];

    ml_buffer_put(buffer, bytes, ml_varint_encode(bytes, value));
}

void ml_buffer_put_sv(ml_buffer *buffer, int64_t value)
{
    ml_buffer_put_uv(buffer, ml_zigzag_encode(value));
}

void ml_buffer_put_text(ml_buffer *buffer, const char *text)
{
    ml_buffer_put(buffer, text, strlen(text));
}

void ml_buffer_put_format(ml_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    /* One more byte than is kept: vsnprintf insists on its NUL. */
    if (length < 0 || make_room(buffer, (size_t)length + 1) < 0) {
        return;
    }
    va_start(arguments, format);
    vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

void ml_buffer_clear(ml_buffer *buffer)
{
    buffer->length = 0;
    buffer->status = ML_OK;
}

void ml_buffer_release(ml_buffer *buffer)
{
    free(buffer->data);
    ml_buffer_init(buffer, buffer->limit);
}
