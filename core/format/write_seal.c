#include "core/format/write_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- writing out ---- */

/* Writes what it can of `out`; returns how much that was. */
static size_t write_bytes(ml_writer *writer)
{
    size_t done = 0;

    while (done < writer->out.length) {
        ssize_t step =
            write(writer->descriptor, writer->out.data + done, writer->out.length - done);
        if (step > 0) {
            done += (size_t)step;
        } else if (step == 0 || errno != EINTR) {
            writer->system_error = step == 0 ? EIO : errno;
            break;
        }
    }
    return done;
}

/* A chunk is whole in the file, so the writer can forget what it holds. */
static void settle(ml_writer *writer, const ml_pending_chunk *chunk)
{
    writer->written.ticks += chunk->totals.ticks;
    writer->written.samples += chunk->totals.samples;
    writer->written.runs += chunk->totals.runs;
    writer->written.events += chunk->totals.events;
    switch (chunk->content) {
    case ML_PENDING_DEFINITIONS:
        memcpy(writer->tables.sealed, chunk->upto, sizeof(chunk->upto));
        break;
    case ML_PENDING_SAMPLES: ml_block_clear_samples(&writer->block); break;
    case ML_PENDING_EVENTS: ml_block_clear_events(&writer->block); break;
    case ML_PENDING_LOST: ml_block_clear_lost(&writer->block); break;
    default: break;
    }
}

/* Takes the beginning of a chunk that a failed write has left back, where that can be done. Returns how many bytes are
 * gone. */
static size_t take_back(const ml_writer *writer, size_t partial)
{
    struct stat about;

    if (partial == 0 || fstat(writer->descriptor, &about) != 0 || !S_ISREG(about.st_mode) ||
        about.st_size < (off_t)partial ||
        ftruncate(writer->descriptor, about.st_size - (off_t)partial) != 0) {
        return 0;
    }
    lseek(writer->descriptor, -(off_t)partial, SEEK_CUR);
    return partial;
}

static int holds_block(const ml_pending_chunk *chunk)
{
    return chunk->content == ML_PENDING_SAMPLES || chunk->content == ML_PENDING_EVENTS;
}

/* Writes the batch. Chunks that are whole in the file hold, whatever happened to those behind them;
 * those come again, under the same numbers. */
static ml_status write_batch(ml_writer *writer)
{
    size_t length = writer->out.length;
    size_t done = write_bytes(writer);
    size_t whole = 0; /* bytes of whole chunks */
    uint32_t i = 0;

    for (; i < writer->batch_count && writer->batch[i].end <= done; i++) {
        settle(writer, &writer->batch[i]);
        whole = writer->batch[i].end;
    }
    if (i < writer->batch_count) {
        writer->sequence = writer->batch[i].sequence;
        writer->journal.is_stopped |= i > 0 && holds_block(&writer->batch[i - 1]);
    }
    writer->written.bytes += done - take_back(writer, done - whole);
    writer->batch_count = 0;
    ml_buffer_clear(&writer->out);
    return done == length ? ML_OK : ML_ERROR_IO;
}

/* Ends the open chunk and puts it into the batch. */
static ml_status add_chunk(ml_writer *writer, const char *type, uint32_t codec, uint32_t flags,
                           const ml_pending_chunk *meaning)
{
    ml_pending_chunk *chunk = &writer->batch[writer->batch_count];
    ml_chunk_name name = {type, codec, flags, writer->sequence, 0};

    ML_TRY(ml_chunk_finish(&writer->chunk, &writer->out, &name));
    *chunk = *meaning;
    chunk->end = writer->out.length;
    chunk->sequence = writer->sequence++;
    writer->batch_count++;
    return ML_OK;
}

ml_status ml_writer_begin(ml_writer *writer, const ml_head *head)
{
    ml_pending_chunk meaning = {0};

    ml_header_encode(&writer->out, head, writer->flags);
    ml_head_encode(&writer->chunk, head);
    ML_TRY(add_chunk(writer, "HEAD", ML_MLOG_STORED, 0, &meaning));
    return write_batch(writer);
}

/* ---- one block ---- */

int64_t ml_writer_drift(const ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    uint64_t predicted = (uint64_t)writer->head.wall_ns + now_ns;

    return (int64_t)((uint64_t)wall_ns - predicted);
}

static int is_empty(const ml_writer *writer)
{
    return writer->block.ticks == 0 && writer->block.event_count == 0;
}

static int is_lossy(const ml_writer *writer)
{
    return writer->block.lost.first_ns != UINT64_MAX;
}

/* Puts all pending definitions into the batch, writing it out when it becomes too full for the
 * block. */
