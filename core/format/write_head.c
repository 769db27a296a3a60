#include "core/format/write_head.h"

#include "core/base/crc32c.h"
#include "core/base/varint.h"

#include <string.h>

enum { ARGUMENTS_MAX = 256 * 1024 };

static const char sentence[] =
    "This is a microlog recording (.mlog, format 1): samples of a running Python program. It is made of "
    "chunks, each with CRC-32C checksums; payloads are columns of variable-length integers, compressed "
    "with Zstandard (RFC 8878). The specification is FORMAT.md of the microlog project, in the public "
    "domain.";

void ml_header_encode(ml_buffer *out, const ml_head *head, uint32_t flags)
{
    size_t start = out->length;

    ml_buffer_put(out, ML_MLOG_SIGNATURE, 8);
    ml_buffer_put_u16(out, ML_MLOG_HEADER_SIZE);
    ml_buffer_put_u16(out, ML_MLOG_MAJOR);
    ml_buffer_put_u16(out, ML_MLOG_MINOR);
    ml_buffer_put_u16(out, ML_MLOG_MINOR); /* the least a reader needs to know */
    ml_buffer_put_u32(out, ML_MLOG_FEATURE_DRAFT);
    ml_buffer_put_u32(out, 0);
    ml_buffer_put_u32(out, 0);
    ml_buffer_put_u32(out, flags);
    ml_buffer_put(out, head->uuid, sizeof(head->uuid));
    ml_buffer_put_u64(out, (uint64_t)head->wall_ns);
    ml_buffer_put_u32(out, ML_MLOG_DRAFT);
    if (out->status == ML_OK) {
        ml_buffer_put_u32(out, ml_crc32c(0, out->data + start, ML_MLOG_HEADER_SIZE - 4));
    }
}

static void put_field_number(ml_chunk_writer *chunk, uint32_t field, uint32_t ignorable,
                             uint64_t value)
{
    ml_buffer_put_uv(&chunk->columns, value);
    ml_chunk_column(chunk, field, ignorable);
}

static void put_field_text(ml_chunk_writer *chunk, uint32_t field, const char *text)
{
    if (text != NULL) {
        ml_buffer_put(&chunk->columns, text, strnlen(text, ML_STRING_MAX));
    }
    ml_chunk_column(chunk, field, ML_COLUMN_IGNORABLE);
}

static void put_field_uuid(ml_chunk_writer *chunk, uint32_t field, const uint8_t uuid[16])
{
    ml_buffer_put(&chunk->columns, uuid, 16);
    ml_chunk_column(chunk, field, ML_COLUMN_IGNORABLE);
}

static void put_arguments(ml_chunk_writer *chunk, const ml_head *head)
{
    size_t total = 0;

    for (uint32_t i = 0; i < head->argc && total < ARGUMENTS_MAX; i++) {
        size_t length = strnlen(head->argv[i], ML_STRING_MAX);
        ml_buffer_put_uv(&chunk->columns, length);
        ml_buffer_put(&chunk->columns, head->argv[i], length);
        total += length + 1;
    }
    ml_chunk_column(chunk, ML_HEAD_ARGV, ML_COLUMN_IGNORABLE);
}

static void put_clocks(ml_chunk_writer *chunk, const ml_head *head)
{
    ml_buffer_put_u64(&chunk->columns, head->anchor_ns);
    ml_buffer_put_uv(&chunk->columns, ML_CLOCK_MONOTONIC_ID);
    ml_chunk_column(chunk, ML_HEAD_ANCHOR, 0);
    ml_buffer_put_u64(&chunk->columns, (uint64_t)head->wall_ns);
    ml_buffer_put_uv(&chunk->columns, head->uncertainty_ns);
    ml_chunk_column(chunk, ML_HEAD_WALL, 0);
}

static void put_process(ml_chunk_writer *chunk, const ml_head *head)
{
    ml_buffer_put_uv(&chunk->columns, head->pid);
    ml_buffer_put_uv(&chunk->columns, head->ppid);
    ml_chunk_column(chunk, ML_HEAD_PROCESS, ML_COLUMN_IGNORABLE);
    put_field_text(chunk, ML_HEAD_HOST, head->host);
    put_field_text(chunk, ML_HEAD_SYSTEM, head->system);
    put_field_text(chunk, ML_HEAD_EXECUTABLE, head->executable);
    put_arguments(chunk, head);
    put_field_text(chunk, ML_HEAD_DIRECTORY, head->directory);
    put_field_text(chunk, ML_HEAD_PYTHON, head->python);
    put_field_number(chunk, ML_HEAD_HEXVERSION, ML_COLUMN_IGNORABLE, head->hexversion);
    put_field_number(chunk, ML_HEAD_BUILD_FLAGS, ML_COLUMN_IGNORABLE, head->build_flags);
}

static void put_recorder(ml_chunk_writer *chunk, const ml_head *head)
{
    put_field_text(chunk, ML_HEAD_RECORDER, head->recorder);
    put_field_number(chunk, ML_HEAD_METHOD, ML_COLUMN_IGNORABLE, head->method);
    put_field_number(chunk, ML_HEAD_DETAIL, ML_COLUMN_IGNORABLE, head->detail);
    put_field_number(chunk, ML_HEAD_DEPTH, ML_COLUMN_IGNORABLE, head->depth);
    put_field_number(chunk, ML_HEAD_UTC_OFFSET, ML_COLUMN_IGNORABLE,
                     ml_zigzag_encode(head->utc_offset_s));
    put_field_text(chunk, ML_HEAD_LABEL, head->label);
    put_field_text(chunk, ML_HEAD_SENTENCE, sentence);
    put_field_number(chunk, ML_HEAD_SEED, ML_COLUMN_IGNORABLE, head->seed);
    put_field_text(chunk, ML_HEAD_METHOD_REASON, head->method_reason);
}

void ml_head_encode(ml_chunk_writer *chunk, const ml_head *head)
{
    ml_chunk_begin(chunk);
    put_field_uuid(chunk, ML_HEAD_SESSION, head->session);
    put_field_uuid(chunk, ML_HEAD_PARENT, head->parent);
    put_clocks(chunk, head);
    put_field_uuid(chunk, ML_HEAD_BOOT, head->boot);
    put_field_number(chunk, ML_HEAD_PERIOD, 0, head->period_ns);
    put_field_number(chunk, ML_HEAD_CPU_UNIT, 0, head->cpu_unit_ns);
    put_field_number(chunk, ML_HEAD_EVENT_UNIT, 0, head->event_unit_ns);
    put_process(chunk, head);
    put_recorder(chunk, head);
}

void ml_trailer_encode(ml_chunk_writer *chunk, uint64_t length)
{
    uint8_t bytes[16] = {0}; /* no index: offset 0 */

    for (size_t i = 0; i < 8; i++) {
        bytes[8 + i] = (uint8_t)(length >> (8 * i));
    }
    ml_buffer_put(&chunk->columns, bytes, sizeof(bytes));
    ml_buffer_put_u32(&chunk->columns, ml_crc32c(0, bytes, sizeof(bytes)));
    ml_buffer_put(&chunk->columns, ML_MLOG_TRAILER, 4);
    ml_chunk_column(chunk, ML_DONE_TRAILER, ML_COLUMN_IGNORABLE);
}
