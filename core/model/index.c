#include "core/model/index.h"

#include <string.h>
#include <sys/auxv.h>

enum { FIRST_CAPACITY = 64 };

static const uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t fold(uint64_t left, uint64_t right)
{
    unsigned __int128 product = (unsigned __int128)left * right;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The kernel gives every process sixteen random bytes; half of them are enough here. */
static uint64_t process_seed(void)
{
    const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
    uint64_t seed = multiplier;

    if (random != NULL) {
        memcpy(&seed, random, sizeof(seed));
    }
    return seed;
}

void ml_index_init(ml_index *index, ml_arena *arena)
{
    *index = (ml_index){.arena = arena, .seed = process_seed()};
}

uint64_t ml_index_hash(const ml_index *index, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t hash = fold(index->seed ^ length, multiplier);

    for (; length > 0;) {
        uint64_t word = 0;
        size_t step = length < sizeof(word) ? length : sizeof(word);
        memcpy(&word, at, step);
        hash = fold(hash ^ word, index->seed | 1) + multiplier;
        at += step;
        length -= step;
    }
    return fold(hash, multiplier);
}

uint32_t ml_index_find(const ml_index *index, uint64_t hash, ml_index_same same, const void *owner,
                       const void *key)
{
    size_t mask = index->capacity - 1;

    if (index->capacity == 0) {
        return UINT32_MAX;
    }
    for (size_t at = hash & mask; index->slots[at].row != 0; at = (at + 1) & mask) {
        const ml_index_slot *slot = &index->slots[at];
        if (slot->hash == hash && same(owner, slot->row - 1, key)) {
            return slot->row - 1;
        }
    }
    return UINT32_MAX;
}

static void place(ml_index_slot *slots, size_t mask, ml_index_slot slot)
{
    size_t at = slot.hash & mask;

    while (slots[at].row != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

static ml_status grow(ml_index *index)
{
    size_t capacity = index->capacity == 0 ? FIRST_CAPACITY : index->capacity * 2;
    ml_index_slot *slots = ml_arena_array(index->arena, capacity, sizeof(*slots));

    if (slots == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->slots[i].row != 0) {
            place(slots, capacity - 1, index->slots[i]);
        }
    }
    index->slots = slots;
    index->capacity = capacity;
    return ML_OK;
}

ml_status ml_index_add(ml_index *index, uint64_t hash, uint32_t row)
{
    if (index->count + 1 > index->capacity / 2) {
        ML_TRY(grow(index));
    }
    place(index->slots, index->capacity - 1, (ml_index_slot){.hash = hash, .row = row + 1});
    index->count++;
    return ML_OK;
}