static ml_status add_definitions(ml_writer *writer)
{
    const ml_writer_tables *tables = &writer->tables;
    uint32_t from[ML_TABLE_COUNT];

    memcpy(from, tables->sealed, sizeof(from));
    while (memcmp(from, tables->count, sizeof(from)) != 0) {
        ml_pending_chunk meaning = {.content = ML_PENDING_DEFINITIONS};
        uint32_t is_first = from[ML_TABLE_STRINGS] == 1 && from[ML_TABLE_NODES] == 1;
        if (writer->out.length > ml_chunk_bound(0) || writer->batch_count > BATCH_CHUNKS - 4) {
            ML_TRY(write_batch(writer));
        }
        ml_tables_encode(tables, &writer->chunk, from, meaning.upto);
        ML_TRY(add_chunk(writer, "DEFS", ML_MLOG_ZSTD, ML_MLOG_MORE | (is_first ? ML_MLOG_KEY : 0),
                         &meaning));
        memcpy(from, meaning.upto, sizeof(from));
    }
    return ML_OK;
}

static ml_status add_block(ml_writer *writer, int64_t drift)
{
    ml_block *block = &writer->block;
    ml_block_context context = {&writer->head, &writer->tables, drift, ML_BLOCK_WHOLE};
    uint32_t more_events = block->event_count != 0 ? ML_MLOG_MORE : 0;
    uint32_t more_lost = is_lossy(writer) ? ML_MLOG_MORE : 0;
    ml_pending_chunk samples = {.content = ML_PENDING_SAMPLES};
    ml_pending_chunk events = {.content = ML_PENDING_EVENTS};

    if (block->ticks != 0) {
        ml_block_encode_samples(block, &writer->chunk, &context, &samples.totals);
        ML_TRY(add_chunk(writer, "SAMP", ML_MLOG_ZSTD, ML_MLOG_KEY | more_events | more_lost,
                         &samples));
    }
    if (block->event_count != 0) {
        ml_block_encode_events(block, &writer->chunk, &context, &events.totals);
        ML_TRY(add_chunk(writer, "EVNT", ML_MLOG_ZSTD, ML_MLOG_KEY | more_lost, &events));
    }
    return ML_OK;
}

/* What was lost since the last seal, and why. */
static ml_status add_lost(ml_writer *writer)
{
    const ml_block_lost *lost = &writer->block.lost;
    ml_pending_chunk meaning = {.content = ML_PENDING_LOST};
    ml_buffer *preamble = &writer->chunk.preamble;

    if (!is_lossy(writer)) {
        return ML_OK;
    }
    ml_chunk_begin(&writer->chunk);
    ml_buffer_put_uv(preamble, lost->first_ns);
    ml_buffer_put_uv(preamble, lost->last_ns - lost->first_ns);
    ml_buffer_put_uv(preamble, writer->is_paused ? ML_MLOG_GAP_UNWRITTEN : ML_MLOG_GAP_NO_ROOM);
    ml_buffer_put_uv(preamble, writer->is_paused ? (uint64_t)writer->system_error : 0);
    ml_buffer_put_uv(preamble, lost->ticks);
    ml_buffer_put_uv(preamble, lost->samples);
    ml_buffer_put_uv(preamble, lost->events);
    return add_chunk(writer, "gAPS", ML_MLOG_STORED, 0, &meaning);
}

static ml_status write_block(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    ML_TRY(add_definitions(writer));
    ML_TRY(add_block(writer, ml_writer_drift(writer, now_ns, wall_ns)));
    ML_TRY(add_lost(writer));
    return write_batch(writer);
}

/* A block that cannot be a chunk would never get out. */
static void drop_block(ml_writer *writer)
{
    writer->written.dropped += (uint64_t)writer->block.ticks + writer->block.event_count;
    writer->sequence++; /* a reader shall see that something is missing */
    ml_block_clear_samples(&writer->block);
    ml_block_clear_events(&writer->block);
}

/* What was not written stays in the block and comes with the next one. */
static ml_status seal(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    ml_status status = ML_OK;

    ml_block_event_cancel(&writer->block);
    writer->sealed_at_ns = now_ns;
    if (is_empty(writer) && !is_lossy(writer)) {
        return ML_OK;
    }
    status = write_block(writer, now_ns, wall_ns);
    writer->batch_count = 0;
    ml_buffer_clear(&writer->out);
    writer->is_paused = status < 0;
    if (status < 0) {
        writer->retry_at_ns = now_ns + writer->options.retry_ns;
        if (status != ML_ERROR_IO) {
            drop_block(writer);
        }
        return status;
    }
    writer->system_error = 0;
    writer->written.blocks++;
    ml_writer_journal_reset(writer);
    return ML_OK;
}

ml_status ml_writer_seal(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    if (writer->is_paused && now_ns < writer->retry_at_ns) {
        return ML_ERROR_IO;
    }
    return seal(writer, now_ns, wall_ns);
}

/* ---- when ---- */

static int is_due(const ml_writer *writer, uint64_t now_ns)
{
    enum { FULL = 70, JOURNAL_LONG = 8 << 20 };
    const ml_writer_options *options = &writer->options;
    uint64_t age = now_ns - writer->sealed_at_ns;

    if (writer->is_paused) {
        return now_ns >= writer->retry_at_ns;
    }
    return age >= (ml_writer_journal_works(writer) ? options->seal_ns : options->bare_seal_ns) ||
           ml_block_size(&writer->block) + ml_tables_size(&writer->tables) >=
               options->block_bytes ||
           ml_writer_fill(writer) >= FULL || writer->journal.length >= JOURNAL_LONG;
}

