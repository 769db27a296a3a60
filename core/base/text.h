/* text: making bytes from outside fit to be shown, and numbers fit to be read. */
#ifndef ML_BASE_TEXT_H
#define ML_BASE_TEXT_H

#include "core/base/arena.h"
#include "core/base/buffer.h"

/* Appends `length` bytes as valid UTF-8 without NUL: each maximal invalid sequence, lone surrogate
 * and NUL becomes U+FFFD (Unicode 15 section 3.9, "substitution of maximal subparts"). */
void ml_text_repair(ml_buffer *out, const void *bytes, size_t length);

/* True if the bytes are already what ml_text_repair would write. */
int ml_text_is_valid(const void *bytes, size_t length);

/* Appends UTF-8 for a terminal: control characters (C0, DEL, C1) become \xNN or \n, \t escapes. */
void ml_text_escape(ml_buffer *out, const char *text, size_t length);

/* The nearest of `count` names to `word` by edit distance (insertions, deletions, substitutions),
 * or NULL when none is within a third of its length: for "did you mean". */
const char *ml_text_nearest(const char *word, const char *const *names, size_t count);

#endif
