#include "core/base/arena.h"

#include "core/base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 16, BLOCK_SIZE = 64 * 1024, HUGE_PAGE = 2 << 20 };

struct ml_arena_block {
    ml_arena_block *next;
    size_t size; /* bytes behind the header */
    size_t used;
    size_t padding;
};

_Static_assert(sizeof(ml_arena_block) % ALIGNMENT == 0, "block header keeps the alignment");

void ml_arena_init(ml_arena *arena, size_t limit)
{
    *arena = (ml_arena){.blocks = NULL, .used = 0, .limit = limit};
}

/* Large memory is mostly used whole: one fault for 2 MiB of it instead of 512. It is only a wish. */
static void prefer_huge_pages(void *bytes, size_t length)
{
    const uintptr_t page = HUGE_PAGE - 1;
    uintptr_t begin = ((uintptr_t)bytes + page) & ~page;
    uintptr_t end = ((uintptr_t)bytes + length) & ~page;

    if (begin < end) {
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }
}

static ml_arena_block *add_block(ml_arena *arena, size_t least)
{
    size_t size = least > BLOCK_SIZE / 4 ? least : BLOCK_SIZE - sizeof(ml_arena_block);
    ml_arena_block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL) {
        return NULL;
    }
    prefer_huge_pages(block, sizeof(*block) + size);
    block->size = size;
    /* A block for one large item goes behind the current one, whose rest is still useful. */
    if (size == least && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *ml_arena_alloc(ml_arena *arena, size_t size)
{
    ml_arena_block *block = arena->blocks;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    char *bytes;

    if (rounded < size || rounded > SIZE_MAX / 2 - sizeof(*block)) {
        return NULL;
    }
    if (rounded == 0) {
        rounded = ALIGNMENT;
    }
    if (arena->limit != 0 && (arena->used > arena->limit || rounded > arena->limit - arena->used)) {
        return NULL;
    }
    if (block == NULL || block->size - block->used < rounded) {
        block = add_block(arena, rounded);
    }
    if (block == NULL) {
        return NULL;
    }
    bytes = (char *)(block + 1) + block->used;
    block->used += rounded;
    arena->used += rounded;
    return bytes;
}

void *ml_arena_array(ml_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return ml_arena_alloc(arena, count * size);
}

char *ml_arena_copy(ml_arena *arena, const void *bytes, size_t length)
{
    char *copy = length == SIZE_MAX ? NULL : ml_arena_alloc(arena, length + 1);

    if (copy != NULL && length != 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

char *ml_arena_text(ml_arena *arena, const char *text)
{
    return text == NULL ? NULL : ml_arena_copy(arena, text, strlen(text));
}

char *ml_arena_format(ml_arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return NULL;
    }
    text = ml_arena_alloc(arena, (size_t)length + 1);
    if (text != NULL) {
        va_start(arguments, format);
        vsnprintf(text, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    return text;
}

int32_t ml_arena_grow(ml_arena *arena, void *items, size_t *capacity, size_t needed, size_t size)
{
    size_t larger = *capacity < 8 ? 8 : *capacity;
    void *old;
    void *grown;

    if (needed <= *capacity) {
        return ML_OK;
    }
    while (larger < needed) {
        if (larger > SIZE_MAX / 2) {
            return ML_ERROR_MEMORY;
        }
        larger *= 2;
    }
    grown = ml_arena_array(arena, larger, size);
    if (grown == NULL) {
        return ML_ERROR_MEMORY;
    }
    /* `items` is the address of a pointer of any object type; memcpy keeps that legal. */
    memcpy(&old, items, sizeof(old));
    if (*capacity != 0) {
        memcpy(grown, old, *capacity * size);
    }
    memcpy(items, &grown, sizeof(grown));
    *capacity = larger;
    return ML_OK;
}

void ml_arena_release(ml_arena *arena)
{
    ml_arena_block *block = arena->blocks;

    while (block != NULL) {
        ml_arena_block *next = block->next;
        free(block);
        block = next;
    }
    ml_arena_init(arena, arena->limit);
}
