#include "terminal.h"

#include "common/utf8.h"

/* Columns of a character: East Asian wide ones take two, combining marks none (Unicode TR 11, coarse). */
static unsigned columns_of(uint32_t character)
{
    if ((character >= 0x300 && character < 0x370) || character == 0x200D ||
        (character >= 0xFE00 && character < 0xFE10))
        return 0;
    if ((character >= 0x1100 && character < 0x1160) ||
        (character >= 0x2E80 && character < 0xA4D0) ||
        (character >= 0xAC00 && character < 0xD7A4) ||
        (character >= 0xF900 && character < 0xFB00) ||
        (character >= 0xFE30 && character < 0xFE70) ||
        (character >= 0xFF00 && character < 0xFF61) ||
        (character >= 0x1F300 && character < 0x1FB00) ||
        (character >= 0x20000 && character < 0x40000))
        return 2;
    return 1;
}

/* One character in harmless form; returns its columns. */
static unsigned clean_character(char *out, const char *from, size_t length, uint32_t character)
{
    if (character == '\n' || character == '\t' || character == '\r') {
        memcpy(out, " ", 2);
        return 1;
    }
    if (utf8_is_control(character))
        return (unsigned)snprintf(out, 12, character < 0x100 ? "\\x%02x" : "\\u%04x",
                                  (unsigned)character);
    if (character == UTF8_BAD) {
        memcpy(out, "\xEF\xBF\xBD", 4);
        return 1;
    }
    memcpy(out, from, length);
    out[length] = '\0';
    return columns_of(character);
}

unsigned terminal_clean(char *out, const char *text, unsigned columns)
{
    size_t used = 0, cut_at = 0;
    unsigned width = 0, cut_width = 0;
    while (*text) {
        const char *from = text;
        char one[12];
        uint32_t character = utf8_next(&text);
        unsigned wide = clean_character(one, from, (size_t)(text - from), character);
        size_t length = strlen(one);
        if (width + wide > columns || used + length + 4 > TERMINAL_TEXT_MAX) {
            if (columns == 0)
                break;
            memcpy(out + cut_at, "\xE2\x80\xA6", 4);
            return cut_width + 1;
        }
        memcpy(out + used, one, length);
        used += length;
        width += wide;
        if (width < columns) {
            cut_at = used;
            cut_width = width;
        }
    }
    out[used] = '\0';
    return width;
}

void terminal_style(terminal *to, style which)
{
    static const char *const codes[] = {"\033[0m",    "\033[1m",  "\033[2m",
                                        "\033[1;31m", "\033[33m", "\033[36m"};
    if (to->color)
        sink_text(to->sink, codes[which]);
}

static void put_blanks(terminal *to, unsigned count)
{
    while (count--)
        sink_char(to->sink, ' ');
}

void terminal_left(terminal *to, const char *text, unsigned columns)
{
    char clean[TERMINAL_TEXT_MAX];
    unsigned used = terminal_clean(clean, text, columns);
    sink_text(to->sink, clean);
    put_blanks(to, columns - used);
}

void terminal_right(terminal *to, const char *text, unsigned columns)
{
    char clean[TERMINAL_TEXT_MAX];
    unsigned used = terminal_clean(clean, text, columns);
    put_blanks(to, columns - used);
    sink_text(to->sink, clean);
}

unsigned terminal_cut(terminal *to, const char *text, unsigned columns)
{
    char clean[TERMINAL_TEXT_MAX];
    unsigned used = terminal_clean(clean, text, columns);
    sink_text(to->sink, clean);
    return used;
}

void terminal_put(terminal *to, const char *text)
{
    terminal_cut(to, text, to->width);
}

void terminal_newline(terminal *to)
{
    sink_char(to->sink, '\n');
    to->lines++;
}

/* Bytes of the longest beginning of `text` that is at most `columns` wide and ends where a word ends; of a
 * word that is too long by itself, as much as fits. */
static size_t fitting(const char *text, unsigned columns)
{
    const char *at = text;
    size_t word_end = 0, last = 0;
    unsigned width = 0;
    while (*at) {
        uint32_t character = utf8_next(&at);
        width += columns_of(character);
        if (width > columns)
            return word_end ? word_end : last ? last : (size_t)(at - text);
        last = (size_t)(at - text);
        if (!*at || (*at == ' ' && at[1] != '%'))
            word_end = last;
    }
    return last;
}

void terminal_wrap(terminal *to, const char *text, unsigned used, unsigned indent, int lines_max)
{
    char clean[TERMINAL_TEXT_MAX];
    const char *rest = clean;
    terminal_clean(clean, text, TERMINAL_TEXT_MAX);
    for (int line = 1; *rest; line++) {
        unsigned begin = line == 1 ? used : indent;
        unsigned room = to->width > begin + 10 ? to->width - begin : 10;
        size_t length = fitting(rest, room);
        if (line > 1)
            put_blanks(to, indent);
        if (line == lines_max && rest[length]) {
            terminal_left(to, rest, room);
            break;
        }
        sink_bytes(to->sink, rest, length);
        rest += length;
        while (*rest == ' ')
            rest++;
        if (*rest)
            terminal_newline(to);
    }
    terminal_newline(to);
}
