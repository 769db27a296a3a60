/* columns: numbers and text as one compressed block of data in the page, for the page's own script.
 *
 * A block is the Base64 of a raw deflate stream (RFC 1951), a colon, and the CRC-32 of what was compressed
 * (RFC 1952, eight hexadecimal digits), in a <script> of a type that no browser runs; only characters of
 * Base64 come from the data, so no text can end it. Inside are unsigned LEB128 numbers in an order that
 * embed.c and data.js agree on. Text is written once, in a table at the end, and referred to by number.
 * What it is not for: reading, and anything that another program should rely on. */
#ifndef MICROLOG_RENDERERS_HTML_COLUMNS_H
#define MICROLOG_RENDERERS_HTML_COLUMNS_H

#include "common/sink.h"

typedef struct columns columns;

/* Begins the block with element id "data-" `name`. NULL when there is no memory. */
columns *columns_begin(const ml_host *host, sink *out, const ml_model *model, const char *name);

void columns_number(columns *to, uint64_t value);

/* Zigzag: small numbers of either sign stay short. */
void columns_signed(columns *to, int64_t value);

/* A string of the model, cut at `most` bytes (0: not cut); later uses of the id keep the first cut. */
void columns_string(columns *to, uint32_t id, size_t most);

/* Bytes of text in the table so far. */
size_t columns_text_size(const columns *to);

/* Writes the table of texts and ends the block. The failure of zlib, if there was one. */
ml_status columns_end(columns *to);

#endif
