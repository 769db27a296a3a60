/* format_surgery: takes a recording apart and puts chunks together again, checksums made right, so
 * that tests can show the reader what no writer of ours makes. */
#ifndef MICROLOG_TESTS_UNIT_FORMAT_SURGERY_H
#define MICROLOG_TESTS_UNIT_FORMAT_SURGERY_H

#include "core/base/buffer.h"
#include "core/base/crc32c.h"
#include "tests/unit/format_fixture.h"

/* A chunk's parts; `bytes` are preamble and payload as stored. */
typedef struct surgery_chunk {
    char type[5];
    uint8_t codec, flags;
    uint16_t preamble_length;
    uint32_t body_length, payload_length, sequence;
    const uint8_t *bytes;
} surgery_chunk;

static inline uint32_t surgery_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline surgery_chunk surgery_take(const uint8_t *at)
{
    surgery_chunk chunk = {.codec = at[8],
                           .flags = at[9],
                           .preamble_length = (uint16_t)(at[10] | at[11] << 8),
                           .body_length = surgery_u32(at + 12),
                           .payload_length = surgery_u32(at + 16),
                           .sequence = surgery_u32(at + 20),
                           .bytes = at + 32};

    memcpy(chunk.type, at + 4, 4);
    return chunk;
}

/* The `number`-th chunk of a recording, by position. */
static inline surgery_chunk surgery_find(const fixture_file *file, uint32_t number)
{
    size_t offset = 64;

    while (number-- > 0) {
        offset += 32 + surgery_u32(file->bytes + offset + 12);
    }
    return surgery_take(file->bytes + offset);
}

static inline void surgery_put(ml_buffer *out, const surgery_chunk *chunk)
{
    size_t start = out->length;

    ml_buffer_put(out, ML_MLOG_SYNC, 4);
    ml_buffer_put(out, chunk->type, 4);
    ml_buffer_put_u8(out, chunk->codec);
    ml_buffer_put_u8(out, chunk->flags);
    ml_buffer_put_u16(out, chunk->preamble_length);
    ml_buffer_put_u32(out, chunk->body_length);
    ml_buffer_put_u32(out, chunk->payload_length);
    ml_buffer_put_u32(out, chunk->sequence);
    ml_buffer_put_u32(out, ml_crc32c(0, chunk->bytes, chunk->body_length));
    ml_buffer_put_u32(out, ml_crc32c(0, out->data + start, 28));
    ml_buffer_put(out, chunk->bytes, chunk->body_length);
}

/* Opens what was put together; `*error` tells why not. */
static inline ml_reader *surgery_open(const ml_buffer *bytes, ml_error *error)
{
    ml_reader *reader = NULL;

    *error = (ml_error){0};
    ML_CHECK_EQUAL(bytes->status, ML_OK);
    ml_reader_open_memory(bytes->data, bytes->length, "test", NULL, &reader, error);
    return reader;
}

/* A body being written by hand: preamble values, then columns. Numbers are LEB128. */
typedef struct surgery_body {
    ml_buffer preamble, directory, columns, body;
    uint32_t count;
    size_t column_start;
} surgery_body;

static inline void surgery_body_init(surgery_body *body)
{
    *body = (surgery_body){0};
    ml_buffer_init(&body->preamble, 1 << 20);
    ml_buffer_init(&body->directory, 1 << 20);
    ml_buffer_init(&body->columns, 64 << 20);
    ml_buffer_init(&body->body, 65 << 20);
}

static inline void surgery_preamble(surgery_body *body, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&body->preamble, values[i]);
    }
}

/* Ends a column whose bytes were put into body->columns. */
static inline void surgery_column(surgery_body *body, uint64_t key)
{
    ml_buffer_put_uv(&body->directory, key);
    ml_buffer_put_uv(&body->directory, body->columns.length - body->column_start);
    body->column_start = body->columns.length;
    body->count++;
}

static inline void surgery_numbers(surgery_body *body, uint64_t key, const uint64_t *values,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&body->columns, values[i]);
    }
    surgery_column(body, key);
}

/* The stored chunk; valid until the body is released. */
static inline surgery_chunk surgery_finish(surgery_body *body, const char *type, uint32_t sequence)
{
    surgery_chunk chunk = {.sequence = sequence,
                           .preamble_length = (uint16_t)body->preamble.length};

    memcpy(chunk.type, type, 4);
    ml_buffer_put(&body->body, body->preamble.data, body->preamble.length);
    ml_buffer_put_uv(&body->body, body->count);
    ml_buffer_put(&body->body, body->directory.data, body->directory.length);
    ml_buffer_put(&body->body, body->columns.data, body->columns.length);
    ML_CHECK_EQUAL(body->body.status, ML_OK);
    chunk.bytes = body->body.data;
    chunk.body_length = (uint32_t)body->body.length;
    chunk.payload_length = (uint32_t)(body->body.length - body->preamble.length);
    return chunk;
}

static inline void surgery_body_release(surgery_body *body)
{
    ml_buffer_release(&body->preamble);
    ml_buffer_release(&body->directory);
    ml_buffer_release(&body->columns);
    ml_buffer_release(&body->body);
}

#endif
