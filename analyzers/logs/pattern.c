#include "pattern.h"

#include <string.h>

enum { QUOTED_MAX = 400 };

typedef struct scan {
    const char *at; /* what is left of the line */
    const char *end;
    char before; /* the character before `at`, or a blank */
    char *out;
    size_t used;
} scan;

/* ---------------------------------------------------------------- characters */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static int is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---------------------------------------------------------------- what varies: its length at `at`, or 0 */

static size_t length_of_escape(const scan *from)
{
    const char *at = from->at;
    if (at[0] != 27 || at + 1 >= from->end)
        return at[0] == 27;
    if (at[1] != '[')
        return 2;
    for (at += 2; at < from->end && (*at < '@' || *at > '~'); at++)
        ;
    return (size_t)(at - from->at) + (at < from->end);
}

/* From a quotation mark that begins a word to the same one, which ends one. */
static size_t length_of_quoted(const scan *from)
{
    char mark = from->at[0];
    const char *limit = from->end;
    if ((mark != '\'' && mark != '"' && mark != '`') || is_word(from->before))
        return 0;
    if (limit - from->at > QUOTED_MAX)
        limit = from->at + QUOTED_MAX;
    for (const char *at = from->at + 1; at < limit; at++)
        if (*at == mark && (at + 1 >= from->end || !is_word(at[1])))
            return (size_t)(at - from->at) + 1;
    return 0;
}

static int ends_path(char c)
{
    return is_blank(c) || strchr("\"'`<>|,;()[]{}", c) != NULL;
}

static size_t length_until_path_ends(const scan *from)
{
    const char *at = from->at;
    while (at < from->end && !ends_path(*at))
        at++;
    while (at > from->at + 1 && (at[-1] == '.' || at[-1] == ':'))
        at--;
    return (size_t)(at - from->at);
}

static size_t length_of_url(const scan *from)
{
    size_t letters = 0, left = (size_t)(from->end - from->at);
    if (is_word(from->before))
        return 0;
    while (letters < left && from->at[letters] >= 'a' && from->at[letters] <= 'z')
        letters++;
    if (letters < 2 || left < letters + 4 || memcmp(from->at + letters, "://", 3) != 0)
        return 0;
    return length_until_path_ends(from);
}

/* "/a", "./a", "../a", "~/a", "C:\a". */
static size_t length_of_path(const scan *from)
{
    const char *at = from->at;
    size_t length;
    if (is_word(from->before) || strchr("/.<", from->before))
        return 0;
    if (from->end - at > 3 && is_letter(at[0]) && at[1] == ':' && at[2] == '\\')
        return length_until_path_ends(from);
    while (at < from->end && (*at == '.' || *at == '~') && at - from->at < 2)
        at++;
    if (at >= from->end || *at != '/')
        return 0;
    length = length_until_path_ends(from);
    return length > (size_t)(at - from->at) + 1 ? length : 0;
}

/* Groups of 8, 4, 4, 4, 12 digits. */
static size_t length_of_uuid(const scan *from)
{
    enum { LENGTH = 36 };
    if (from->end - from->at < LENGTH || is_word(from->before) ||
        (from->end - from->at > LENGTH && is_word(from->at[LENGTH])))
        return 0;
    for (int i = 0; i < LENGTH; i++) {
        int is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? from->at[i] != '-' : !is_hex(from->at[i]))
            return 0;
    }
    return LENGTH;
}

/* 0x and digits, or a word of eight and more digits among which are both numbers and letters. */
static size_t length_of_hex(const scan *from)
{
    enum { LEAST = 8 };
    const char *at = from->at;
    int numbers = 0, letters = 0, is_marked = 0;
    if (is_word(from->before))
        return 0;
    if (from->end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        is_marked = 1;
        at += 2;
    }
    for (; at < from->end && is_hex(*at); at++) {
        numbers += is_digit(*at);
        letters += !is_digit(*at);
    }
    if (at < from->end && is_word(*at))
        return 0;
    if (is_marked)
        return numbers + letters ? (size_t)(at - from->at) : 0;
    return numbers && letters && numbers + letters >= LEAST ? (size_t)(at - from->at) : 0;
}

/* Digits, with single '.', ',' or ':' between them; a sign and an exponent go with it. */
static size_t length_of_number(const scan *from)
{
    const char *at = from->at;
    if (*at == '-' && !is_word(from->before) && at + 1 < from->end && is_digit(at[1]))
        at++;
    if (!is_digit(*at))
        return 0;
    while (at < from->end && (is_digit(*at) || (strchr(".,:", *at) && at + 1 < from->end &&
                                                is_digit(at[1]) && is_digit(at[-1]))))
        at++;
    if (from->end - at > 2 && (*at == 'e' || *at == 'E') && (at[1] == '-' || at[1] == '+') &&
        is_digit(at[2]))
        for (at += 2; at < from->end && is_digit(*at); at++)
            ;
    return (size_t)(at - from->at);
}

/* ---------------------------------------------------------------- the pattern */

typedef struct variable {
    size_t (*length)(const scan *from);
    const char *name;
} variable;

static const variable variables[] = {
    {length_of_escape, ""},     {length_of_quoted, "<text>"}, {length_of_url, "<url>"},
    {length_of_path, "<path>"}, {length_of_uuid, "<uuid>"},   {length_of_hex, "<hex>"},
    {length_of_number, "<n>"},
};

/* False when there is no room. */
static int put(scan *to, const char *text, size_t length)
{
    if (to->used + length + 4 > PATTERN_MAX)
        return 0;
    memcpy(to->out + to->used, text, length);
    to->used += length;
    return 1;
}

static void step(scan *from, size_t length)
{
    from->before = from->at[length - 1];
    from->at += length;
}

/* One piece of the text; false when there is no room for it. */
static int put_next(scan *from)
{
    const char *at = from->at;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        size_t length = variables[i].length(from);
        if (!length)
            continue;
        step(from, length);
        if (i == 0)
            from->before = ' ';
        return put(from, variables[i].name, strlen(variables[i].name));
    }
    step(from, 1);
    if (is_blank(*at))
        return from->used == 0 || from->out[from->used - 1] == ' ' || put(from, " ", 1);
    return put(from, at, 1);
}

size_t pattern_of(char *out, const char *text)
{
    scan from = {text, NULL, ' ', out, 0};
    while (is_blank(*from.at))
        from.at++;
    from.end = from.at + strcspn(from.at, "\n\r");
    while (from.at < from.end)
        if (!put_next(&from))
            break;
    if (from.at < from.end || *from.end) {
        while (from.used && ((unsigned char)out[from.used - 1] & 0xC0u) == 0x80u)
            from.used--;
        if (from.used && (unsigned char)out[from.used - 1] >= 0xC0u)
            from.used--;
        memcpy(out + from.used, "...", 3);
        from.used += 3;
    }
    while (from.used && out[from.used - 1] == ' ')
        from.used--;
    out[from.used] = '\0';
    return from.used;
}
