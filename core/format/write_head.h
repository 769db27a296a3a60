/* write_head: the file header, the HEAD chunk and the end of a recording, as bytes. */
#ifndef ML_FORMAT_WRITE_HEAD_H
#define ML_FORMAT_WRITE_HEAD_H

#include "core/format/chunk.h"
#include "core/format/write.h"

/* Appends the 64 bytes that begin a recording. */
void ml_header_encode(ml_buffer *out, const ml_head *head, uint32_t flags);

/* Puts the fields of HEAD into `chunk`. Texts are cut at 64 KiB, arguments after 256 KiB. */
void ml_head_encode(ml_chunk_writer *chunk, const ml_head *head);

/* Puts the trailer into `chunk` as the only column of dONE: `length` of the whole recording, no
 * index. */
void ml_trailer_encode(ml_chunk_writer *chunk, uint64_t length);

#endif
