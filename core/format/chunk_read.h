/* chunk_read: one chunk out of untrusted bytes: its header, and its payload as columns. */
#ifndef ML_FORMAT_CHUNK_READ_H
#define ML_FORMAT_CHUNK_READ_H

#include "core/base/arena.h"
#include "core/format/cursor.h"
#include "core/format/layout.h"
#include "core/format/read.h"

/* A chunk as its header says; pointers go into the file's bytes. */
typedef struct ml_chunk_view {
    char type[5];
    uint32_t codec, flags, sequence;
    size_t total_length; /* header and body */
    uint32_t payload_length;
    ml_cursor preamble;
    const uint8_t *stored; /* payload as stored */
    size_t stored_length;
} ml_chunk_view;

/* Looks at what may be a chunk at `at`: sync, header checksum, limits and length. ML_ERROR_FORMAT
 * if it is none, ML_ERROR_TOO_LARGE if it is one that is longer than `left`. The body is not looked
 * at. `chain` is 0, or in a journal the checksum of what stands before. */
ml_status ml_chunk_view_header(const uint8_t *at, size_t left, uint32_t chain,
                               const ml_limits *limits, ml_chunk_view *view);

/* The checksum of the header at `at`, as it stands there: the chain of the chunk behind. */
uint32_t ml_chunk_header_checksum(const uint8_t *at);

/* Does the body at `at` have the checksum that the header there claims? */
int ml_chunk_body_is_sound(const uint8_t *at, const ml_chunk_view *view);

typedef struct ml_column {
    uint32_t id;
    int ignorable, asked_for;
    const uint8_t *at;
    size_t length;
} ml_column;

typedef struct ml_columns {
    ml_column *items; /* by rising id */
    uint32_t count;
} ml_columns;

/* Takes the payload apart, decompressing into `arena`. Stored payloads stay where they are. */
ml_status ml_chunk_columns(const ml_chunk_view *view, const ml_limits *limits, ml_arena *arena,
                           ml_columns *columns, ml_error *error);

/* The bytes of a column, which counts as asked for; empty when it is not there. */
ml_cursor ml_columns_take(ml_columns *columns, uint32_t id);

/* ML_ERROR_UNSUPPORTED if a column that must be understood was never asked for. */
ml_status ml_columns_finish(const ml_columns *columns, ml_error *error);

#endif
