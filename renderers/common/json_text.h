/* json_text: text of a recording as a JSON string (RFC 8259, section 7). For renderers whose format is not ours;
 * what is ours comes from the host's own serializer. */
#ifndef MICROLOG_RENDERERS_COMMON_JSON_TEXT_H
#define MICROLOG_RENDERERS_COMMON_JSON_TEXT_H

#include "sink.h"
#include "utf8.h"

/* With its quotes. What is not UTF-8 becomes U+FFFD; what is not to be seen is written as \uNNNN. */
static inline void json_string(sink *to, const char *text)
{
    sink_char(to, '"');
    while (*text) {
        const char *from = text;
        uint32_t character = utf8_next(&text);
        if (character == UTF8_BAD)
            sink_text(to, "\xEF\xBF\xBD");
        else if (character == '"' || character == '\\')
            sink_format(to, "\\%c", (int)character);
        else if (character < 0x10000 && (character < 0x20 || utf8_is_control(character)))
            sink_format(to, "\\u%04x", (unsigned)character);
        else
            sink_bytes(to, from, (size_t)(text - from));
    }
    sink_char(to, '"');
}

#endif
