/* memory: one anonymous mapping that everything of a writer lives in.
 *
 * It is reserved without being paid for: pages that are never touched cost nothing, and nothing
 * touches the program's malloc. Carving happens twice, once to measure (base NULL) and once to hand
 * out.
 */
#ifndef ML_FORMAT_MEMORY_H
#define ML_FORMAT_MEMORY_H

#include "core/base/buffer.h"

typedef struct ml_memory {
    uint8_t *base; /* NULL while measuring */
    size_t used, size;
} ml_memory;

/* `count` zeroed items of `size` bytes, aligned to 64; NULL while measuring. Sums saturate. */
void *ml_memory_carve(ml_memory *memory, size_t count, size_t size);

/* A buffer of exactly `size` bytes in the mapping: it never grows and is never released. */
void ml_memory_carve_buffer(ml_memory *memory, ml_buffer *buffer, size_t size);

/* Maps what was measured and starts over; ML_ERROR_MEMORY. */
ml_status ml_memory_map(ml_memory *memory);
void ml_memory_unmap(ml_memory *memory);

#endif
