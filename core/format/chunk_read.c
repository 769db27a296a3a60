#include "core/format/chunk_read.h"

#include "core/base/crc32c.h"

#include <zstd.h>

/* Offsets in the chunk header. */
enum { AT_BODY_CRC = 24, AT_HEADER_CRC = 28 };

enum { WINDOW_LOG_MAX = 23 };

static uint32_t fixed32(const uint8_t *at)
{
    ml_cursor cursor = {at, at + 4, 0};

    return (uint32_t)ml_cursor_fixed(&cursor, 4);
}

static int is_letter(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static int is_chunk_type(const uint8_t *type)
{
    /* The third letter's case is reserved: upper. */
    return is_letter(type[0]) && is_letter(type[1]) && is_letter(type[2]) && is_letter(type[3]) &&
           (type[2] & 0x20) == 0;
}

uint32_t ml_chunk_header_checksum(const uint8_t *at)
{
    return fixed32(at + AT_HEADER_CRC);
}

ml_status ml_chunk_view_header(const uint8_t *at, size_t left, uint32_t chain,
                               const ml_limits *limits, ml_chunk_view *view)
{
    ml_cursor header;
    uint32_t preamble_length;
    uint32_t body_length;

    if (left < ML_MLOG_CHUNK_SIZE || memcmp(at, ML_MLOG_SYNC, 4) != 0 || !is_chunk_type(at + 4) ||
        ml_crc32c(chain, at, AT_HEADER_CRC) != fixed32(at + AT_HEADER_CRC)) {
        return ML_ERROR_FORMAT;
    }
    header = (ml_cursor){at + 8, at + AT_BODY_CRC, 0};
    memcpy(view->type, at + 4, 4);
    view->type[4] = '\0';
    view->codec = (uint32_t)ml_cursor_fixed(&header, 1);
    view->flags = (uint32_t)ml_cursor_fixed(&header, 1);
    preamble_length = (uint32_t)ml_cursor_fixed(&header, 2);
    body_length = (uint32_t)ml_cursor_fixed(&header, 4);
    view->payload_length = (uint32_t)ml_cursor_fixed(&header, 4);
    view->sequence = (uint32_t)ml_cursor_fixed(&header, 4);
    if (preamble_length > body_length || preamble_length > limits->preamble_bytes ||
        body_length - preamble_length > limits->payload_bytes ||
        view->payload_length > limits->payload_bytes) {
        return ML_ERROR_FORMAT;
    }
    if (body_length > left - ML_MLOG_CHUNK_SIZE) {
        return ML_ERROR_TOO_LARGE;
    }
    at += ML_MLOG_CHUNK_SIZE;
    view->total_length = ML_MLOG_CHUNK_SIZE + (size_t)body_length;
    view->preamble = (ml_cursor){at, at + preamble_length, 0};
    view->stored = at + preamble_length;
    view->stored_length = body_length - preamble_length;
    return ML_OK;
}

int ml_chunk_body_is_sound(const uint8_t *at, const ml_chunk_view *view)
{
    uint32_t claimed = fixed32(at + AT_BODY_CRC);

    return ml_crc32c(0, at + ML_MLOG_CHUNK_SIZE, view->total_length - ML_MLOG_CHUNK_SIZE) ==
           claimed;
}

/* ---- decompression ---- */

/* Does a Zstandard frame begin at `at` that our rules allow: no dictionary, a window within the
 * limit? */
static int is_allowed_frame(const uint8_t *at, size_t left)
{
    uint8_t descriptor;

    if (left < 6 || fixed32(at) != ZSTD_MAGICNUMBER) {
        return 0;
    }
    descriptor = at[4];
    if ((descriptor & 3) != 0) {
        return 0;
    }
    if ((descriptor & 0x20) == 0) { /* not a single segment: a window descriptor follows */
        uint8_t window = at[5];
        unsigned logarithm = 10u + (window >> 3);
        if (logarithm > WINDOW_LOG_MAX || (logarithm == WINDOW_LOG_MAX && (window & 7) != 0)) {
            return 0;
        }
    }
    return 1;
}

/* Walks the frames without decompressing; true if they are allowed and declare `expected` bytes in
 * all. */
static int are_allowed_frames(const uint8_t *at, size_t left, size_t expected)
{
    unsigned long long total = 0;

    while (left > 0) {
        unsigned long long content;
        size_t length;
        if (!is_allowed_frame(at, left)) {
            return 0;
        }
        content = ZSTD_getFrameContentSize(at, left);
        length = ZSTD_findFrameCompressedSize(at, left);
        if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR ||
            content > expected - total || ZSTD_isError(length)) {
            return 0;
        }
        total += content;
        at += length;
        left -= length;
    }
    return total == expected;
}

