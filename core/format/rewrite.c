#include "core/format/rewrite.h"

#include "core/base/crc32c.h"
#include "core/format/chunk.h"
#include "core/format/join.h"
#include "core/format/write_head.h"

#include <string.h>

typedef struct rewriting {
    const ml_reader *reader;
    const ml_recording *recording;
    ml_memory memory;
    ml_chunk_writer chunk;
    uint32_t codec;
    ml_buffer room; /* for one chunk: its buffer never grows, as the compressor needs it */
    ml_buffer *out;
    size_t start; /* of the recording in `out` */
    ml_join join;
    uint32_t fewer; /* chunks than before, so far */
    uint64_t runs;  /* written, before this */
    size_t blocks;  /* SAMP and EVNT chunks behind us */
    ml_rewrite_result *result;
    ml_error *error;
} rewriting;

int ml_rewrite_is_needed(const ml_recording *recording)
{
    const ml_diagnostics *d = &recording->diagnostics;

    return d->damaged_header || d->torn_bytes != 0 || d->damaged_chunks != 0 ||
           d->unusable_definitions != 0 || d->journal_chunks != 0 ||
           recording->sound_bytes != recording->bytes;
}

/* ---- the compressor ---- */

static void carve(rewriting *r, ml_memory *memory, int level)
{
    ml_chunk_writer_carve(&r->chunk, memory, level, ML_PAYLOAD_MAX);
    ml_memory_carve_buffer(memory, &r->room, 2 * ml_chunk_bound(ML_PAYLOAD_MAX));
}

static ml_status start(rewriting *r, int level)
{
    carve(r, &r->memory, level);
    if (ml_memory_map(&r->memory) < 0) {
        return ml_error_set(r->error, ML_ERROR_MEMORY, "no memory to compress a recording");
    }
    carve(r, &r->memory, level);
    if (ml_join_start(&r->join, r->reader, r->recording) < 0) {
        return ml_error_set(r->error, ML_ERROR_MEMORY, "no memory to join blocks");
    }
    return ml_chunk_writer_start(&r->chunk) < 0
               ? ml_error_set(r->error, ML_ERROR_FAILED, "the compressor cannot be started")
               : ML_OK;
}

/* ---- the file header ---- */

