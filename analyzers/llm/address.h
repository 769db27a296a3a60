/* address: where the model is asked: the addresses of an OpenAI-compatible server, from what the user wrote. */
#ifndef MICROLOG_ANALYZERS_LLM_ADDRESS_H
#define MICROLOG_ANALYZERS_LLM_ADDRESS_H

#include <microlog/sdk.h>

enum { ADDRESS_MAX = 1024 };

typedef struct address {
    char chat[ADDRESS_MAX];   /* …/v1/chat/completions */
    char models[ADDRESS_MAX]; /* …/v1/models */
    char host[256];           /* with the port, without user, password and path: may be shown */
    int is_local;             /* loopback */
    int is_encrypted;
} address;

/* `url` is a server (http://host:8080), its root (https://host/v1) or the whole address of chat/completions. Fails
 * with a cause that names the remedy; the cause never holds a password. */
ml_status address_read(const ml_host *host, const char *url, address *to);

#endif
