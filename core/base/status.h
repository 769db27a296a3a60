/* status: the numbers that functions return, and the sentences that explain them.
 *
 * A function that can fail returns an `ml_status`: 0 is success, negative is failure. Where a person will
 * read about the failure, the function also takes an `ml_error *` and writes a cause chain into it: the
 * deepest layer starts the chain, each layer above may put one more sentence in front of it.
 *
 * The numbers are those of the plugin contract (microlog/plugin.h). Both headers spell them as the same
 * macros, so a compiler that sees both rejects any difference.
 */
#ifndef ML_BASE_STATUS_H
#define ML_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t ml_status;

#define ML_OK 0
#define ML_ERROR_MEMORY (-1)      /* an allocation failed, or a declared maximum was reached */
#define ML_ERROR_ARGUMENT (-2)    /* the caller broke the contract */
#define ML_ERROR_IO (-3)          /* the operating system refused; the cause names the object */
#define ML_ERROR_FORMAT (-4)      /* bytes from outside are not what they should be */
#define ML_ERROR_UNSUPPORTED (-5) /* right, but newer or other than this build can do */
#define ML_ERROR_TOO_LARGE (-6)   /* a documented limit was passed */
#define ML_ERROR_NOT_FOUND (-7)   /* what was named does not exist */
#define ML_ERROR_CANCELLED (-8)   /* somebody asked to stop */
#define ML_ERROR_FAILED (-9)      /* anything else; the cause says what */

/* Room for a chain of a few sentences; a longer chain is cut at the end. */
#define ML_ERROR_TEXT 1024

/* A cause chain. Zero-initialise it; it owns nothing. `text` is one sentence per cause, the outermost
 * first, joined by ": ". */
typedef struct ml_error {
    ml_status status;
    char text[ML_ERROR_TEXT];
} ml_error;

/* Starts a chain, replacing what was there, and returns `status` so that it can be the return value.
 * `error` may be NULL. */
ml_status ml_error_set(ml_error *error, ml_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts one sentence in front of the chain and returns the chain's status (ML_ERROR_FAILED without one). */
ml_status ml_error_add(ml_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The status as words, for example "not found"; never NULL. */
const char *ml_status_text(ml_status status);

/* Forwards a failure to the caller. */
#define ML_TRY(expression)                                                                         \
    do {                                                                                           \
        ml_status ml_try_status = (expression);                                                    \
        if (ml_try_status < 0) {                                                                   \
            return ml_try_status;                                                                  \
        }                                                                                          \
    } while (0)

#endif
