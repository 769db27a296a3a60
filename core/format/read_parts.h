/* read_parts: what the parts of the reader share: the recording while it grows, and its decoders.
 */
#ifndef ML_FORMAT_READ_PARTS_H
#define ML_FORMAT_READ_PARTS_H

#include "core/format/chunk_read.h"
#include "core/format/read.h"

struct ml_reader {
    ml_arena arena;
    ml_limits limits;
    const uint8_t *bytes, *journal; /* journal NULL: there is none */
    size_t length, journal_length;
    void *owned, *owned_journal; /* the bytes, if the reader read them */
    const char *journal_problem; /* why a journal that is there could not be read, or NULL */
    const char *name;
    ml_recording **recordings;
    size_t count, capacity;
    uint64_t failed_body_bytes; /* checksummed in vain; bounded, see read_walk.c */
};

/* The tables while they grow: the same arrays as ml_tables, which is made from them at the end. */
typedef struct ml_table_store {
    uint32_t count[ML_TABLE_COUNT];
    size_t capacity[ML_TABLE_COUNT];
    uint64_t string_bytes;
    const uint8_t **string;
    uint32_t *string_length;
    uint32_t *code_file, *code_name, *code_module, *code_line, *code_flags;
    uint32_t *frame_code, *frame_line;
    uint32_t *node_parent, *node_frame;
    uint16_t *node_depth;
    uint64_t *thread_ident, *thread_native_id, *thread_interpreter, *thread_first_tick;
    uint32_t *thread_name;
    uint64_t *thread_number;
    ml_kind *kind;
} ml_table_store;

/* Does a recording begin at `offset`, as far as the first eight bytes tell? */
int ml_is_signature(const ml_reader *reader, size_t offset);

/* Reads the recording that begins at recording->file_offset and fills in the rest of `recording`,
 * `bytes` (up to the next recording or the end) in any case. Fails, with the cause, when nothing of
 * it can be used. */
ml_status ml_recording_walk(ml_reader *reader, ml_recording *recording, ml_error *error);

/* String 0 and node 0, and room for as many entries of each table as are expected; more may come. */
ml_status ml_store_start(ml_table_store *store, ml_arena *arena,
                         const uint32_t expected[ML_TABLE_COUNT]);

/* Adds a DEFS chunk, all of it or nothing. ML_ERROR_NOT_FOUND: its bases are not our counts, an
 * earlier chunk is missing. ML_ERROR_TOO_LARGE: a limit. */
ml_status ml_store_add(ml_table_store *store, ml_arena *arena, const ml_limits *limits,
                       const ml_chunk_view *view, ml_error *error);

void ml_store_publish(const ml_table_store *store, ml_tables *tables);

/* Fills what HEAD says into `head`, texts in the arena; absent texts become "". */
ml_status ml_head_read(ml_head *head, ml_arena *arena, const ml_limits *limits,
                       const ml_chunk_view *view, ml_error *error);

/* Fills what the preamble of SAMP or EVNT says into `info` and checks it against HEAD. */
ml_status ml_chunk_info_read(ml_chunk_info *info, const ml_chunk_view *view, const ml_head *head,
                             const ml_limits *limits, ml_error *error);

/* What sRCe says of files among `strings` strings. */
ml_status ml_sources_read(ml_sources_told *told, ml_arena *arena, const ml_limits *limits,
                          uint32_t strings, const ml_chunk_view *view, ml_error *error);

/* A stretch of ticks on time, counted from the block's first tick and slot. */
typedef struct ml_grid_segment {
    uint64_t first_tick, ticks;
    uint64_t first_slot;
} ml_grid_segment;

/* When a block's ticks were; the first segment may be empty. */
typedef struct ml_grid {
    const ml_grid_segment *segments;
    size_t count;
} ml_grid;

typedef struct ml_read_room {
    ml_arena *result, *scratch;
} ml_read_room;

/* As ml_read_runs, with the block's grid, which lives as long as the scratch. */
ml_status ml_read_grid(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                       const ml_read_room *room, ml_runs *out, ml_grid *grid, ml_error *error);

/* The tick of the block at which a run begins whose first slot, counted from the block's, is `slot`. */
uint64_t ml_grid_tick(const ml_grid *grid, uint64_t slot);

/* The chunk behind an entry of recording->chunks, with a cause that names it on failure. */
ml_status ml_chunk_view_again(const ml_reader *reader, const ml_recording *recording, size_t chunk,
                              const char *type, ml_chunk_view *view, ml_error *error);

/* The chunk at a place of a recording. ML_ERROR_FORMAT: it is not there any more. */
ml_status ml_chunk_view_place(const ml_reader *reader, const ml_chunk_place *place,
                              ml_chunk_view *view);

#endif
