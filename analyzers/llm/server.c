#include "server.h"

#include "stream.h"
#include "transfer.h"

#include <cjson/cJSON.h>

enum { CONNECT_MS = 5000, PROBE_MS = 300, LIST_MS = 5000, LIST_MAX = 1 << 20, WORDS_MAX = 300 };

/* Ollama, llama.cpp, LM Studio. */
static const unsigned PORTS[] = {11434, 8080, 1234};

/* ---------------------------------------------------------------- lists of models */

typedef struct page {
    char *bytes;
    size_t length;
} page;

static int take_page(void *context, const char *bytes, size_t length)
{
    page *to = (page *)context;
    if (to->length + length > LIST_MAX)
        return 0;
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
    return 1;
}

/* GET …/models; returns the number of models, or -1; the first one's name is in `model`. */
static int list_models(const server *at, int64_t timeout_ms, char *model, transfer *one)
{
    page got = {(char *)ml_alloc(at->host, LIST_MAX, 1), 0};
    cJSON *list;
    const cJSON *entries, *name;
    int count = -1, is_read;
    memset(one, 0, sizeof *one);
    one->at = at;
    one->url = at->at.models;
    one->connect_ms = one->timeout_ms = timeout_ms;
    one->take = take_page;
    one->context = &got;
    is_read = got.bytes && transfer_run(one) && one->status == 200;
    one->context = NULL;
    if (!is_read)
        return -1;
    list = cJSON_ParseWithLength(got.bytes, got.length);
    entries = cJSON_GetObjectItemCaseSensitive(list, "data");
    if (cJSON_IsArray(entries)) {
        count = cJSON_GetArraySize(entries);
        name = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(entries, 0), "id");
        ml_format(model, MODEL_MAX, "%s", cJSON_IsString(name) ? name->valuestring : "");
    }
    cJSON_Delete(list);
    return count;
}

ml_status server_find(server *to)
{
    for (size_t i = 0; i < sizeof PORTS / sizeof *PORTS; i++) {
        char url[64], model[MODEL_MAX];
        transfer one;
        ml_format(url, sizeof url, "http://127.0.0.1:%u/v1", PORTS[i]);
        if (address_read(to->host, url, &to->at) == ML_OK &&
            list_models(to, PROBE_MS, model, &one) > 0)
            return ML_OK;
    }
    return ml_fail(to->host, ML_ERROR_NOT_FOUND,
                   "no language model answers on this machine (ports 11434, 8080 and 1234 of "
                   "127.0.0.1), and OPENAI_BASE_URL is not set; start one, or name its address");
}

ml_status server_choose_model(const server *at, char *model)
{
    transfer one;
    int count = list_models(at, at->timeout_ms < LIST_MS ? at->timeout_ms : LIST_MS, model, &one);
    if (model[0] && (count == 1 || (count > 1 && at->at.is_local)))
        return ML_OK;
    if (count > 1)
        return ml_fail(at->host, ML_ERROR_ARGUMENT,
                       "%s has %d models; choose one by --option llm.model=NAME", at->at.host,
                       count);
    if (one.status == 0)
        return ml_fail(at->host, ML_ERROR_IO, "%s cannot be asked: %s; is the server running?",
                       at->at.host, one.cause);
    return ml_fail(at->host, ML_ERROR_FAILED,
                   "%s does not list its models (status %ld); name one by --option llm.model=NAME",
                   at->at.host, one.status);
}

/* ---------------------------------------------------------------- asking */

static void add_message(cJSON *messages, const char *role, const char *text)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "role", role);
    cJSON_AddStringToObject(message, "content", text);
    cJSON_AddItemToArray(messages, message);
}

/* The request as JSON, for cJSON_free; NULL without memory. */
static char *write_request(const char *model, const char *rules, const char *prompt,
                           int with_temperature)
{
    cJSON *request = cJSON_CreateObject();
    cJSON *messages;
    char *text;
    cJSON_AddStringToObject(request, "model", model);
    messages = cJSON_AddArrayToObject(request, "messages");
    add_message(messages, "system", rules);
    add_message(messages, "user", prompt);
    if (with_temperature)
        cJSON_AddNumberToObject(request, "temperature", 0);
    cJSON_AddTrueToObject(request, "stream");
    text = cJSON_PrintUnformatted(request);
    cJSON_Delete(request);
    return text;
}

static int take_stream(void *context, const char *bytes, size_t length)
{
    return stream_take((stream *)context, bytes, length);
}

