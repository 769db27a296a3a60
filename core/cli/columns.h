/* columns: text for a terminal, laid out by columns: padded cells, wrapped sentences, styles.
 *
 * Everything is escaped on its way in. A character counts as one column; wide ones are not known.
 */
#ifndef ML_CLI_COLUMNS_H
#define ML_CLI_COLUMNS_H

#include "core/base/buffer.h"

typedef struct ml_columns {
    ml_buffer *out;
    size_t width; /* of a line; 0: without end */
    int color;    /* with escape sequences */
} ml_columns;

typedef enum ml_style { ML_STYLE_PLAIN, ML_STYLE_BOLD, ML_STYLE_ERROR, ML_STYLE_WARNING } ml_style;

/* How many columns a text takes. */
size_t ml_columns_of(const char *text);

/* The style of what follows. */
void ml_columns_style(const ml_columns *self, ml_style style);

/* A cell of `width` columns, filled with blanks; a longer text is cut and ends with "…". */
void ml_columns_left(const ml_columns *self, const char *text, size_t width);
/* At the cell's right side; a longer text is not cut. */
void ml_columns_right(const ml_columns *self, const char *text, size_t width);

/* A text of words, to the end of its last line. `used` columns of the line are taken already; the next lines
 * begin after `indent` blanks. */
void ml_columns_wrap(const ml_columns *self, const char *text, size_t used, size_t indent);

#endif
