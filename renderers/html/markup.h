/* markup: the one place where text becomes HTML.
 *
 * Text of a recording is hostile: it goes through markup_text and nothing else, in elements and in attributes
 * (which are always in double quotes). Control characters become visible escapes. */
#ifndef MICROLOG_RENDERERS_HTML_MARKUP_H
#define MICROLOG_RENDERERS_HTML_MARKUP_H

#include "common/sink.h"

void markup_text(sink *to, const char *text);

/* At most `characters`, then an ellipsis. */
void markup_clipped(sink *to, const char *text, size_t characters);

/* `length` bytes of text. */
void markup_bytes(sink *to, const char *text, size_t length);

/* <tag class="…">text</tag>; `name` is a class or NULL. */
void markup_element(sink *to, const char *tag, const char *name, const char *text);

/* "file:line function" of a place, the file by its last part, in full in the tooltip. */
void markup_place(sink *to, const char *file, uint64_t line, const char *function);

/* A percentage with enough digits for a position. */
void markup_percent(sink *to, double share);

/* The icon of a level: a shape of its own for each, not only a colour. */
void markup_level_icon(sink *to, uint32_t level);

/* Small Markdown as HTML: headings from h4 down, lists, code, tables, links to http, https and mailto; no
 * HTML of its own, images become links. markdown.c */
void markup_markdown(sink *to, const char *markdown);

#endif
