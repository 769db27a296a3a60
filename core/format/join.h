/* join: makes one block of neighbouring blocks of a recording, by the encoder that made them.
 *
 * Blocks are sealed for the sake of a recorder's memory and of what a crash would cost; read again, larger ones say the
 * same in fewer bytes. What is joined is what the recorder would have written had it sealed later: equal runs that meet
 * at a border are one, and the drift is that of the last block.
 *
 * Blocks are joined only where nothing is lost by it: without a slot or a chunk missing in between, within the limits of
 * the format, and only chunks of which every flag, preamble value and column is known here. All else is for the caller
 * to copy.
 */
#ifndef ML_FORMAT_JOIN_H
#define ML_FORMAT_JOIN_H

#include "core/format/block.h"
#include "core/format/read_parts.h"

/* What a recorder writes in one act, or part of it: definitions, then samples and events of the same time. */
typedef struct ml_join_unit {
    size_t first, end; /* places of the recording; none: no chunk that may be joined is there */
    size_t samples, events; /* index + 1 among the recording's chunks; 0: there are none */
    uint32_t first_sequence, last_sequence;
    uint32_t flags; /* of its last chunk */
    int defines;    /* from `from` up to `upto` */
    uint32_t from[ML_TABLE_COUNT], upto[ML_TABLE_COUNT];
    uint32_t nodes, threads; /* defined when samples were written */
} ml_join_unit;

typedef struct ml_join {
    const ml_reader *reader;
    const ml_recording *recording;
    int is_possible; /* the writer could have made the recording's kinds */
    ml_arena arena;
    ml_memory memory;
    ml_block block;
    ml_writer_tables *tables; /* the recording's, as the encoder wants them */
    uint32_t count;           /* units so far */
    ml_join_unit whole;       /* what they make */
    int64_t drift;            /* of the last block */
    uint64_t runs;            /* of the joined block, when its samples were made */
} ml_join;

/* Makes room; to be released in any case. ML_ERROR_MEMORY. */
ml_status ml_join_start(ml_join *join, const ml_reader *reader, const ml_recording *recording);
void ml_join_release(ml_join *join);

/* Finds the unit that begins at `place`; `chunk` SAMP and EVNT chunks are before it. */
void ml_join_find(const ml_join *join, size_t place, size_t chunk, ml_join_unit *unit);

/* Forgets the units. */
void ml_join_clear(ml_join *join);

/* Adds a unit to those before. False: it cannot be joined to them, and before ml_join_clear nothing more is to be done. */
int ml_join_add(ml_join *join, const ml_join_unit *unit);

/* Puts the next chunk of what was joined into `chunk`, its type and flags into `name`; false when there is no more. Each is
 * made once. */
int ml_join_next(ml_join *join, ml_chunk_writer *chunk, ml_chunk_name *name);

#endif
