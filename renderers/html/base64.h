/* base64: bytes as text, for what a page holds of data and pictures. */
#ifndef MICROLOG_RENDERERS_HTML_BASE64_H
#define MICROLOG_RENDERERS_HTML_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Base64 (RFC 4648) of `length` bytes; `out` has room for 4 bytes per 3 begun, and a NUL. */
void base64_encode(char *out, const uint8_t *bytes, size_t length);

#endif