static ml_status decompress(const ml_chunk_view *view, ml_arena *arena, const uint8_t **payload,
                            ml_error *error)
{
    uint8_t *buffer;

    if (!are_allowed_frames(view->stored, view->stored_length, view->payload_length)) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "the Zstandard frames are not what the chunk declares");
    }
    buffer = ml_arena_alloc(arena, view->payload_length);
    if (buffer == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for a payload of %u bytes",
                            view->payload_length);
    }
    if (ZSTD_decompress(buffer, view->payload_length, view->stored, view->stored_length) !=
        view->payload_length) {
        return ml_error_set(error, ML_ERROR_FORMAT, "the Zstandard data is damaged");
    }
    *payload = buffer;
    return ML_OK;
}

static ml_status find_payload(const ml_chunk_view *view, ml_arena *arena, const uint8_t **payload,
                              ml_error *error)
{
    if (view->codec == ML_MLOG_ZSTD) {
        return decompress(view, arena, payload, error);
    }
    if (view->codec != ML_MLOG_STORED) {
        return ml_error_set(
            error, ML_ERROR_UNSUPPORTED,
            "the payload has codec %u, which this version does not know: use a newer one",
            view->codec);
    }
    if (view->stored_length != view->payload_length) {
        return ml_error_set(error, ML_ERROR_FORMAT, "a stored payload has two lengths");
    }
    *payload = view->stored;
    return ML_OK;
}

/* ---- columns ---- */

/* Reads the directory; lengths must use up the payload exactly. */
static ml_status read_directory(ml_cursor *payload, ml_columns *columns, ml_error *error)
{
    uint64_t total = 0;
    uint64_t previous = 0;

    for (uint32_t i = 0; i < columns->count; i++) {
        ml_column *column = &columns->items[i];
        uint64_t key = ml_cursor_uv(payload);
        uint64_t length = ml_cursor_uv(payload);
        if (payload->bad || key > UINT32_MAX || (i > 0 && key / 2 <= previous) ||
            length > ml_cursor_left(payload) - total) {
            return ml_error_set(error, ML_ERROR_FORMAT, "the directory of columns is damaged");
        }
        previous = key / 2;
        total += length;
        column->id = (uint32_t)(key / 2);
        column->ignorable = (int)(key & ML_COLUMN_IGNORABLE);
        column->length = (size_t)length;
    }
    if (total != ml_cursor_left(payload)) {
        return ml_error_set(error, ML_ERROR_FORMAT, "the columns do not fill the payload");
    }
    return ML_OK;
}

ml_status ml_chunk_columns(const ml_chunk_view *view, const ml_limits *limits, ml_arena *arena,
                           ml_columns *columns, ml_error *error)
{
    const uint8_t *bytes = NULL;
    ml_cursor payload;

    ML_TRY(find_payload(view, arena, &bytes, error));
    payload = (ml_cursor){bytes, bytes + view->payload_length, 0};
    columns->count = ml_cursor_below(&payload, limits->columns + 1);
    if (payload.bad || columns->count > ml_cursor_left(&payload)) {
        return ml_error_set(error, ML_ERROR_FORMAT, "the directory of columns is damaged");
    }
    columns->items = ml_arena_array(arena, columns->count, sizeof(*columns->items));
    if (columns->items == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the columns of a chunk");
    }
    ML_TRY(read_directory(&payload, columns, error));
    for (uint32_t i = 0; i < columns->count; i++) {
        columns->items[i].at = payload.at;
        payload.at += columns->items[i].length;
    }
    return ML_OK;
}

ml_cursor ml_columns_take(ml_columns *columns, uint32_t id)
{
    uint32_t low = 0;
    uint32_t high = columns->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (columns->items[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == columns->count || columns->items[low].id != id) {
        return (ml_cursor){NULL, NULL, 0};
    }
    columns->items[low].asked_for = 1;
    return (ml_cursor){columns->items[low].at, columns->items[low].at + columns->items[low].length,
                       0};
}

ml_status ml_columns_finish(const ml_columns *columns, ml_error *error)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        if (!columns->items[i].ignorable && !columns->items[i].asked_for) {
            return ml_error_set(
                error, ML_ERROR_UNSUPPORTED,
                "column %u must be understood, and this version does not: use a newer one",
                columns->items[i].id);
        }
    }
    return ML_OK;
}
