/* prose: Markdown in a buffer of a fixed size, and text of the recording made harmless in it. */
#ifndef MICROLOG_ANALYZERS_COMMON_PROSE_H
#define MICROLOG_ANALYZERS_COMMON_PROSE_H

#include <microlog/sdk.h>

typedef struct prose {
    char *bytes; /* always ends with NUL */
    size_t used, size;
} prose;

/* `size` must be more than 4. False when there is no memory. */
static inline int prose_open(prose *to, const ml_host *host, size_t size)
{
    to->bytes = (char *)ml_alloc(host, size, 1);
    to->used = 0;
    to->size = size;
    return to->bytes != NULL;
}

/* Appends; what does not fit is cut with "...". */
static inline void prose_put(prose *to, const char *format, ...) ML_PRINTF(2, 3);
static inline void prose_put(prose *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ml_formatv(to->bytes + to->used, to->size - to->used, format, arguments);
    va_end(arguments);
    to->used += strlen(to->bytes + to->used);
}

/* A code span of at most `longest` bytes: no backtick, line break or control character of the text survives. */
static inline void prose_put_code(prose *to, const char *text, size_t longest)
{
    char clean[512];
    size_t used = 0, limit = longest < sizeof clean - 4 ? longest : sizeof clean - 4;
    while (text[used] && used < limit) {
        unsigned char byte = (unsigned char)text[used];
        clean[used] = (char)(byte == '`' ? '\'' : byte < 0x20 || byte == 0x7F ? ' ' : byte);
        used++;
    }
    if (text[used]) {
        while (used && ((unsigned char)text[used] & 0xC0u) == 0x80u)
            used--;
        memcpy(clean + used, "...", 3);
        used += 3;
    }
    clean[used] = '\0';
    prose_put(to, "`%s`", used ? clean : " ");
}

/* The text in one line, its Markdown without effect. */
static inline void prose_put_plain(prose *to, const char *text)
{
    for (; *text && to->used + 8 < to->size; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr("\\`*_[]<>#|~&!", byte))
            to->bytes[to->used++] = '\\';
        to->bytes[to->used++] = (char)(byte < 0x20 || byte == 0x7F ? ' ' : byte);
        to->bytes[to->used] = '\0';
    }
}

/* "1 thread", "2 threads", "2 processes" */
static inline void prose_put_count(prose *to, uint64_t count, const char *what)
{
    char number[ML_NUMBER_MAX];
    const char *ending = what[0] && what[strlen(what) - 1] == 's' ? "es" : "s";
    prose_put(to, "%s %s%s", ml_format_count(number, count), what, count == 1 ? "" : ending);
}

#endif
