/* Messages of the program, as markers of the thread that said them. */
#include "profile.h"

/* Lists are built from the last to the first. */
void markers_find(profile *self)
{
    const ml_messages *messages = self->model->messages;
    uint32_t threads = self->model->threads->count;
    uint64_t count = messages->count < MESSAGES_MOST ? messages->count : MESSAGES_MOST;
    for (uint64_t i = count; threads && i-- > 0;) {
        uint32_t thread = messages->thread[i] < threads ? messages->thread[i] : 0;
        self->next_message[i] = self->first_message[thread];
        self->first_message[thread] = (uint32_t)i + 1;
    }
}

static const char *word_of_level(uint32_t level)
{
    return level >= 50   ? "critical"
           : level >= 40 ? "error"
           : level >= 30 ? "warning"
           : level >= 20 ? "info"
           : level       ? "debug"
                         : "";
}

typedef void (*message_use)(const profile *self, uint32_t message);

static void put_message_name(const profile *self, uint32_t message)
{
    uint32_t kind = self->model->messages->kind[message];
    sink_format(self->out, "%u", (unsigned)(STATES + (kind < KINDS ? kind : 0)));
}

static void put_message_time(const profile *self, uint32_t message)
{
    put_milliseconds(self->out, self->model->messages->time_ns[message]);
}

static void put_message_data(const profile *self, uint32_t message)
{
    const ml_messages *messages = self->model->messages;
    sink_format(self->out, "\n{\"type\":\"Log\",\"level\":\"%s\",\"source\":",
                word_of_level(messages->level[message]));
    json_string(self->out, ml_text_of(self->model, messages->source[message]));
    sink_text(self->out, ",\"text\":");
    json_string(self->out, ml_text_of(self->model, messages->text[message]));
    sink_char(self->out, '}');
}

static void put_zero(const profile *self, uint32_t message)
{
    (void)message;
    sink_char(self->out, '0');
}

static void put_null(const profile *self, uint32_t message)
{
    (void)message;
    sink_text(self->out, "null");
}

void markers_put(const profile *self, uint32_t thread)
{
    static const struct {
        const char *name;
        message_use put;
    } columns[] = {{"name", put_message_name}, {"startTime", put_message_time},
                   {"endTime", put_null},      {"phase", put_zero},
                   {"category", put_zero},     {"data", put_message_data}};
    uint32_t count = 0;
    for (uint32_t at = self->first_message[thread]; at; at = self->next_message[at - 1])
        count++;
    sink_format(self->out, ",\"markers\":{\"length\":%u", (unsigned)count);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sink_format(self->out, ",\n\"%s\":[", columns[i].name);
        for (uint32_t at = self->first_message[thread]; at; at = self->next_message[at - 1]) {
            columns[i].put(self, at - 1);
            sink_text(self->out, self->next_message[at - 1] ? "," : "");
        }
        sink_char(self->out, ']');
    }
    sink_char(self->out, '}');
}
