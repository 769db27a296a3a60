/* transfer: one request over libcurl, with limits: no redirects, no other protocols, no proxy for this machine. */
#ifndef MICROLOG_ANALYZERS_LLM_TRANSFER_H
#define MICROLOG_ANALYZERS_LLM_TRANSFER_H

#include "server.h"

/* Takes what was received; returns false to stop. */
typedef int (*transfer_take)(void *context, const char *bytes, size_t length);

typedef struct transfer {
    const server *at;
    const char *url;
    const char *body; /* NULL for GET */
    int64_t connect_ms, timeout_ms;
    transfer_take take;
    void *context;
    long status;     /* found: of HTTP; 0 when there was none */
    size_t received; /* found */
    int is_stopped;  /* found: `take` stopped it */
    char cause[256]; /* found: libcurl's words, where it failed */
} transfer;

/* True when the whole answer came, whatever its status. */
int transfer_run(transfer *one);

#endif