static void put_u32_at(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_header(rewriting *r)
{
    enum { AT_SIZE = 8, AT_FLAGS = 28, AT_CRC = 60 };
    uint8_t header[ML_MLOG_HEADER_SIZE];

    memcpy(header, r->reader->bytes + r->recording->file_offset, sizeof(header));
    header[AT_SIZE] = ML_MLOG_HEADER_SIZE;
    header[AT_SIZE + 1] = 0;
    put_u32_at(header + AT_FLAGS, r->recording->flags | ML_MLOG_FLAG_REWRITTEN);
    put_u32_at(header + AT_CRC, ml_crc32c(0, header, AT_CRC));
    ml_buffer_put(r->out, header, sizeof(header));
}

/* ---- chunks ---- */

static ml_status finish_chunk(rewriting *r, const ml_chunk_view *view, uint32_t codec)
{
    ml_chunk_name name = {view->type, codec, view->flags, view->sequence - r->fewer, 0};

    ml_buffer_clear(&r->room);
    if (ml_chunk_finish(&r->chunk, &r->room, &name) < 0) {
        return ml_error_set(r->error, ML_ERROR_TOO_LARGE, "chunk %u (%s) is too large to rewrite",
                            view->sequence, view->type);
    }
    ml_buffer_put(r->out, r->room.data, r->room.length);
    return r->out->status;
}

static void put_preamble(rewriting *r, const ml_chunk_view *view)
{
    ml_chunk_begin(&r->chunk);
    ml_buffer_put(&r->chunk.preamble, view->preamble.at, ml_cursor_left(&view->preamble));
}

static ml_status put_columns(rewriting *r, const ml_chunk_view *view, uint32_t codec)
{
    ml_columns columns = {0};
    ml_arena scratch;
    ml_status status;

    ml_arena_init(&scratch, 0);
    status = ml_chunk_columns(view, &r->reader->limits, &scratch, &columns, r->error);
    put_preamble(r, view);
    for (uint32_t i = 0; status == ML_OK && i < columns.count; i++) {
        ml_buffer_put(&r->chunk.columns, columns.items[i].at, columns.items[i].length);
        ml_chunk_column(&r->chunk, columns.items[i].id, (uint32_t)columns.items[i].ignorable);
    }
    if (status == ML_OK) {
        status = finish_chunk(r, view, codec);
    }
    ml_arena_release(&scratch);
    return status;
}

/* What dONE says, with the number of chunks and runs that there are now. */
static void put_totals(rewriting *r, const ml_chunk_view *view)
{
    ml_cursor preamble = view->preamble;

    ml_chunk_begin(&r->chunk);
    for (unsigned i = 0; i <= ML_DONE_RUNS; i++) {
        uint64_t value = ml_cursor_uv(&preamble);
        value -= i == ML_DONE_CHUNKS ? r->fewer : 0;
        ml_buffer_put_uv(&r->chunk.preamble, i == ML_DONE_RUNS ? r->runs : value);
    }
    ml_buffer_put(&r->chunk.preamble, preamble.at, ml_cursor_left(&preamble));
}

/* The end again, with the length that the recording has now. */
static ml_status put_end(rewriting *r, const ml_chunk_view *view)
{
    size_t before = r->out->length;
    uint64_t length = 0;

    if (!r->recording->diagnostics.clean_end) {
        return ML_OK;
    }
    for (int pass = 0; pass < 2; pass++) { /* made once to see how long it is */
        r->out->length = before;
        put_totals(r, view);
        ml_trailer_encode(&r->chunk, length);
        ML_TRY(finish_chunk(r, view, ML_MLOG_STORED));
        length = r->out->length - r->start;
    }
    return ML_OK;
}

/* Its content as it is, in a header with the number that it has now and the checksum of a chunk outside of a journal. */
static ml_status copy_chunk(rewriting *r, const ml_chunk_view *view)
{
    enum { SAFE_TO_COPY = 0x20, AT_SEQUENCE = 20, AT_CRC = 28 };
    const uint8_t *at = view->preamble.at - ML_MLOG_CHUNK_SIZE;
    uint8_t header[ML_MLOG_CHUNK_SIZE];

    if ((view->type[3] & SAFE_TO_COPY) == 0) {
        r->result->left_out++;
        r->fewer++;
        return ML_OK;
    }
    memcpy(header, at, sizeof(header));
    put_u32_at(header + AT_SEQUENCE, view->sequence - r->fewer);
    put_u32_at(header + AT_CRC, ml_crc32c(0, header, AT_CRC));
    ml_buffer_put(r->out, header, sizeof(header));
    ml_buffer_put(r->out, at + ML_MLOG_CHUNK_SIZE, view->total_length - ML_MLOG_CHUNK_SIZE);
    return r->out->status;
}

static int is_block(const ml_chunk_view *view)
{
    return strcmp(view->type, "SAMP") == 0 || strcmp(view->type, "EVNT") == 0;
}

static ml_status put_chunk(rewriting *r, const ml_chunk_place *place)
{
    ml_chunk_view view;
    int is_plain;

    if (ml_chunk_view_place(r->reader, place, &view) < 0) {
        return ml_error_set(r->error, ML_ERROR_FORMAT, "a chunk changed while it was read");
    }
    if (!place->is_known) {
        return copy_chunk(r, &view);
    }
    if (strcmp(view.type, "dONE") == 0) {
        return put_end(r, &view);
    }
    if (is_block(&view)) {
        r->runs += r->recording->chunks[r->blocks++].runs;
    }
    is_plain = strcmp(view.type, "HEAD") == 0 || strcmp(view.type, "gAPS") == 0;
    return put_columns(r, &view, is_plain ? ML_MLOG_STORED : r->codec);
}

/* ---- neighbours that become one ---- */

/* Neighbouring units, found in the recording. */
typedef struct neighbours {
    size_t first, end, blocks; /* places; and how many of them are SAMP and EVNT */
    uint32_t units;
} neighbours;

static size_t count_blocks(const ml_join_unit *unit)
{
    return (size_t)(unit->samples != 0) + (unit->events != 0);
}

/* Joins as many units as can be from `first` on, at most `most`. */
static neighbours join_units(rewriting *r, size_t first, uint32_t most)
{
    neighbours found = {.first = first, .end = first};
    ml_join_unit unit;

    ml_join_clear(&r->join);
    while (found.units < most) {
        ml_join_find(&r->join, found.end, r->blocks + found.blocks, &unit);
        if (unit.end == unit.first || !ml_join_add(&r->join, &unit)) {
            break;
        }
        found.end = unit.end;
        found.blocks += count_blocks(&unit);
        found.units++;
    }
    return found;
}

/* The units from `first` on that can be joined, joined. */
static neighbours find_neighbours(rewriting *r, size_t first)
{
    neighbours found = join_units(r, first, UINT32_MAX);

    /* The one that did not fit may have left something in the block. */
    return found.units < 2 ? found : join_units(r, first, found.units);
}

/* Puts what was joined behind what is there; returns how many chunks that are, 0 if they cannot be made. */
static uint32_t put_joined(rewriting *r)
{
    uint32_t first = r->join.whole.first_sequence - r->fewer;
    uint32_t count = 0;
    ml_chunk_name name;

    while (ml_join_next(&r->join, &r->chunk, &name)) {
        name.codec = r->codec;
        name.sequence = first + count++;
        ml_buffer_clear(&r->room);
        if (ml_chunk_finish(&r->chunk, &r->room, &name) < 0) {
            return 0;
        }
        ml_buffer_put(r->out, r->room.data, r->room.length);
    }
    return count;
}

/* Neighbours are written one by one and joined; what is not smaller goes. */
static ml_status put_neighbours(rewriting *r, const neighbours *n)
{
    ml_buffer *out = r->out;
    uint64_t runs = r->runs;
    size_t start = out->length;
    size_t middle, joined;
    uint32_t chunks;

    for (size_t i = n->first; i < n->end; i++) {
        ML_TRY(put_chunk(r, &r->recording->places[i]));
    }
    if (n->units < 2) {
        return ML_OK;
    }
    middle = out->length;
    chunks = put_joined(r);
    joined = out->length - middle;
    if (chunks == 0 || chunks > n->end - n->first || joined > middle - start) {
        out->length = middle;
        return ML_OK;
    }
    memmove(out->data + start, out->data + middle, joined);
    out->length = start + joined;
    r->fewer += (uint32_t)(n->end - n->first) - chunks;
    r->runs = runs + r->join.runs;
    return ML_OK;
}

/* ---- the whole ---- */

static ml_status check(const ml_recording *recording, ml_error *error)
{
    const ml_diagnostics *d = &recording->diagnostics;

    if (d->damaged_header) {
        return ml_error_set(error, ML_ERROR_FORMAT,
                            "its file header is damaged, so what it was cannot be written again");
    }
    if (recording->rewrite_features != 0) {
        return ml_error_set(error, ML_ERROR_UNSUPPORTED,
                            "to rewrite it, feature bit %d must be understood: use a newer program",
                            __builtin_ctz(recording->rewrite_features));
    }
    if (d->unknown_critical != 0) {
        return ml_error_set(error, ML_ERROR_UNSUPPORTED,
                            "it has chunks that this program does not know: use a newer one (%s)",
                            d->first);
    }
    return ML_OK;
}

ml_status ml_rewrite(const ml_reader *reader, size_t index, int level, ml_buffer *out,
                     ml_rewrite_result *result, ml_error *error)
{
    rewriting r = {.reader = reader,
                   .recording = ml_reader_recording(reader, index),
                   .codec = level == 0 ? ML_MLOG_STORED : ML_MLOG_ZSTD,
                   .out = out,
                   .start = out->length,
                   .result = result,
                   .error = error};
    ml_status status = check(r.recording, error);

    if (status == ML_OK) {
        status = start(&r, level);
    }
    if (status == ML_OK) {
        put_header(&r);
    }
    for (size_t i = 0; status == ML_OK && i < r.recording->place_count;) {
        neighbours found = find_neighbours(&r, i);
        status =
            found.units == 0 ? put_chunk(&r, &r.recording->places[i]) : put_neighbours(&r, &found);
        i = found.units == 0 ? i + 1 : found.end;
    }
    ml_join_release(&r.join);
    ml_memory_unmap(&r.memory);
    if (status == ML_OK && out->status < 0) {
        status = ml_error_set(error, out->status, "no memory for the rewritten recording");
    }
    return status;
}

enum { LEVEL_OF_COPIES = 3 }; /* zstd, where time matters as well */

ml_status ml_rewrite_copy(const ml_reader *reader, size_t index, ml_buffer *out, ml_error *error)
{
    const ml_recording *recording = ml_reader_recording(reader, index);
    ml_rewrite_result ignored = {0};

    if (recording->diagnostics.journal_chunks != 0) {
        return ml_rewrite(reader, index, LEVEL_OF_COPIES, out, &ignored, error);
    }
    ml_buffer_put(out, reader->bytes + recording->file_offset, (size_t)recording->bytes);
    return out->status < 0 ? ml_error_set(error, out->status, "no room to copy a recording")
                           : ML_OK;
}
