/* rewrite: writes what a reader found sound in a recording as a new recording: without damaged bytes, with the journal
 * folded in, smaller or without compression.
 *
 * Neighbouring blocks are joined where that makes them smaller (join.h). Other chunks keep their contents, unknown columns
 * included; numbers that are missing are missing afterwards. Chunks of unknown types are copied if their type says that
 * this may be done, and else left out. A recording that has not ended cleanly does not seem to afterwards. What was
 * rewritten once stays as it is, rewritten again at the same level.
 */
#ifndef ML_FORMAT_REWRITE_H
#define ML_FORMAT_REWRITE_H

#include "core/base/buffer.h"
#include "core/format/read.h"

enum { ML_REWRITE_LEVEL = 19 }; /* zstd, where size is what matters */

typedef struct ml_rewrite_result {
    uint32_t left_out; /* chunks of unknown types that may not be copied */
} ml_rewrite_result;

/* Appends recording `index` of the reader to `out`, compressed at `level`, or with 0 stored. ML_ERROR_UNSUPPORTED:
 * it has what must be understood, and is not; ML_ERROR_FORMAT: its file header is damaged; ML_ERROR_MEMORY. */
ml_status ml_rewrite(const ml_reader *reader, size_t index, int level, ml_buffer *out,
                     ml_rewrite_result *result, ml_error *error);

/* Appends recording `index` as it is, damage included; with what its journal holds, if that is needed to have all of it, it is
 * rewritten. Errors are those of ml_rewrite. */
ml_status ml_rewrite_copy(const ml_reader *reader, size_t index, ml_buffer *out, ml_error *error);

/* Would the rewritten recording hold anything else: is something damaged, torn, or in the journal? */
int ml_rewrite_is_needed(const ml_recording *recording);

#endif
