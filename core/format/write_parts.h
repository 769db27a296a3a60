/* write_parts: what the parts of the writer share: write.c takes definitions, samples and events, write_seal.c puts
 * them into the recording, write_journal.c into the journal.
 */
#ifndef ML_FORMAT_WRITE_PARTS_H
#define ML_FORMAT_WRITE_PARTS_H

#include "core/format/block.h"
#include "core/format/write.h"
#include "core/format/write_head.h"

enum { BATCH_CHUNKS = 16, JOURNAL_PATH_MAX = 4352 };

/* What a chunk holds that waits to be written. */
typedef enum ml_pending_content {
    ML_PENDING_OTHER,
    ML_PENDING_DEFINITIONS,
    ML_PENDING_SAMPLES,
    ML_PENDING_EVENTS,
    ML_PENDING_LOST
} ml_pending_content;

/* A chunk that waits in `out`, and what is true once its last byte is in the file. */
typedef struct ml_pending_chunk {
    ml_pending_content content;
    size_t end;
    uint32_t sequence;
    uint32_t upto[ML_TABLE_COUNT]; /* of definitions */
    ml_block_totals totals;        /* of samples and events */
} ml_pending_chunk;

typedef struct ml_writer_journal_state {
    int descriptor; /* -1: there is none */
    int is_stopped; /* the recording has part of what the journal lacks: nothing more until the next seal */
    int is_failing;
    uint64_t length; /* of what is whole in it; 0: nothing since the last seal */
    uint64_t next_flush_ns;
    uint32_t sequence, chain; /* of the chunk to come */
    char path[JOURNAL_PATH_MAX];
} ml_writer_journal_state;

struct ml_writer {
    ml_memory memory;
    int descriptor;
    int system_error; /* why nothing is written; 0 while all is well */
    int is_paused;
    ml_writer_options options;
    uint64_t retry_at_ns, sealed_at_ns;
    uint32_t sequence, flags;
    ml_head head; /* numbers only: texts are gone after HEAD */
    ml_writer_tables tables;
    ml_block block;
    ml_chunk_writer chunk;
    ml_buffer out;
    ml_pending_chunk batch[BATCH_CHUNKS];
    uint32_t batch_count;
    ml_writer_journal_state journal;
    ml_writer_statistics written;
};

/* Appends HEAD to `out` and writes it out. */
ml_status ml_writer_begin(ml_writer *writer, const ml_head *head);

/* The wall clock at `now_ns` less what HEAD predicts. */
int64_t ml_writer_drift(const ml_writer *writer, uint64_t now_ns, int64_t wall_ns);

/* After a seal: what the journal holds is in the recording. */
void ml_writer_journal_reset(ml_writer *writer);

/* Is there a journal that keeps what is not sealed? */
int ml_writer_journal_works(const ml_writer *writer);

/* Closes the journal; removes it if the recording is complete without it. */
void ml_writer_journal_close(ml_writer *writer, int is_complete);

#endif
