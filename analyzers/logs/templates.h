/* templates: the messages of a run, grouped by their pattern, kind, level and source. */
#ifndef MICROLOG_ANALYZERS_LOGS_TEMPLATES_H
#define MICROLOG_ANALYZERS_LOGS_TEMPLATES_H

#include <microlog/sdk.h>

enum { TEMPLATES_MAX = 20000 };

/* One template. Its messages are rows[first] to rows[first + count - 1], in order of time. */
typedef struct message_template {
    const char *pattern;
    uint64_t hash;
    uint32_t kind, level, source; /* of its messages; source is a text of the model */
    uint32_t count;
    uint32_t first;
} message_template;

typedef struct message_templates {
    message_template *all; /* in order of their first message */
    uint32_t count;
    uint32_t *rows;   /* of messages */
    uint64_t grouped; /* messages in templates */
    uint64_t beyond;  /* messages that are in none, because there were TEMPLATES_MAX before */
} message_templates;

/* ML_ERROR_MEMORY with a cause when there is no memory. */
ml_status templates_find(const ml_host *host, message_templates *out);

/* Row of messages: the first and the last of a template, and any between. */
static inline uint32_t template_row(const message_templates *from, const message_template *one,
                                    uint32_t place)
{
    return from->rows[one->first + place];
}

/* Where a message was made: the function and line that said it. */
typedef struct message_place {
    uint32_t function; /* row of functions, or ML_NONE */
    uint32_t line;
    const char *file; /* "" where not known */
} message_place;

message_place template_place(const ml_model *model, uint32_t row);

/* "error", "printed", "uncaught": how a template's messages were said. */
const char *template_word(const message_template *one);

#endif
