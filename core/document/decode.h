/* decode: what encode.h wrote, as blocks and documents again.
 *
 * The bytes may come from a process in which a plugin went wild, so everything that a renderer
 * relies on is checked: sizes against the limits of builder.h and against the bytes that are there,
 * words against UTF-8, numbers against their ranges, references against what they refer to. Memory
 * stays within ten times the bytes. Texts and attachments point into the bytes, which must live and
 * stay as long as the result.
 */
#ifndef ML_DOCUMENT_DECODE_H
#define ML_DOCUMENT_DECODE_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

/* ML_ERROR_FORMAT for what is no block, ML_ERROR_MEMORY. */
ml_status ml_decode_block(ml_arena *arena, const void *bytes, size_t length, const ml_block **out);

ml_status ml_decode_documents(ml_arena *arena, const void *bytes, size_t length,
                              const ml_documents **out);

/* True if every chart among the blocks shows columns of numbers of a table among them. Not part of
 * ml_decode_block, which sees one block. */
int ml_decode_charts_hold(const ml_block *const *blocks, size_t count);

#endif
