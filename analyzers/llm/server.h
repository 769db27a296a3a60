/* server: one conversation with an OpenAI-compatible server. The only user of libcurl and cJSON here.
 *
 * What comes from the server is hostile: an answer is cut at ANSWER_MAX, everything together is refused beyond
 * RECEIVED_MAX, and no address that it names is followed. */
#ifndef MICROLOG_ANALYZERS_LLM_SERVER_H
#define MICROLOG_ANALYZERS_LLM_SERVER_H

#include "address.h"

enum { ANSWER_MAX = 256 << 10, RECEIVED_MAX = 16 << 20, MODEL_MAX = 200 };

typedef struct server {
    const ml_host *host;
    address at;
    const char *key; /* "" for none */
    int64_t timeout_ms;
} server;

typedef struct answer {
    char *text; /* as sent, at most ANSWER_MAX bytes, perhaps no valid UTF-8 */
    size_t length;
    int is_cut;            /* at ANSWER_MAX */
    int is_shortened;      /* the server stopped at a limit of its own */
    char model[MODEL_MAX]; /* as the server calls itself; "" where it does not say */
} answer;

/* The first of the places where local servers listen that answers; ML_ERROR_NOT_FOUND with a cause. */
ml_status server_find(server *to);

/* The name of the model to ask: the only one of the server, or the first of a local one. */
ml_status server_choose_model(const server *at, char *model);

/* Asks, and waits for the whole answer. Fails with a cause that names server and remedy. */
ml_status server_ask(const server *at, const char *model, const char *rules, const char *prompt,
                     answer *to);

#endif
