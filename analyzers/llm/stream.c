#include "stream.h"

#include <cjson/cJSON.h>

enum { LINE_MAX_LENGTH = 1 << 20, ERROR_MAX = 300 };

struct stream {
    answer *to;
    char *line; /* the event that is arriving, or the whole object */
    size_t used;
    int is_object;  /* the first byte was '{': no events */
    int is_begun;   /* a byte that is no white space has come */
    int is_skipped; /* the line is too long and passed over */
    int is_ended, is_understood;
    char error[ERROR_MAX];
};

stream *stream_open(const ml_host *host, answer *to)
{
    stream *made = (stream *)ml_alloc(host, 1, sizeof *made);
    if (!made)
        return NULL;
    memset(to, 0, sizeof *to);
    made->to = to;
    made->line = (char *)ml_alloc(host, LINE_MAX_LENGTH, 1);
    to->text = (char *)ml_alloc(host, ANSWER_MAX + 1, 1);
    return made->line && to->text ? made : NULL;
}

static void add_text(stream *to, const cJSON *content)
{
    answer *whole = to->to;
    size_t length, room = ANSWER_MAX - whole->length;
    if (!cJSON_IsString(content))
        return;
    length = strlen(content->valuestring);
    whole->is_cut |= length > room;
    length = length > room ? room : length;
    memcpy(whole->text + whole->length, content->valuestring, length);
    whole->length += length;
    whole->text[whole->length] = '\0';
}

/* {"error": {"message": "…"}}, or {"error": "…"}. */
static void read_error(stream *to, const cJSON *error)
{
    const cJSON *message =
        cJSON_IsObject(error) ? cJSON_GetObjectItemCaseSensitive(error, "message") : error;
    if (cJSON_IsString(message))
        ml_format(to->error, sizeof to->error, "%s", message->valuestring);
    else if (error && !cJSON_IsNull(error))
        ml_format(to->error, sizeof to->error, "an error without words");
}

static void read_choice(stream *to, const cJSON *choice)
{
    const cJSON *delta = cJSON_GetObjectItemCaseSensitive(choice, "delta");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(choice, "message");
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(choice, "finish_reason");
    to->is_understood |= delta || message;
    add_text(to, cJSON_GetObjectItemCaseSensitive(delta ? delta : message, "content"));
    if (!cJSON_IsString(reason))
        return;
    to->is_ended = 1;
    to->to->is_shortened |= strcmp(reason->valuestring, "length") == 0;
}

static void read_object(stream *to, const char *bytes, size_t length)
{
    cJSON *object = cJSON_ParseWithLength(bytes, length);
    const cJSON *choices = cJSON_GetObjectItemCaseSensitive(object, "choices");
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(object, "model");
    if (cJSON_IsString(model))
        ml_format(to->to->model, sizeof to->to->model, "%s", model->valuestring);
    read_error(to, cJSON_GetObjectItemCaseSensitive(object, "error"));
    if (cJSON_IsArray(choices) && cJSON_GetArrayItem(choices, 0))
        read_choice(to, cJSON_GetArrayItem(choices, 0));
    cJSON_Delete(object);
}

static void read_line(stream *to)
{
    const char *data = to->line;
    size_t length = to->used;
    to->used = 0;
    if (length && data[length - 1] == '\r')
        length--;
    if (to->is_skipped || length < 5 || memcmp(data, "data:", 5) != 0) {
        to->is_skipped = 0;
        return;
    }
    data += 5;
    length -= 5;
    while (length && (*data == ' ' || *data == '\t')) {
        data++;
        length--;
    }
    if (length == 6 && memcmp(data, "[DONE]", 6) == 0)
        to->is_ended = 1;
    else
        read_object(to, data, length);
}

static void take_byte(stream *to, char byte)
{
    int is_blank = byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
    if (!to->is_begun && !is_blank) {
        to->is_begun = 1;
        to->is_object = byte == '{';
    }
    if (byte == '\n' && !to->is_object)
        read_line(to);
    else if (to->used < LINE_MAX_LENGTH)
        to->line[to->used++] = byte;
    else
        to->is_skipped = 1;
}

int stream_take(stream *to, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && !to->to->is_cut; i++)
        take_byte(to, bytes[i]);
    return !to->to->is_cut;
}

void stream_end(stream *to)
{
    if (!to->is_object)
        read_line(to);
    else if (!to->is_skipped)
        read_object(to, to->line, to->used);
    to->is_ended |= to->is_object && to->is_understood;
}

int stream_is_full(const stream *from)
{
    return from->to->is_cut;
}

int stream_is_ended(const stream *from)
{
    return from->is_ended;
}

int stream_is_understood(const stream *from)
{
    return from->is_understood;
}

void stream_error(const stream *from, char *words, size_t size)
{
    ml_format(words, size, "%s", from->error);
}
