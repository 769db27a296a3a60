/* chunk: turns columns into one finished chunk: preamble, directory, payload, checksums.
 *
 * The columns of a chunk are collected one after another in one buffer; the directory of their
 * lengths is made at the end, since it stands in front. The zstd context lives in memory given at
 * the start and never allocates.
 */
#ifndef ML_FORMAT_CHUNK_H
#define ML_FORMAT_CHUNK_H

#include "core/base/buffer.h"
#include "core/format/layout.h"
#include "core/format/memory.h"

enum { ML_CHUNK_COLUMNS = ML_COLUMNS_MAX };

typedef struct ml_chunk_writer {
    int level;
    void *workspace; /* of the zstd context */
    size_t workspace_size;
    struct ZSTD_CCtx_s *zstd;
    ml_buffer preamble, directory;
    ml_buffer columns;               /* bytes of all columns of the open chunk */
    uint32_t keys[ML_CHUNK_COLUMNS]; /* id × 2 + ignorable, rising */
    size_t ends[ML_CHUNK_COLUMNS];   /* in `columns` */
    uint32_t count;
} ml_chunk_writer;

/* Takes its room out of `memory`: called once to measure and once for real. */
void ml_chunk_writer_carve(ml_chunk_writer *chunk, ml_memory *memory, int level, size_t payload);

/* Makes the compressor, after the second carving. */
ml_status ml_chunk_writer_start(ml_chunk_writer *chunk);

/* Begins a chunk: preamble and columns are empty. Preamble values are put into chunk->preamble. */
void ml_chunk_begin(ml_chunk_writer *chunk);

/* Ends the column whose bytes were just put into chunk->columns. Ids rise; an empty column is left
 * out. */
void ml_chunk_column(ml_chunk_writer *chunk, uint32_t id, uint32_t ignorable);

/* What a chunk's header says besides lengths and checksums. */
typedef struct ml_chunk_name {
    const char *type; /* four letters */
    uint32_t codec, flags, sequence;
    uint32_t chain; /* 0, or in a journal the checksum that the header's goes on from */
} ml_chunk_name;

/* Appends the whole chunk to `out`. Fails when a buffer overflowed; `out` is then as it was. */
ml_status ml_chunk_finish(ml_chunk_writer *chunk, ml_buffer *out, const ml_chunk_name *name);

/* The header's checksum of the chunk that was appended to `out` at `start`. */
uint32_t ml_chunk_checksum(const ml_buffer *out, size_t start);

/* Most bytes a chunk with `payload` payload bytes needs. */
size_t ml_chunk_bound(size_t payload);

#endif
