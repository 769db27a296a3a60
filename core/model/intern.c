#include "core/model/intern.h"

#include "core/base/text.h"

#include <string.h>

typedef struct text_key {
    const uint8_t *bytes;
    size_t length;
} text_key;

void ml_interner_init(ml_interner *interner, ml_arena *arena)
{
    *interner = (ml_interner){.status = ML_OK};
    ml_index_init(&interner->index, arena);
    ml_buffer_init(&interner->bytes, SIZE_MAX);
    ml_buffer_init(&interner->repaired, SIZE_MAX);
    ml_intern(interner, "", 0);
}

static int same_text(const void *owner, uint32_t row, const void *key)
{
    const ml_interner *interner = owner;
    const text_key *text = key;

    return interner->length[row] == text->length &&
           memcmp(interner->bytes.data + interner->offset[row], text->bytes, text->length) == 0;
}

static ml_status add_text(ml_interner *interner, uint64_t hash, const text_key *text)
{
    ml_arena *arena = interner->index.arena;
    uint32_t row = interner->count;

    if (row == UINT32_MAX - 1 || text->length >= UINT32_MAX) {
        return ML_ERROR_TOO_LARGE;
    }
    ML_TRY(ml_arena_grow(arena, &interner->offset, &interner->offset_capacity, (size_t)row + 1,
                         sizeof(*interner->offset)));
    ML_TRY(ml_arena_grow(arena, &interner->length, &interner->length_capacity, (size_t)row + 1,
                         sizeof(*interner->length)));
    interner->offset[row] = interner->bytes.length;
    interner->length[row] = (uint32_t)text->length;
    ml_buffer_put(&interner->bytes, text->bytes, text->length);
    ml_buffer_put_u8(&interner->bytes, 0);
    ML_TRY(interner->bytes.status);
    ML_TRY(ml_index_add(&interner->index, hash, row));
    interner->count++;
    return ML_OK;
}

uint32_t ml_intern(ml_interner *interner, const void *bytes, size_t length)
{
    text_key text = {.bytes = length == 0 ? (const void *)"" : bytes, .length = length};
    uint64_t hash;
    uint32_t row;

    if (interner->status < 0) {
        return 0;
    }
    if (!ml_text_is_valid(text.bytes, length)) {
        ml_buffer_clear(&interner->repaired);
        ml_text_repair(&interner->repaired, bytes, length);
        text = (text_key){.bytes = interner->repaired.data, .length = interner->repaired.length};
        interner->status = interner->repaired.status;
    }
    hash = ml_index_hash(&interner->index, text.bytes, text.length);
    row = ml_index_find(&interner->index, hash, same_text, interner, &text);
    if (row != UINT32_MAX || interner->status < 0) {
        return interner->status < 0 ? 0 : row;
    }
    row = interner->count;
    interner->status = add_text(interner, hash, &text);
    return interner->status < 0 ? 0 : row;
}

uint32_t ml_intern_text(ml_interner *interner, const char *text)
{
    return text == NULL ? 0 : ml_intern(interner, text, strlen(text));
}

const char *ml_interner_text(const ml_interner *interner, uint32_t row)
{
    return row < interner->count ? (const char *)interner->bytes.data + interner->offset[row] : "";
}

void ml_interner_release(ml_interner *interner)
{
    ml_buffer_release(&interner->bytes);
    ml_buffer_release(&interner->repaired);
}
