#include "address.h"

#include <curl/curl.h>

static const char COMPLETIONS[] = "/chat/completions";

/* A part of the URL into a buffer; "" when it is missing or too long. */
static void take(CURLU *url, CURLUPart part, char *to, size_t size)
{
    char *text = NULL;
    to[0] = '\0';
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK && strlen(text) < size)
        ml_format(to, size, "%s", text);
    curl_free(text);
}

static int is_loopback(const char *name)
{
    return strcmp(name, "localhost") == 0 || strncmp(name, "127.", 4) == 0 ||
           strcmp(name, "[::1]") == 0;
}

/* The path before "/chat/completions" or "/models": as given, or /v1 where there is none. */
static void put_root(char *root, size_t size, const char *path)
{
    size_t length = strlen(path), tail = sizeof COMPLETIONS - 1;
    while (length && path[length - 1] == '/')
        length--;
    if (length >= tail && strncmp(path + length - tail, COMPLETIONS, tail) == 0)
        length -= tail;
    if (length)
        ml_format(root, size, "%.*s", (int)length, path);
    else
        ml_format(root, size, "/v1");
}

static int put_address(CURLU *url, const char *root, const char *tail, char *to)
{
    char path[ADDRESS_MAX];
    ml_format(path, sizeof path, "%s%s", root, tail);
    if (curl_url_set(url, CURLUPART_PATH, path, 0) != CURLUE_OK)
        return 0;
    take(url, CURLUPART_URL, to, ADDRESS_MAX);
    return to[0] != '\0';
}

static int read_parts(CURLU *url, address *to)
{
    char scheme[16], name[200], port[16], path[ADDRESS_MAX], root[ADDRESS_MAX];
    take(url, CURLUPART_SCHEME, scheme, sizeof scheme);
    take(url, CURLUPART_HOST, name, sizeof name);
    take(url, CURLUPART_PORT, port, sizeof port);
    take(url, CURLUPART_PATH, path, sizeof path);
    to->is_encrypted = strcmp(scheme, "https") == 0;
    to->is_local = is_loopback(name);
    ml_format(to->host, sizeof to->host, "%s%s%s", name, port[0] ? ":" : "", port);
    put_root(root, sizeof root, path);
    return (to->is_encrypted || strcmp(scheme, "http") == 0) && name[0] &&
           put_address(url, root, COMPLETIONS, to->chat) &&
           put_address(url, root, "/models", to->models);
}

ml_status address_read(const ml_host *host, const char *url, address *to)
{
    CURLU *parts = curl_url();
    int is_read =
        parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK && read_parts(parts, to);
    curl_url_cleanup(parts);
    if (is_read)
        return ML_OK;
    return ml_fail(host, ML_ERROR_ARGUMENT,
                   "the address of the model is none of http or https; give one as in "
                   "http://127.0.0.1:11434/v1, or auto");
}
