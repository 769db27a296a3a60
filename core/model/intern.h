/* intern: the strings of a model. Equal text gives the equal row; rows are numbered in order of first use.
 *
 * What goes in are bytes of a recording; what is kept is valid UTF-8 without NUL, each with a NUL behind it.
 * Row 0 is the empty text. Failures are sticky: ml_intern then answers 0 and `status` says why.
 */
#ifndef ML_MODEL_INTERN_H
#define ML_MODEL_INTERN_H

#include "core/base/buffer.h"
#include "core/model/index.h"

typedef struct ml_interner {
    ml_index index;
    ml_buffer bytes;    /* all texts, one after another */
    ml_buffer repaired; /* the text at hand, if it had to be repaired */
    uint64_t *offset;   /* of each row in bytes */
    uint32_t *length;
    size_t offset_capacity, length_capacity;
    uint32_t count;
    ml_status status;
} ml_interner;

void ml_interner_init(ml_interner *interner, ml_arena *arena);

uint32_t ml_intern(ml_interner *interner, const void *bytes, size_t length);
/* The same of a NUL-terminated text; NULL is the empty one. */
uint32_t ml_intern_text(ml_interner *interner, const char *text);

/* The text of a row, NUL-terminated; valid until the next ml_intern. */
const char *ml_interner_text(const ml_interner *interner, uint32_t row);

/* Gives back what is not in the arena. */
void ml_interner_release(ml_interner *interner);

#endif
