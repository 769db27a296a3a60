#include "tests/fuzz/fuzz.h"

#include "core/base/crc32c.h"
#include "core/format/mlog.h"

#include <string.h>
#include <zstd.h>

enum { HEADER = ML_MLOG_HEADER_SIZE, CHUNK = ML_MLOG_CHUNK_SIZE, ROOM = 1 << 20 };

static uint32_t get_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* A body that ends within the file. */
static size_t body_length(const uint8_t *chunk, size_t left)
{
    size_t body = get_u32(chunk + 12);

    return body <= left - CHUNK ? body : left - CHUNK;
}

size_t fuzz_chunk(const uint8_t *data, size_t size, unsigned number)
{
    size_t at = HEADER;

    while (number-- > 0 && at + CHUNK <= size) {
        size_t next = at + CHUNK + body_length(data + at, size - at);
        if (next + CHUNK > size) {
            break;
        }
        at = next;
    }
    return at;
}

void fuzz_repair(uint8_t *data, size_t size, int is_journal)
{
    uint32_t chain = 0;
    uint32_t sequence = is_journal ? 4 : 0;

    if (size < HEADER) {
        return;
    }
    memcpy(data, ML_MLOG_SIGNATURE, 8);
    put_u32(data + 60, ml_crc32c(0, data, 60));
    chain = is_journal ? ml_crc32c(0, data, HEADER) : 0;
    for (size_t at = HEADER; at + CHUNK <= size;) {
        uint8_t *chunk = data + at;
        size_t body = body_length(chunk, size - at);
        if (memcmp(chunk, ML_MLOG_SIGNATURE, 8) == 0) {
            put_u32(chunk + 60 < data + size - 4 ? chunk + 60 : data + size - 4,
                    ml_crc32c(0, chunk, 60 < size - at ? 60 : size - at));
            at += HEADER;
            sequence = 0;
            continue;
        }
        memcpy(chunk, ML_MLOG_SYNC, 4);
        put_u32(chunk + 12, (uint32_t)body);
        put_u32(chunk + 20, sequence++);
        put_u32(chunk + 24, ml_crc32c(0, chunk + CHUNK, body));
        put_u32(chunk + 28, ml_crc32c(chain, chunk, 28));
        chain = is_journal ? get_u32(chunk + 28) : 0;
        at += CHUNK + body;
    }
}

size_t fuzz_unpack(const uint8_t *data, size_t size, size_t offset, uint8_t *out, size_t room)
{
    const uint8_t *chunk = data + offset;
    size_t body, preamble, payload, end;

    if (offset + CHUNK > size || chunk[8] != ML_MLOG_ZSTD) {
        return 0;
    }
    body = body_length(chunk, size - offset);
    preamble = chunk[10] | (size_t)chunk[11] << 8;
    end = offset + CHUNK + body;
    if (preamble > body || offset + CHUNK + preamble > room) {
        return 0;
    }
    memcpy(out, data, offset + CHUNK + preamble);
    payload = ZSTD_decompress(out + offset + CHUNK + preamble, room - offset - CHUNK - preamble,
                              chunk + CHUNK + preamble, body - preamble);
    if (ZSTD_isError(payload) || offset + CHUNK + preamble + payload + (size - end) > room) {
        return 0;
    }
    out[offset + 8] = ML_MLOG_STORED;
    put_u32(out + offset + 12, (uint32_t)(preamble + payload));
    put_u32(out + offset + 16, (uint32_t)payload);
    memcpy(out + offset + CHUNK + preamble + payload, data + end, size - end);
    return offset + CHUNK + preamble + payload + (size - end);
}
