/* sink: a buffer before microlog.output/1, with a sticky failure. For renderers; escaping is theirs. */
#ifndef MICROLOG_RENDERERS_COMMON_SINK_H
#define MICROLOG_RENDERERS_COMMON_SINK_H

#include <microlog/sdk.h>

typedef struct sink {
    const ml_host *host;
    const ml_output *output;
    ml_status status; /* the first failure; nothing is written after it */
    size_t used;
    uint64_t flushed;
    char bytes[1 << 15];
} sink;

/* NULL when there is no memory. Gone when the job ends. */
static inline sink *sink_open(const ml_host *host)
{
    sink *to = (sink *)ml_alloc(host, 1, sizeof *to);
    if (to) {
        to->host = host;
        to->output = ml_get_output(host);
    }
    return to;
}

static inline void sink_flush(sink *to)
{
    if (to->used && to->status == ML_OK)
        to->status = to->output->write(to->host, to->bytes, to->used);
    to->flushed += to->used;
    to->used = 0;
}

/* Bytes so far, for files of a bounded size. */
static inline uint64_t sink_size(const sink *to)
{
    return to->flushed + to->used;
}

static inline void sink_bytes(sink *to, const void *bytes, size_t length)
{
    const char *from = (const char *)bytes;
    while (length) {
        size_t room = sizeof to->bytes - to->used;
        size_t part = length < room ? length : room;
        memcpy(to->bytes + to->used, from, part);
        to->used += part;
        from += part;
        length -= part;
        if (to->used == sizeof to->bytes)
            sink_flush(to);
    }
}

static inline void sink_text(sink *to, const char *text)
{
    sink_bytes(to, text, strlen(text));
}

static inline void sink_char(sink *to, char byte)
{
    sink_bytes(to, &byte, 1);
}

/* At most ML_SENTENCE_MAX bytes: for numbers and fixed words, not for text of a recording. */
static inline void sink_format(sink *to, const char *format, ...) ML_PRINTF(2, 3);
static inline void sink_format(sink *to, const char *format, ...)
{
    ML_SENTENCE(to, format, sink_text(to, sentence));
}

/* Writes the rest; returns the first failure. */
static inline ml_status sink_end(sink *to)
{
    sink_flush(to);
    return to->status;
}

#endif
