#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticCCtx: the only context that never allocates */
#include "core/format/chunk.h"

#include "core/base/crc32c.h"

#include <string.h>
#include <zstd.h>

/* Columns from this length on get zstd blocks of their own: statistics differ between columns. */
enum { FLUSH_FROM = 1024 };

void ml_chunk_writer_carve(ml_chunk_writer *chunk, ml_memory *memory, int level, size_t payload)
{
    chunk->level = level;
    /* The estimate is for inputs of unknown size; small known sizes choose other, smaller
     * parameters. */
    chunk->workspace_size = ZSTD_estimateCStreamSize(level) + (2u << 20);
    chunk->workspace = ml_memory_carve(memory, chunk->workspace_size, 1);
    ml_memory_carve_buffer(memory, &chunk->preamble, ML_PREAMBLE_MAX);
    ml_memory_carve_buffer(memory, &chunk->directory, 16 * ML_CHUNK_COLUMNS);
    ml_memory_carve_buffer(memory, &chunk->columns, payload);
}

ml_status ml_chunk_writer_start(ml_chunk_writer *chunk)
{
    chunk->zstd = ZSTD_initStaticCCtx(chunk->workspace, chunk->workspace_size);
    /* A static context starts without the defaults, the frame's content size among them. */
    if (chunk->zstd == NULL ||
        ZSTD_isError(ZSTD_CCtx_reset(chunk->zstd, ZSTD_reset_session_and_parameters)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(chunk->zstd, ZSTD_c_compressionLevel, chunk->level))) {
        return ML_ERROR_FAILED;
    }
    return ML_OK;
}

void ml_chunk_begin(ml_chunk_writer *chunk)
{
    ml_buffer_clear(&chunk->preamble);
    ml_buffer_clear(&chunk->directory);
    ml_buffer_clear(&chunk->columns);
    chunk->count = 0;
}

static size_t column_start(const ml_chunk_writer *chunk, uint32_t index)
{
    return index == 0 ? 0 : chunk->ends[index - 1];
}

void ml_chunk_column(ml_chunk_writer *chunk, uint32_t id, uint32_t ignorable)
{
    if (chunk->columns.length == column_start(chunk, chunk->count)) {
        return;
    }
    if (chunk->count == ML_CHUNK_COLUMNS) {
        chunk->columns.status = ML_ERROR_TOO_LARGE;
        return;
    }
    chunk->keys[chunk->count] = id * 2 + ignorable;
    chunk->ends[chunk->count] = chunk->columns.length;
    chunk->count++;
}

static ml_status make_directory(ml_chunk_writer *chunk)
{
    ml_buffer_put_uv(&chunk->directory, chunk->count);
    for (uint32_t i = 0; i < chunk->count; i++) {
        ml_buffer_put_uv(&chunk->directory, chunk->keys[i]);
        ml_buffer_put_uv(&chunk->directory, chunk->ends[i] - column_start(chunk, i));
    }
    ML_TRY(chunk->preamble.status);
    ML_TRY(chunk->columns.status);
    return chunk->directory.status;
}

static void store_payload(const ml_chunk_writer *chunk, ml_buffer *out)
{
    ml_buffer_put(out, chunk->directory.data, chunk->directory.length);
    ml_buffer_put(out, chunk->columns.data, chunk->columns.length);
}

/* Feeds bytes to the compressor; false when it fails or `room` is full. */
static int feed(ml_chunk_writer *chunk, ZSTD_outBuffer *room, const uint8_t *bytes, size_t length,
                ZSTD_EndDirective directive)
{
    ZSTD_inBuffer input = {bytes, length, 0};
    size_t left;

    do {
        left = ZSTD_compressStream2(chunk->zstd, room, &input, directive);
        if (ZSTD_isError(left) || (left != 0 && room->pos == room->size)) {
            return 0;
        }
    } while (input.pos < input.size || (directive != ZSTD_e_continue && left != 0));
    return 1;
}

