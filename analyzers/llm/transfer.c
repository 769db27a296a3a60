#include "transfer.h"

#include <curl/curl.h>

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
    transfer *one = (transfer *)context;
    size_t length = size * count;
    one->received += length;
    if (one->received > RECEIVED_MAX || !one->take(one->context, bytes, length)) {
        one->is_stopped = 1;
        return length == 0; /* another length than the given one: stop */
    }
    return length;
}

static int watch(void *context, curl_off_t total, curl_off_t now, curl_off_t out_total,
                 curl_off_t out_now)
{
    const transfer *one = (const transfer *)context;
    const ml_host *host = one->at->host;
    (void)total, (void)now, (void)out_total, (void)out_now;
    return ml_get_job(host)->cancelled(host) != 0;
}

static struct curl_slist *headers_of(const transfer *one)
{
    struct curl_slist *list = NULL;
    char line[1024];
    if (one->body)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (one->at->key[0]) {
        ml_format(line, sizeof line, "Authorization: Bearer %s", one->at->key);
        list = curl_slist_append(list, line);
    }
    return list;
}

static void set_limits(CURL *curl, const transfer *one)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)one->connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)one->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (one->at->at.is_local)
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

int transfer_run(transfer *one)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_of(one);
    CURLcode code = CURLE_FAILED_INIT;
    char words[CURL_ERROR_SIZE] = "";
    if (curl) {
        set_limits(curl, one);
        curl_easy_setopt(curl, CURLOPT_URL, one->url);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        if (one->body)
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, one->body);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, one);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, one);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &one->status);
    }
    ml_format(one->cause, sizeof one->cause, "%s", words[0] ? words : curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return code == CURLE_OK;
}
