/*
 * The unit test runner: a test file is a list of ML_TEST cases, and that is all it needs to be.
 *
 *     #include "tests/unit/runner.h"
 *
 *     ML_TEST(sum_of_nothing_is_zero)
 *     {
 *         ML_CHECK_EQUAL(sum(NULL, 0), 0);
 *     }
 *
 * Cases register themselves and run in the order in which they are written, each in a process of
 * its own with ten seconds to finish (the variable ML_TEST_SECONDS overrides), so a crash or a hang
 * costs one case. What a case prints is shown only if it fails. A case that ends without having
 * checked anything has failed.
 *
 * `build/tests/test_X [pattern]` runs the cases whose names contain the pattern; the output is TAP,
 * with a last line `# N passed, N failed` for tests/run.py.
 *
 * The checks evaluate their arguments once, and a failed one ends its case.
 */
#ifndef MICROLOG_TESTS_UNIT_RUNNER_H
#define MICROLOG_TESTS_UNIT_RUNNER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Wide enough for every integer type at its true value, so that -1 never equals UINT64_MAX. */
typedef __int128 ml_test_number;

typedef struct ml_test_case {
    const char *name;
    void (*run)(void);
    struct ml_test_case *next;
} ml_test_case;

/* The runner keeps `test` in its list until the process ends. */
void ml_test_register(ml_test_case *test);

void ml_test_check(bool holds, const char *file, int line, const char *condition);
void ml_test_check_equal(ml_test_number actual, ml_test_number expected, const char *file, int line,
                         const char *expression);
/* Either text may be NULL, which equals only NULL. */
void ml_test_check_text(const char *actual, const char *expected, const char *file, int line,
                        const char *expression);

#define ML_TEST(case_name)                                                                         \
    static void case_name(void);                                                                   \
    __attribute__((constructor)) static void register_##case_name(void)                            \
    {                                                                                              \
        static ml_test_case test = {#case_name, case_name, 0};                                     \
        ml_test_register(&test);                                                                   \
    }                                                                                              \
    static void case_name(void)

#define ML_CHECK(condition) ml_test_check(!!(condition), __FILE__, __LINE__, #condition)

#define ML_CHECK_EQUAL(actual, expected)                                                           \
    ml_test_check_equal((ml_test_number)(actual), (ml_test_number)(expected), __FILE__, __LINE__,  \
                        #actual)

#define ML_CHECK_TEXT(actual, expected)                                                            \
    ml_test_check_text((actual), (expected), __FILE__, __LINE__, #actual)

/* True under valgrind, which stands in the way of a few things that a test may want to see: other malloc
 * implementations, limits of descriptors. */
static inline int ml_test_in_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

#endif