/* Compresses into the free part of `out`; false when that would not be smaller. */
static int compress_payload(ml_chunk_writer *chunk, ml_buffer *out)
{
    size_t payload = chunk->directory.length + chunk->columns.length;
    ZSTD_outBuffer room = {out->data + out->length, payload - 1, 0};
    size_t pending = 0; /* start of what is not yet fed */

    ZSTD_CCtx_reset(chunk->zstd, ZSTD_reset_session_only);
    if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(chunk->zstd, payload)) ||
        !feed(chunk, &room, chunk->directory.data, chunk->directory.length, ZSTD_e_continue)) {
        return 0;
    }
    for (uint32_t i = 0; i < chunk->count; i++) {
        size_t start = column_start(chunk, i);
        if (chunk->ends[i] - start < FLUSH_FROM) {
            continue;
        }
        if (!feed(chunk, &room, chunk->columns.data + pending, start - pending, ZSTD_e_flush) ||
            !feed(chunk, &room, chunk->columns.data + start, chunk->ends[i] - start,
                  ZSTD_e_flush)) {
            return 0;
        }
        pending = chunk->ends[i];
    }
    if (!feed(chunk, &room, chunk->columns.data + pending, chunk->columns.length - pending,
              ZSTD_e_end)) {
        return 0;
    }
    out->length += room.pos;
    return 1;
}

static void put_header(ml_buffer *out, size_t start, const ml_chunk_writer *chunk,
                       const ml_chunk_name *name, uint32_t codec)
{
    size_t end = out->length;
    size_t body = end - start - ML_MLOG_CHUNK_SIZE;
    uint32_t body_crc = ml_crc32c(0, out->data + start + ML_MLOG_CHUNK_SIZE, body);

    out->length = start;
    ml_buffer_put(out, ML_MLOG_SYNC, 4);
    ml_buffer_put(out, name->type, 4);
    ml_buffer_put_u8(out, (uint8_t)codec);
    ml_buffer_put_u8(out, (uint8_t)name->flags);
    ml_buffer_put_u16(out, (uint16_t)chunk->preamble.length);
    ml_buffer_put_u32(out, (uint32_t)body);
    ml_buffer_put_u32(out, (uint32_t)(chunk->directory.length + chunk->columns.length));
    ml_buffer_put_u32(out, name->sequence);
    ml_buffer_put_u32(out, body_crc);
    ml_buffer_put_u32(out, ml_crc32c(name->chain, out->data + start, ML_MLOG_CHUNK_SIZE - 4));
    out->length = end;
}

ml_status ml_chunk_finish(ml_chunk_writer *chunk, ml_buffer *out, const ml_chunk_name *name)
{
    static const uint8_t zeros[ML_MLOG_CHUNK_SIZE];
    size_t start = out->length;
    uint32_t codec = name->codec;

    ML_TRY(make_directory(chunk));
    if (out->capacity - out->length <
        ml_chunk_bound(chunk->directory.length + chunk->columns.length)) {
        return ML_ERROR_TOO_LARGE;
    }
    ml_buffer_put(out, zeros, ML_MLOG_CHUNK_SIZE);
    ml_buffer_put(out, chunk->preamble.data, chunk->preamble.length);
    if (codec == ML_MLOG_ZSTD && !compress_payload(chunk, out)) {
        codec = ML_MLOG_STORED;
    }
    if (codec == ML_MLOG_STORED) {
        store_payload(chunk, out);
    }
    put_header(out, start, chunk, name, codec);
    return out->status;
}

uint32_t ml_chunk_checksum(const ml_buffer *out, size_t start)
{
    const uint8_t *at = out->data + start + ML_MLOG_CHUNK_SIZE - 4;

    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t ml_chunk_bound(size_t payload)
{
    return ML_MLOG_CHUNK_SIZE + ML_PREAMBLE_MAX + payload;
}
