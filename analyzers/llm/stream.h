/* stream: the answer of a server as it arrives: server-sent events, or one JSON object where it does not stream.
 *
 * Events are lines "data: {…}" in pieces of any size; other lines (comments, names) are passed over. */
#ifndef MICROLOG_ANALYZERS_LLM_STREAM_H
#define MICROLOG_ANALYZERS_LLM_STREAM_H

#include "server.h"

typedef struct stream stream;

/* Empties the answer and gives it memory. NULL when there is none. */
stream *stream_open(const ml_host *host, answer *to);

/* False when no more is wanted: the answer is full. */
int stream_take(stream *to, const char *bytes, size_t length);

/* Nothing more comes. */
void stream_end(stream *to);

int stream_is_full(const stream *from);
int stream_is_ended(const stream *from);      /* the server said that this was all */
int stream_is_understood(const stream *from); /* there was at least one thing of an answer */

/* What the server said of a failure, or "". */
void stream_error(const stream *from, char *words, size_t size);

#endif
