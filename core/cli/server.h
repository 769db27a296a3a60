/* server: answers a browser of the same user on this machine, and nobody else.
 *
 * It listens on 127.0.0.1 only. The path of every request begins with a token that only who started it was told; the
 * Host header must name this address, so that a page elsewhere that makes its name lead here gets nothing (DNS
 * rebinding). Only GET and HEAD are answered, and nothing is ever changed by them. What is answered is up to the
 * handler, which sees the rest of the path as it was sent and never gets it near a file name.
 *
 * Built without libmicrohttpd, opening fails and says so.
 */
#ifndef ML_CLI_SERVER_H
#define ML_CLI_SERVER_H

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/status.h"

/* An answer: `bytes` is copied. */
typedef struct ml_answer {
    unsigned status; /* of HTTP: 200, 404, … */
    const char *media_type;
    const void *bytes;
    size_t length;
} ml_answer;

/* Answers "" for the token alone, else what follows it and a slash. Called in the thread of ml_server_run. */
typedef void (*ml_server_handler)(void *context, const char *path, ml_answer *out);

typedef struct ml_server ml_server;

/* Port 0: one that is free. The server lives in the arena and is closed with ml_server_close. */
ml_status ml_server_open(ml_arena *arena, uint16_t port, ml_server_handler handler, void *context,
                         ml_server **out, ml_error *error);

/* "http://127.0.0.1:4711/TOKEN/" */
const char *ml_server_url(const ml_server *server);

/* Answers for at most so many milliseconds. */
ml_status ml_server_run(ml_server *server, int milliseconds, ml_error *error);

/* NULL is harmless. */
void ml_server_close(ml_server *server);

#endif
