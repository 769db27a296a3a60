/* status: chains of causes. */
#include "core/base/status.h"
#include "tests/unit/runner.h"

#include <string.h>

ML_TEST(a_chain_puts_the_outermost_first)
{
    ml_error error = {0};

    ML_CHECK_EQUAL(ml_error_set(&error, ML_ERROR_IO, "disk %d is full", 3), ML_ERROR_IO);
    ML_CHECK_EQUAL(ml_error_add(&error, "cannot write '%s'", "x"), ML_ERROR_IO);
    ML_CHECK_TEXT(error.text, "cannot write 'x': disk 3 is full");
    ml_error_set(&error, ML_ERROR_FORMAT, "another");
    ML_CHECK_TEXT(error.text, "another");
    ML_CHECK_EQUAL(error.status, ML_ERROR_FORMAT);
}

ML_TEST(a_long_chain_is_cut_and_ends)
{
    ml_error error = {0};

    ml_error_set(&error, ML_ERROR_IO, "deepest");
    for (int i = 0; i < 300; i++) {
        ml_error_add(&error, "layer %d", i);
    }
    ML_CHECK(strlen(error.text) < ML_ERROR_TEXT);
    ML_CHECK(strncmp(error.text, "layer 299: layer 298: ", 22) == 0);
    ML_CHECK_EQUAL(error.status, ML_ERROR_IO);
}

ML_TEST(without_a_place_for_it_a_status_is_still_returned)
{
    ML_CHECK_EQUAL(ml_error_set(NULL, ML_ERROR_MEMORY, "unseen"), ML_ERROR_MEMORY);
    ML_CHECK(ml_error_add(NULL, "unseen") < 0);
}

ML_TEST(every_status_has_words)
{
    for (ml_status status = 0; status >= ML_ERROR_FAILED; status--) {
        ML_CHECK(strlen(ml_status_text(status)) > 1);
    }
    ML_CHECK_TEXT(ml_status_text(ML_ERROR_NOT_FOUND), "not found");
}
