/* base64: bytes as text, for what JSON and pages carry. RFC 4648 section 4: with padding, without line breaks.
 */
#ifndef ML_BASE_BASE64_H
#define ML_BASE_BASE64_H

#include "core/base/buffer.h"

/* Appends `length` bytes as text: four characters for each three begun. */
void ml_base64_put(ml_buffer *out, const void *bytes, size_t length);

/* Reads `length` characters into `out`, which has room for three bytes for each four of them and may be where the characters are.
 * ML_ERROR_FORMAT: they are not such text. */
ml_status ml_base64_decode(uint8_t *out, const char *text, size_t length, size_t *decoded);

#endif
