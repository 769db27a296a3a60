/* read_walk: what the parts of walking through a recording share: read_walk.c goes from chunk to chunk, read_header.c
 * reads the file header, read_journal.c what was written together and the journal.
 */
#ifndef ML_FORMAT_READ_WALK_H
#define ML_FORMAT_READ_WALK_H

#include "core/format/read_parts.h"

enum { HEADER_SIZE_MAX = 4096 };

/* What a recording was before chunks that were written together, in case the journal replaces them. */
typedef struct ml_walk_snapshot {
    uint32_t count[ML_TABLE_COUNT];
    uint64_t string_bytes, next_sequence, next_slot;
    size_t chunk_count, gap_count, place_count, offset;
    ml_sources_told sources;
    ml_diagnostics diagnostics;
} ml_walk_snapshot;

/* A recording while its bytes are walked through. */
typedef struct ml_walk {
    ml_reader *reader;
    ml_recording *recording;
    ml_table_store store;
    ml_chunk_info *chunks;
    ml_gap *gaps;
    ml_chunk_place *places;
    size_t chunk_capacity, gap_capacity, place_capacity;
    int is_rejected; /* the chunk at hand */
    uint64_t next_sequence;
    uint64_t next_slot; /* one behind the last block's */
    int has_head, is_ended;
    int group_is_open;      /* the last chunk said that more was written with it */
    ml_walk_snapshot group; /* before the first chunk of the open group */
    int in_journal;
    uint32_t chain;
    ml_error fatal; /* why the recording cannot be used at all */
} ml_walk;

/* Remembers the first problem in words. */
void ml_walk_note(ml_walk *w, size_t offset, const char *what);

/* Accepts a sound chunk in the order of sequence numbers. */
void ml_walk_accept(ml_walk *w, size_t offset, const ml_chunk_view *view);

/* Is there a whole file header with the right checksum? */
int ml_is_sound_header(const ml_reader *reader, size_t offset);

/* Reads the file header at `offset`; returns where the chunks begin. A damaged one tells nothing. */
size_t ml_walk_header(ml_walk *w, size_t offset);

/* Notes whether a chunk begins, continues or ends a group, before it is used. */
void ml_walk_group(ml_walk *w, size_t offset, const ml_chunk_view *view);

/* Goes on in the journal, if there is one and it continues the recording. */
void ml_walk_journal(ml_walk *w);

#endif
