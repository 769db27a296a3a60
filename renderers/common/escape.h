/* escape: text of a recording as text of HTML and XML. The only way by which such text reaches a page.
 *
 * The five characters of markup become entities; characters that act instead of being seen (utf8.h), which XML 1.0
 * (section 2.2, Char) forbids or which turn the text around them, are written out as \xNN or \uNNNN. */
#ifndef MICROLOG_RENDERERS_COMMON_ESCAPE_H
#define MICROLOG_RENDERERS_COMMON_ESCAPE_H

#include "sink.h"
#include "utf8.h"

/* `from` has the character's own bytes. */
static inline void escape_character(sink *to, uint32_t character, const char *from, size_t length)
{
    if (character == '&')
        sink_text(to, "&amp;");
    else if (character == '<')
        sink_text(to, "&lt;");
    else if (character == '>')
        sink_text(to, "&gt;");
    else if (character == '"')
        sink_text(to, "&quot;");
    else if (character == '\'')
        sink_text(to, "&#39;");
    else if (character == '\n' || character == '\t')
        sink_char(to, (char)character);
    else if (character == UTF8_BAD || (character & 0xFFFEu) == 0xFFFE)
        sink_text(to, "\xEF\xBF\xBD");
    else if (utf8_is_control(character))
        sink_format(to, character < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)character);
    else
        sink_bytes(to, from, length);
}

/* At most that many characters, then an ellipsis. */
static inline void escape_clipped(sink *to, const char *text, size_t characters)
{
    while (*text) {
        const char *from = text;
        uint32_t character = utf8_next(&text);
        if (characters-- == 0) {
            sink_text(to, "\xE2\x80\xA6");
            return;
        }
        escape_character(to, character, from, (size_t)(text - from));
    }
}

#endif
