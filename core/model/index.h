/* index: finds the row of a table that has a given key.
 *
 * A hash table of row numbers; keys stay with whoever owns the rows and are compared by a function of
 * theirs. Rows come out in the order in which they went in, so the order of a model never depends on hashes.
 * The hash is keyed anew in every process: a recording cannot be made whose keys all collide.
 */
#ifndef ML_MODEL_INDEX_H
#define ML_MODEL_INDEX_H

#include "core/base/arena.h"
#include "core/base/status.h"

typedef struct ml_index_slot {
    uint64_t hash;
    uint32_t row; /* plus one; 0 is a free slot */
} ml_index_slot;

typedef struct ml_index {
    ml_arena *arena;
    ml_index_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    uint64_t seed;
} ml_index;

/* True if `row` of `owner` has the key. */
typedef int (*ml_index_same)(const void *owner, uint32_t row, const void *key);

/* Prepares an empty index; allocates nothing. The arena lives as long as the index. */
void ml_index_init(ml_index *index, ml_arena *arena);

uint64_t ml_index_hash(const ml_index *index, const void *bytes, size_t length);

/* The row with the key, or UINT32_MAX. */
uint32_t ml_index_find(const ml_index *index, uint64_t hash, ml_index_same same, const void *owner,
                       const void *key);

/* Adds a row (not UINT32_MAX) that is not there yet. ML_ERROR_MEMORY. */
ml_status ml_index_add(ml_index *index, uint64_t hash, uint32_t row);

#endif
