#include "core/base/crc32c.h"
#include "core/format/write_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

ml_status ml_writer_journal(ml_writer *writer, int descriptor, const char *path)
{
    ml_writer_journal_state *journal = &writer->journal;
    size_t length = strlen(path);

    if (length >= sizeof(journal->path)) {
        close(descriptor);
        return ML_ERROR_ARGUMENT;
    }
    memcpy(journal->path, path, length + 1);
    journal->descriptor = descriptor;
    return ML_OK;
}

int ml_writer_journal_works(const ml_writer *writer)
{
    return writer->journal.descriptor >= 0 && !writer->journal.is_stopped &&
           !writer->journal.is_failing;
}

/* ---- one flush ---- */

/* What will be true of the journal when the bytes in `out` are in it. */
typedef struct flush {
    ml_writer *writer;
    uint64_t length;
    uint32_t sequence, chain;
    uint32_t journaled[ML_TABLE_COUNT];
} flush;

/* Writes `out` behind what is whole. What a failure leaves there is written over by the next flush: the chain of
 * checksums ends before it. */
static ml_status write_out(flush *f)
{
    ml_writer *writer = f->writer;
    size_t done = 0;

    while (done < writer->out.length) {
        ssize_t step = pwrite(writer->journal.descriptor, writer->out.data + done,
                              writer->out.length - done, (off_t)(f->length + done));
        if (step > 0) {
            done += (size_t)step;
        } else if (step == 0 || errno != EINTR) {
            return ML_ERROR_IO;
        }
    }
    f->length += done;
    ml_buffer_clear(&writer->out);
    return ML_OK;
}

static ml_status add_chunk(flush *f, const char *type, uint32_t flags)
{
    ml_writer *writer = f->writer;
    size_t start = writer->out.length;
    ml_chunk_name name = {type, ML_MLOG_STORED, flags, f->sequence, f->chain};

    ML_TRY(ml_chunk_finish(&writer->chunk, &writer->out, &name));
    f->chain = ml_chunk_checksum(&writer->out, start);
    f->sequence++;
    return ML_OK;
}

/* The journal's own file header, in front of its first chunk. */
static void begin(flush *f)
{
    ml_writer *writer = f->writer;

    memcpy(f->journaled, writer->tables.sealed, sizeof(f->journaled));
    f->sequence = writer->sequence;
    ml_header_encode(&writer->out, &writer->head, ML_MLOG_FLAG_JOURNAL);
    f->chain = ml_crc32c(0, writer->out.data, ML_MLOG_HEADER_SIZE);
}

static ml_status add_definitions(flush *f)
{
    const ml_writer_tables *tables = &f->writer->tables;
    uint32_t upto[ML_TABLE_COUNT];

    while (memcmp(f->journaled, tables->count, sizeof(f->journaled)) != 0) {
        int is_first = f->journaled[ML_TABLE_STRINGS] == 1 && f->journaled[ML_TABLE_NODES] == 1;
        if (f->writer->out.length > ml_chunk_bound(0)) {
            ML_TRY(write_out(f));
        }
        ml_tables_encode(tables, &f->writer->chunk, f->journaled, upto);
        ML_TRY(add_chunk(f, "DEFS", is_first ? ML_MLOG_KEY : 0));
        memcpy(f->journaled, upto, sizeof(upto));
    }
    return ML_OK;
}

static ml_status add_tail(flush *f, int64_t drift)
{
    ml_writer *writer = f->writer;
    ml_block *block = &writer->block;
    ml_block_context context = {&writer->head, &writer->tables, drift, ML_BLOCK_TAIL};
    ml_block_totals totals;

    if (block->ticks > block->mark.ticks) {
        ml_block_encode_samples(block, &writer->chunk, &context, &totals);
        ML_TRY(add_chunk(f, "SAMP", ML_MLOG_KEY));
    }
    if (block->event_count > block->mark.event_count) {
        ml_block_encode_events(block, &writer->chunk, &context, &totals);
        ML_TRY(add_chunk(f, "EVNT", ML_MLOG_KEY));
    }
    return write_out(f);
}

static int has_news(const ml_writer *writer)
{
    const ml_block *block = &writer->block;

    return block->ticks > block->mark.ticks || block->event_count > block->mark.event_count;
}

static ml_status append(ml_writer *writer, int64_t drift)
{
    ml_writer_journal_state *journal = &writer->journal;
    flush f = {writer, journal->length, journal->sequence, journal->chain, {0}};

    memcpy(f.journaled, writer->tables.journaled, sizeof(f.journaled));
    ml_buffer_clear(&writer->out);
    if (journal->length == 0) {
        begin(&f);
    }
    ML_TRY(add_definitions(&f));
    ML_TRY(add_tail(&f, drift));
    journal->length = f.length;
    journal->sequence = f.sequence;
    journal->chain = f.chain;
    memcpy(writer->tables.journaled, f.journaled, sizeof(f.journaled));
    ml_block_set_mark(&writer->block);
    return ML_OK;
}

ml_status ml_writer_flush(ml_writer *writer, uint64_t now_ns, int64_t wall_ns)
{
    ml_writer_journal_state *journal = &writer->journal;
    ml_status status = ML_OK;

    if (journal->descriptor < 0 || journal->is_stopped) {
        return ML_OK;
    }
    ml_block_event_cancel(&writer->block);
    if (has_news(writer)) {
        status = append(writer, ml_writer_drift(writer, now_ns, wall_ns));
        ml_buffer_clear(&writer->out);
    }
    journal->is_failing = status < 0;
    journal->next_flush_ns =
        now_ns + (status < 0 ? writer->options.retry_ns : writer->options.flush_ns);
    return status;
}

/* ---- the end of what it holds ---- */

void ml_writer_journal_reset(ml_writer *writer)
{
    ml_writer_journal_state *journal = &writer->journal;

    if (journal->descriptor >= 0 && journal->length != 0) {
        /* If it stays longer, its first number tells that it is old. */
        (void)!ftruncate(journal->descriptor, 0);
    }
    journal->length = 0;
    journal->is_stopped = 0;
}

void ml_writer_journal_close(ml_writer *writer, int is_complete)
{
    ml_writer_journal_state *journal = &writer->journal;

    if (journal->descriptor < 0) {
        return;
    }
    if (is_complete) {
        unlink(journal->path);
    }
    close(journal->descriptor);
    journal->descriptor = -1;
}
