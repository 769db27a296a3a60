/* terminal: lines of text that fit a width and cannot act on the terminal.
 *
 * All text of a recording goes through here: control characters and those that turn the direction of text
 * become visible escapes. Colours are words of the caller and appear only when they are welcome. */
#ifndef MICROLOG_RENDERERS_TEXT_TERMINAL_H
#define MICROLOG_RENDERERS_TEXT_TERMINAL_H

#include "common/sink.h"

enum { TERMINAL_TEXT_MAX = 4096 };

typedef enum { STYLE_PLAIN, STYLE_BOLD, STYLE_FAINT, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE } style;

typedef struct terminal {
    sink *sink;
    unsigned width;
    int color;
    int lines; /* written so far */
} terminal;

/* Copies `text` in its harmless form into `out` (TERMINAL_TEXT_MAX bytes), at most `columns` wide, with "…"
 * where it was cut. Returns the columns used. */
unsigned terminal_clean(char *out, const char *text, unsigned columns);

void terminal_style(terminal *to, style which);

/* Cleaned text padded with blanks to `columns`, cut where it is longer. */
void terminal_left(terminal *to, const char *text, unsigned columns);
void terminal_right(terminal *to, const char *text, unsigned columns);

/* Cleaned text without padding, cut to `columns`. Returns the columns used. */
unsigned terminal_cut(terminal *to, const char *text, unsigned columns);

/* Short text of this renderer itself. */
void terminal_put(terminal *to, const char *text);

void terminal_newline(terminal *to);

/* Words of `text` on at most `lines_max` lines, the first of which begins at column `used`, the others after
 * `indent` blanks. Ends the last line. */
void terminal_wrap(terminal *to, const char *text, unsigned used, unsigned indent, int lines_max);

#endif
