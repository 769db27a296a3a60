/* encode: blocks and documents as bytes, for decode.h in another process. */
#ifndef ML_DOCUMENT_ENCODE_H
#define ML_DOCUMENT_ENCODE_H

#include "core/base/buffer.h"

#include <microlog/plugin.h>

/* A block that the builder made. */
void ml_encode_block(ml_buffer *out, const ml_block *block);

/* Everything that renderers see: documents with their blocks, the ranking, the verdict. */
void ml_encode_documents(ml_buffer *out, const ml_documents *documents);

#endif