/* What the server says of its failure, in one line, or "". */
static const char *words_of(const stream *from, char *words)
{
    char said[WORDS_MAX];
    size_t used = 0;
    stream_error(from, said, sizeof said);
    words[0] = '\0';
    if (!said[0])
        return words;
    ml_format(words, WORDS_MAX + 4, ": %s", said);
    for (; words[used]; used++)
        if ((unsigned char)words[used] < 0x20 || words[used] == 0x7F)
            words[used] = ' ';
    return words;
}

static ml_status fail_status(const server *at, const char *model, const stream *from, long status)
{
    char words[WORDS_MAX + 4];
    const ml_host *host = at->host;
    words_of(from, words);
    switch (status) {
    case 401:
    case 403:
        return ml_fail(host, ML_ERROR_FAILED,
                       "%s refuses the key (status %ld)%s; is the variable named by "
                       "--option llm.key-variable right?",
                       at->at.host, status, words);
    case 404:
        return ml_fail(host, ML_ERROR_FAILED,
                       "%s has no such model or address (status 404, model %s)%s; check --option "
                       "llm.model and the address",
                       at->at.host, model, words);
    case 429:
        return ml_fail(host, ML_ERROR_FAILED,
                       "%s has no room for this now (status 429)%s; try again later", at->at.host,
                       words);
    default:
        return ml_fail(host, ML_ERROR_FAILED, "%s failed (status %ld)%s", at->at.host, status,
                       words);
    }
}

/* Why there is no answer, after the transfer. */
static ml_status judge(const server *at, const char *model, const stream *from, const transfer *one,
                       int is_whole)
{
    char words[WORDS_MAX + 4];
    const ml_host *host = at->host;
    if (ml_get_job(host)->cancelled(host))
        return ML_ERROR_CANCELLED;
    if (one->status == 0)
        return ml_fail(host, ML_ERROR_IO, "%s cannot be asked: %s; is the server running?",
                       at->at.host, one->cause);
    if (one->status != 200)
        return fail_status(at, model, from, one->status);
    if (words_of(from, words)[0])
        return ml_fail(host, ML_ERROR_FAILED, "%s ended with an error%s", at->at.host, words);
    if (stream_is_full(from))
        return ML_OK;
    if (one->received > RECEIVED_MAX)
        return ml_fail(host, ML_ERROR_TOO_LARGE, "%s sent more than %d MiB", at->at.host,
                       RECEIVED_MAX >> 20);
    if (!is_whole)
        return ml_fail(host, ML_ERROR_IO,
                       "the answer of %s broke off: %s; --option llm.timeout=10m waits longer",
                       at->at.host, one->cause);
    if (!stream_is_understood(from))
        return ml_fail(host, ML_ERROR_FORMAT, "%s did not answer as an OpenAI-compatible server",
                       at->at.host);
    if (!stream_is_ended(from))
        return ml_fail(host, ML_ERROR_IO, "the answer of %s broke off before its end; try again",
                       at->at.host);
    return ML_OK;
}

/* One request. `status` is that of HTTP. */
static ml_status ask_once(const server *at, const char *model, char *body, stream *from,
                          long *status)
{
    transfer one;
    int is_whole;
    memset(&one, 0, sizeof one);
    one.at = at;
    one.url = at->at.chat;
    one.body = body;
    one.connect_ms = at->timeout_ms < CONNECT_MS ? at->timeout_ms : CONNECT_MS;
    one.timeout_ms = at->timeout_ms;
    one.take = take_stream;
    one.context = from;
    is_whole = transfer_run(&one);
    stream_end(from);
    *status = one.status;
    return judge(at, model, from, &one, is_whole);
}

/* Some models refuse any temperature but their own. */
static int refuses_temperature(const stream *from)
{
    char said[WORDS_MAX];
    stream_error(from, said, sizeof said);
    return strstr(said, "temperature") != NULL;
}

ml_status server_ask(const server *at, const char *model, const char *rules, const char *prompt,
                     answer *to)
{
    ml_status status = ML_ERROR_FAILED;
    for (int with_temperature = 1; with_temperature >= 0; with_temperature--) {
        stream *from = stream_open(at->host, to);
        char *body = from ? write_request(model, rules, prompt, with_temperature) : NULL;
        long http = 0;
        if (!body)
            return ml_fail(at->host, ML_ERROR_MEMORY, "no memory for the request");
        status = ask_once(at, model, body, from, &http);
        cJSON_free(body);
        if (http != 400 || !refuses_temperature(from))
            break;
    }
    return status;
}
