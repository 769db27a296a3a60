/* arena: alignment, zeros, limits, sums that overflow. */
#include "core/base/arena.h"
#include "core/base/status.h"
#include "tests/unit/runner.h"

#include <string.h>

ML_TEST(everything_is_aligned_zeroed_and_apart)
{
    ml_arena arena;
    unsigned char *items[200];

    ml_arena_init(&arena, 0);
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * i % 5000;
        items[i] = ml_arena_alloc(&arena, size);
        ML_CHECK(items[i] != NULL);
        ML_CHECK_EQUAL((uintptr_t)items[i] % 16, 0);
        for (size_t byte = 0; byte < size; byte++) {
            ML_CHECK(items[i][byte] == 0);
        }
        memset(items[i], (int)i + 1, size);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t byte = 0; byte < i * i % 5000; byte++) {
            ML_CHECK(items[i][byte] == (unsigned char)(i + 1));
        }
    }
    ml_arena_release(&arena);
    ML_CHECK_EQUAL(arena.used, 0);
}

ML_TEST(the_limit_is_exact)
{
    ml_arena arena;

    ml_arena_init(&arena, 1024);
    ML_CHECK(ml_arena_alloc(&arena, 1008) != NULL);
    ML_CHECK(ml_arena_alloc(&arena, 17) == NULL);
    ML_CHECK(ml_arena_alloc(&arena, 16) != NULL);
    ML_CHECK(ml_arena_alloc(&arena, 1) == NULL);
    ml_arena_release(&arena);
    ML_CHECK(ml_arena_alloc(&arena, 1024) != NULL);
    ml_arena_release(&arena);
}

ML_TEST(sizes_that_overflow_are_refused)
{
    ml_arena arena;

    ml_arena_init(&arena, 0);
    ML_CHECK(ml_arena_alloc(&arena, SIZE_MAX) == NULL);
    ML_CHECK(ml_arena_alloc(&arena, SIZE_MAX - 15) == NULL);
    ML_CHECK(ml_arena_array(&arena, SIZE_MAX / 2, 3) == NULL);
    ML_CHECK(ml_arena_array(&arena, SIZE_MAX, 1) == NULL);
    ML_CHECK(ml_arena_copy(&arena, "", SIZE_MAX) == NULL);
    ML_CHECK(ml_arena_array(&arena, 0, 8) != NULL);
    ml_arena_release(&arena);
}

ML_TEST(growing_keeps_what_was_there)
{
    ml_arena arena;
    uint32_t *numbers = NULL;
    size_t capacity = 0;

    ml_arena_init(&arena, 0);
    for (uint32_t i = 0; i < 10000; i++) {
        ML_CHECK_EQUAL(ml_arena_grow(&arena, &numbers, &capacity, i + 1, sizeof(*numbers)), ML_OK);
        numbers[i] = i * 3;
    }
    for (uint32_t i = 0; i < 10000; i++) {
        ML_CHECK(numbers[i] == i * 3);
    }
    ML_CHECK_EQUAL(ml_arena_grow(&arena, &numbers, &capacity, SIZE_MAX, sizeof(*numbers)),
                   ML_ERROR_MEMORY);
    ML_CHECK(numbers[9999] == 29997);
    ml_arena_release(&arena);
}

ML_TEST(texts)
{
    ml_arena arena;

    ml_arena_init(&arena, 0);
    ML_CHECK_TEXT(ml_arena_text(&arena, "one"), "one");
    ML_CHECK(ml_arena_text(&arena, NULL) == NULL);
    ML_CHECK_TEXT(ml_arena_copy(&arena, "twofold", 3), "two");
    ML_CHECK_TEXT(ml_arena_format(&arena, "%d and %s", 3, "four"), "3 and four");
    ml_arena_release(&arena);
}
