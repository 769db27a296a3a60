#include "core/cli/columns.h"

#include "core/base/text.h"

#include <string.h>

enum { TEXT_MAX = 1 << 20 };

/* Continuation bytes take no column. */
static int begins_character(uint8_t byte)
{
    return (byte & 0xC0u) != 0x80u;
}

static size_t columns_of(const uint8_t *text, size_t length)
{
    size_t columns = 0;

    for (size_t i = 0; i < length; i++) {
        columns += (size_t)begins_character(text[i]);
    }
    return columns;
}

/* Bytes of the first `columns` characters. */
static size_t bytes_of(const ml_buffer *text, size_t columns)
{
    size_t i = 0;

    for (; i < text->length; i++) {
        if (begins_character(text->data[i]) && columns-- == 0) {
            break;
        }
    }
    return i;
}

static void put_blanks(ml_buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ml_buffer_put_u8(out, ' ');
    }
}

static void escape(ml_buffer *shown, const char *text)
{
    ml_buffer_init(shown, TEXT_MAX);
    ml_text_escape(shown, text, strlen(text));
}

size_t ml_columns_of(const char *text)
{
    ml_buffer shown;
    size_t columns;

    escape(&shown, text);
    columns = columns_of(shown.data, shown.length);
    ml_buffer_release(&shown);
    return columns;
}

void ml_columns_style(const ml_columns *self, ml_style style)
{
    static const char *const codes[] = {[ML_STYLE_PLAIN] = "\x1b[0m",
                                        [ML_STYLE_BOLD] = "\x1b[1m",
                                        [ML_STYLE_ERROR] = "\x1b[31m",
                                        [ML_STYLE_WARNING] = "\x1b[33m"};

    if (self->color) {
        ml_buffer_put_text(self->out, codes[style]);
    }
}

void ml_columns_left(const ml_columns *self, const char *text, size_t width)
{
    ml_buffer shown;
    size_t columns;

    escape(&shown, text);
    columns = columns_of(shown.data, shown.length);
    if (columns > width && width > 0) {
        ml_buffer_put(self->out, shown.data, bytes_of(&shown, width - 1));
        ml_buffer_put_text(self->out, "\xE2\x80\xA6");
    } else {
        ml_buffer_put(self->out, shown.data, shown.length);
        put_blanks(self->out, width - columns);
    }
    ml_buffer_release(&shown);
}

void ml_columns_right(const ml_columns *self, const char *text, size_t width)
{
    ml_buffer shown;
    size_t columns;

    escape(&shown, text);
    columns = columns_of(shown.data, shown.length);
    put_blanks(self->out, columns < width ? width - columns : 0);
    ml_buffer_put(self->out, shown.data, shown.length);
    ml_buffer_release(&shown);
}

static void new_line(const ml_columns *self, size_t indent)
{
    ml_buffer_put_u8(self->out, '\n');
    put_blanks(self->out, indent);
}

/* Words longer than a line stay whole. */
void ml_columns_wrap(const ml_columns *self, const char *text, size_t used, size_t indent)
{
    size_t at = 0;
    int is_first = 1;
    ml_buffer shown;

    escape(&shown, text);
    while (at < shown.length) {
        const uint8_t *word = shown.data + at;
        const uint8_t *blank = memchr(word, ' ', shown.length - at);
        size_t length = blank == NULL ? shown.length - at : (size_t)(blank - word);
        size_t columns = columns_of(word, length);
        if (!is_first && self->width != 0 && used + 1 + columns > self->width) {
            new_line(self, indent);
            used = indent;
            is_first = 1;
        }
        if (!is_first) {
            ml_buffer_put_u8(self->out, ' ');
            used++;
        }
        ml_buffer_put(self->out, word, length);
        used += columns;
        is_first = 0;
        at += length + 1;
    }
    ml_buffer_put_u8(self->out, '\n');
    ml_buffer_release(&shown);
}