ml_status ml_writer_advance(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    if (is_due(writer, now_ns)) {
        return ml_writer_seal(writer, now_ns, wall_ns);
    }
    if (now_ns >= writer->journal.next_flush_ns) {
        ml_writer_flush(writer, now_ns, wall_ns);
    }
    return writer->is_paused ? ML_ERROR_IO : ML_OK;
}

/* ---- source files ---- */

static int are_in_order(const ml_writer *writer, const ml_source *sources, uint32_t count)
{
    uint32_t previous = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (sources[i].file <= previous ||
            sources[i].file >= writer->tables.sealed[ML_TABLE_STRINGS]) {
            return 0;
        }
        previous = sources[i].file;
    }
    return count <= ML_SOURCES_MAX;
}

static void put_sources(ml_chunk_writer *chunk, const ml_source *sources, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&chunk->columns, sources[i].file - (i == 0 ? 0 : sources[i - 1].file));
    }
    ml_chunk_column(chunk, ML_SRCE_FILE, 0);
    for (uint32_t i = 0; i < count; i++) {
        ml_buffer_put_uv(&chunk->columns, sources[i].size);
    }
    ml_chunk_column(chunk, ML_SRCE_SIZE, 0);
    for (uint32_t i = 0; i < count; i++) {
        ml_buffer_put_sv(&chunk->columns, sources[i].mtime_ns);
    }
    ml_chunk_column(chunk, ML_SRCE_MTIME, 0);
    for (uint32_t i = 0; i < count; i++) {
        ml_buffer_put(&chunk->columns, sources[i].sha256, sizeof(sources[i].sha256));
    }
    ml_chunk_column(chunk, ML_SRCE_HASH, 0);
}

ml_status ml_writer_sources(ml_writer *writer, const ml_source *sources, uint32_t count,
                            uint64_t unreadable, uint64_t left_out)
{
    ml_pending_chunk meaning = {0};
    ml_buffer *preamble = &writer->chunk.preamble;

    if (writer->is_paused) {
        return ML_ERROR_IO;
    }
    if (!are_in_order(writer, sources, count)) {
        return ML_ERROR_ARGUMENT;
    }
    ml_chunk_begin(&writer->chunk);
    ml_buffer_put_uv(preamble, count);
    ml_buffer_put_uv(preamble, unreadable);
    ml_buffer_put_uv(preamble, left_out);
    put_sources(&writer->chunk, sources, count);
    ML_TRY(add_chunk(writer, "sRCe", ML_MLOG_ZSTD, 0, &meaning));
    return write_batch(writer);
}

/* ---- the end ---- */

static void put_totals(ml_writer *writer, uint64_t now_ns)
{
    ml_buffer *preamble = &writer->chunk.preamble;
    ml_writer_statistics totals;

    ml_writer_statistics_get(writer, &totals);
    ml_buffer_put_uv(preamble, now_ns);
    ml_buffer_put_uv(preamble, (uint64_t)writer->sequence + 1);
    ml_buffer_put_uv(preamble, totals.ticks);
    ml_buffer_put_uv(preamble, totals.samples);
    ml_buffer_put_uv(preamble, totals.runs);
    ml_buffer_put_uv(preamble, totals.events);
    ml_buffer_put_uv(preamble, totals.dropped);
}

static ml_status write_end(ml_writer *writer, uint64_t now_ns)
{
    ml_pending_chunk meaning = {0};
    uint64_t length = 0;

    /* The chunk tells its own length: made once to see it, and once for real. */
    for (int pass = 0; pass < 2; pass++) {
        ml_buffer_clear(&writer->out);
        writer->batch_count = 0;
        writer->sequence -= (uint32_t)pass;
        ml_chunk_begin(&writer->chunk);
        put_totals(writer, now_ns);
        ml_trailer_encode(&writer->chunk, length);
        ML_TRY(add_chunk(writer, "dONE", ML_MLOG_STORED, 0, &meaning));
        length = writer->written.bytes + writer->out.length;
    }
    return write_batch(writer);
}

ml_status ml_writer_close(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    ml_status status = seal(writer, now_ns, wall_ns);
    int closed;

    if (status < 0 && writer->journal.descriptor >= 0) {
        ml_writer_flush(writer, now_ns, wall_ns); /* the journal then ends the recording */
    } else if (status < 0) {
        drop_block(writer);
        write_end(writer, now_ns);
    } else {
        status = write_end(writer, now_ns);
    }
    ml_writer_journal_close(writer, status == ML_OK);
    closed = close(writer->descriptor);
    writer->descriptor = -1;
    ml_writer_abandon(writer);
    return status == ML_OK && closed != 0 ? ML_ERROR_IO : status;
}
