/* arena: memory that is given back all at once.
 *
 * An arena belongs to one scope (a recording, a document, a command). What it hands out is zeroed, aligned
 * to 16 bytes and lives until the arena is released; nothing is freed singly. Growing byte buffers are in
 * buffer.h. Not thread-safe: one arena, one thread.
 */
#ifndef ML_BASE_ARENA_H
#define ML_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct ml_arena_block ml_arena_block;

typedef struct ml_arena {
    ml_arena_block *blocks; /* newest first */
    size_t used;            /* bytes handed out */
    size_t limit;           /* most bytes that may be handed out; 0 is no limit */
} ml_arena;

/* Prepares an empty arena; allocates nothing and cannot fail. */
void ml_arena_init(ml_arena *arena, size_t limit);

/* `size` zeroed bytes (a size of 0 gives a valid pointer), or NULL when the limit or memory is exhausted. */
void *ml_arena_alloc(ml_arena *arena, size_t size);

/* `count` zeroed items of `size` bytes; the product is checked. */
void *ml_arena_array(ml_arena *arena, size_t count, size_t size);

/* A copy of `length` bytes with a NUL behind it. */
char *ml_arena_copy(ml_arena *arena, const void *bytes, size_t length);

/* A NUL-terminated copy of `text`; NULL stays NULL. */
char *ml_arena_text(ml_arena *arena, const char *text);

/* printf into the arena. */
char *ml_arena_format(ml_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A larger copy of an array: `*items` has room for `*capacity` items of `size` bytes and gets room for at
 * least `needed`. The old copy stays in the arena, so growth is doubling. Returns 0, or ML_ERROR_MEMORY
 * with both left alone. */
int32_t ml_arena_grow(ml_arena *arena, void *items, size_t *capacity, size_t needed, size_t size);

/* Gives everything back; the arena is then empty and usable again. */
void ml_arena_release(ml_arena *arena);

#endif
