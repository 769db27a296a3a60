#include "core/cli/server.h"

#ifdef ML_HAS_MICROHTTPD

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { TOKEN_BYTES = 16, CONNECTIONS = 32, TIMEOUT_S = 30 };

struct ml_server {
    struct MHD_Daemon *daemon;
    ml_server_handler handler;
    void *context;
    char token[2 * TOKEN_BYTES + 1];
    char hosts[2][32]; /* what the Host header may be */
    char url[96];
};

/* ---- what is let in ---- */

/* In the same time wherever the first difference is. */
static int is_same(const char *a, const char *b, size_t length)
{
    unsigned difference = 0;

    for (size_t i = 0; i < length; i++) {
        difference |= (unsigned char)a[i] ^ (unsigned char)b[i];
    }
    return difference == 0;
}

/* What follows the token; NULL: there is no right one. */
static const char *behind_token(const ml_server *self, const char *url)
{
    size_t length = sizeof(self->token) - 1;

    if (url[0] != '/' || strlen(url) < 1 + length || !is_same(url + 1, self->token, length)) {
        return NULL;
    }
    url += 1 + length;
    return url[0] == '/' ? url + 1 : NULL;
}

static int is_own_host(const ml_server *self, const char *host)
{
    return host != NULL && (strcmp(host, self->hosts[0]) == 0 || strcmp(host, self->hosts[1]) == 0);
}

static ml_answer refuse(unsigned status, const char *text)
{
    return (ml_answer){
        .status = status, .media_type = "text/plain", .bytes = text, .length = strlen(text)};
}

static ml_answer decide(const ml_server *self, struct MHD_Connection *connection, const char *url,
                        const char *method)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    const char *path = behind_token(self, url);
    ml_answer answer = {0};

    if (!is_own_host(self, host)) {
        return refuse(MHD_HTTP_MISDIRECTED_REQUEST, "This server has another name.\n");
    }
    if (path == NULL) {
        return refuse(MHD_HTTP_FORBIDDEN,
                      "The address is not complete: use the one that microlog-analyze printed.\n");
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return refuse(MHD_HTTP_METHOD_NOT_ALLOWED, "Here is only something to read.\n");
    }
    self->handler(self->context, path, &answer);
    return answer;
}

/* ---- what goes out ---- */

/* A page may be kept nowhere, shown in no other page, and tells nobody where it came from. Its own policy is stricter
 * about what it loads. */
static int put_headers(struct MHD_Response *response, const ml_answer *answer)
{
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Content-Security-Policy", "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
        {"Allow", "GET, HEAD"},
    };
    int is_put = MHD_add_response_header(response, "Content-Type", answer->media_type) == MHD_YES;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        is_put &= MHD_add_response_header(response, headers[i][0], headers[i][1]) == MHD_YES;
    }
    return is_put;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_length, void **state)
{
    const ml_server *self = context;
    ml_answer made = decide(self, connection, url, method);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        made.length, (void *)(uintptr_t)made.bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    (void)version;
    (void)upload;
    (void)upload_length;
    (void)state;
    if (response == NULL) {
        return MHD_NO;
    }
    if (put_headers(response, &made)) {
        result = MHD_queue_response(connection, made.status, response);
    }
    MHD_destroy_response(response);
    return result;
}

/* ---- the server ---- */

static ml_status make_token(ml_server *self, ml_error *error)
{
    uint8_t bytes[TOKEN_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return ml_error_set(error, ML_ERROR_IO, "no random numbers for the address: %s",
                            strerror(errno));
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(self->token + 2 * i, 3, "%02x", bytes[i]);
    }
    return ML_OK;
}

static ml_status listen_on(ml_server *self, uint16_t port, ml_error *error)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    errno = 0;
    self->daemon = MHD_start_daemon(
        MHD_NO_FLAG, port, NULL, NULL, answer, self, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_END);
    if (self->daemon == NULL) {
        return ml_error_set(error, ML_ERROR_IO,
                            "cannot listen on port %u of 127.0.0.1: %s; name another --port, or "
                            "none for any",
                            port, errno == 0 ? "it is refused" : strerror(errno));
    }
    return ML_OK;
}

ml_status ml_server_open(ml_arena *arena, uint16_t port, ml_server_handler handler, void *context,
                         ml_server **out, ml_error *error)
{
    ml_server *self = ml_arena_alloc(arena, sizeof(*self));
    const union MHD_DaemonInfo *bound;

    if (self == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the server");
    }
    self->handler = handler;
    self->context = context;
    ML_TRY(make_token(self, error));
    ML_TRY(listen_on(self, port, error));
    bound = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_BIND_PORT);
    port = bound == NULL ? port : bound->port;
    snprintf(self->hosts[0], sizeof(self->hosts[0]), "127.0.0.1:%u", port);
    snprintf(self->hosts[1], sizeof(self->hosts[1]), "localhost:%u", port);
    snprintf(self->url, sizeof(self->url), "http://%s/%s/", self->hosts[0], self->token);
    *out = self;
    return ML_OK;
}

const char *ml_server_url(const ml_server *server)
{
    return server->url;
}

ml_status ml_server_run(ml_server *server, int milliseconds, ml_error *error)
{
    return MHD_run_wait(server->daemon, milliseconds) == MHD_YES || errno == EINTR
               ? ML_OK
               : ml_error_set(error, ML_ERROR_IO, "the server cannot go on: %s", strerror(errno));
}

void ml_server_close(ml_server *server)
{
    if (server != NULL) {
        MHD_stop_daemon(server->daemon);
    }
}

#else

ml_status ml_server_open(ml_arena *arena, uint16_t port, ml_server_handler handler, void *context,
                         ml_server **out, ml_error *error)
{
    (void)arena;
    (void)port;
    (void)handler;
    (void)context;
    *out = NULL;
    return ml_error_set(error, ML_ERROR_UNSUPPORTED,
                        "this microlog-analyze was built without libmicrohttpd and cannot serve; "
                        "install that library's development files (sh install-deps.sh) and build "
                        "it again");
}

const char *ml_server_url(const ml_server *server)
{
    (void)server;
    return "";
}

ml_status ml_server_run(ml_server *server, int milliseconds, ml_error *error)
{
    (void)server;
    (void)milliseconds;
    return ml_error_set(error, ML_ERROR_UNSUPPORTED, "there is no server");
}

void ml_server_close(ml_server *server)
{
    (void)server;
}

#endif
