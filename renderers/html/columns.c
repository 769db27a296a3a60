#include "columns.h"

#include "base64.h"

#include <zlib.h>

enum { PENDING = 4096, PACKED = 3 * 4096 }; /* thirds: Base64 of each part has no padding */
enum { LEVEL = 6 };                         /* 9 takes twice the time for a twentieth of the size */

typedef struct text {
    const char *bytes;
    size_t length;
} text;

struct columns {
    const ml_host *host;
    const ml_model *model;
    sink *out;
    ml_status status;
    z_stream stream;
    uLong sum;
    size_t pending_used;
    uint32_t *number_of; /* string id: place in the table + 1 */
    text *texts;
    uint32_t text_count;
    size_t text_size;
    uint8_t pending[PENDING];
    uint8_t packed[PACKED];
    char base64[PACKED / 3 * 4 + 8];
};

/* ---------------------------------------------------------------- compressing */

static void put_packed(columns *to)
{
    base64_encode(to->base64, to->packed, PACKED - to->stream.avail_out);
    sink_text(to->out, to->base64);
    to->stream.next_out = to->packed;
    to->stream.avail_out = PACKED;
}

static void compress_pending(columns *to, int flush)
{
    int result = Z_OK;
    to->sum = crc32(to->sum, to->pending, (uInt)to->pending_used);
    to->stream.next_in = to->pending;
    to->stream.avail_in = (uInt)to->pending_used;
    to->pending_used = 0;
    while (to->status == ML_OK) {
        result = deflate(&to->stream, flush);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            to->status = ML_ERROR_FAILED;
        if (to->stream.avail_out)
            break;
        put_packed(to);
    }
}

static void put_byte(columns *to, uint8_t byte)
{
    if (to->pending_used == PENDING)
        compress_pending(to, Z_NO_FLUSH);
    to->pending[to->pending_used++] = byte;
}

void columns_number(columns *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(to, (uint8_t)(value | 0x80));
    put_byte(to, (uint8_t)value);
}

void columns_signed(columns *to, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    columns_number(to, value < 0 ? ~(bits << 1) : bits << 1);
}

/* ---------------------------------------------------------------- texts */

/* At most `most` bytes, not within a character. */
static size_t cut(const char *bytes, size_t length, size_t most)
{
    if (!most || length <= most)
        return length;
    while (most && ((unsigned char)bytes[most] & 0xC0u) == 0x80u)
        most--;
    return most;
}

static uint32_t add_text(columns *to, const char *bytes, size_t length)
{
    to->texts[to->text_count].bytes = bytes;
    to->texts[to->text_count].length = length;
    to->text_size += length;
    return ++to->text_count;
}

void columns_string(columns *to, uint32_t id, size_t most)
{
    const ml_strings *strings = to->model->strings;
    if (id >= strings->count) {
        columns_number(to, 0); /* the first text is empty */
        return;
    }
    if (!to->number_of[id]) {
        const char *bytes = strings->bytes + strings->offset[id];
        to->number_of[id] = add_text(to, bytes, cut(bytes, strings->length[id], most));
    }
    columns_number(to, to->number_of[id] - 1);
}

size_t columns_text_size(const columns *to)
{
    return to->text_size;
}

static void put_texts(columns *to)
{
    columns_number(to, to->text_count);
    for (uint32_t i = 0; i < to->text_count; i++)
        columns_number(to, to->texts[i].length);
    for (uint32_t i = 0; i < to->text_count; i++)
        for (size_t b = 0; b < to->texts[i].length; b++)
            put_byte(to, (uint8_t)to->texts[i].bytes[b]);
}

/* ---------------------------------------------------------------- begin and end */

columns *columns_begin(const ml_host *host, sink *out, const ml_model *model, const char *name)
{
    columns *to = (columns *)ml_alloc(host, 1, sizeof *to);
    if (!to)
        return NULL;
    to->host = host;
    to->model = model;
    to->out = out;
    to->number_of = (uint32_t *)ml_alloc(host, model->strings->count, sizeof *to->number_of);
    to->texts = (text *)ml_alloc(host, (size_t)model->strings->count + 1, sizeof *to->texts);
    if (!to->number_of || !to->texts ||
        deflateInit2(&to->stream, LEVEL, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    to->sum = crc32(0, NULL, 0);
    to->stream.next_out = to->packed;
    to->stream.avail_out = PACKED;
    add_text(to, "", 0);
    sink_format(out, "<script type=\"application/octet-stream\" id=\"data-%s\">", name);
    return to;
}

ml_status columns_end(columns *to)
{
    put_texts(to);
    compress_pending(to, Z_FINISH);
    put_packed(to);
    deflateEnd(&to->stream);
    sink_format(to->out, ":%08lx</script>\n", (unsigned long)to->sum);
    if (to->status != ML_OK)
        return ml_fail(to->host, to->status, "zlib could not compress the data of the page");
    return to->out->status;
}
