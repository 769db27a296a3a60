/* diff: a comparison of two runs for people and for programs.
 *
 * core/document/compare.h says what is compared and which differences count; here is only how they are shown.
 */
#ifndef ML_CLI_DIFF_H
#define ML_CLI_DIFF_H

#include "core/base/buffer.h"
#include "core/document/compare.h"

/* For a terminal of `width` columns (0: none), in words and tables; `names` are the paths of the two runs as they were
 * given. */
void ml_diff_text(ml_buffer *out, const ml_comparison *comparison,
                  const char *const names[ML_SIDES], uint32_t width, int color);

/* The run in one sentence, without a newline. */
void ml_diff_verdict(ml_buffer *out, const ml_comparison *comparison);

/* One object and a newline, as core/document/json.h writes. */
void ml_diff_json(ml_buffer *out, const ml_comparison *comparison,
                  const char *const names[ML_SIDES]);

#endif
