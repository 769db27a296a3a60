#include "check.h"

#include <math.h>
#include <stdlib.h>

enum { NUMBERS_MAX = 1 << 14, TOKEN_MAX = 40 };

/* A number of a text. */
typedef struct token {
    const char *start;
    size_t length;
    double value;
    int decimals;
    int unit; /* as UNITS have it, or -1 */
} token;

/* Words for one unit have the same number. */
static const struct {
    const char *word;
    int unit;
} UNITS[] = {{"ns", 0},    {"\xC2\xB5s", 1}, {"us", 1},     {"ms", 2},      {"milliseconds", 2},
             {"s", 3},     {"seconds", 3},   {"second", 3}, {"min", 4},     {"minutes", 4},
             {"h", 5},     {"hours", 5},     {"%", 6},      {"percent", 6}, {"B", 7},
             {"bytes", 7}, {"kB", 8},        {"MB", 9},     {"GB", 10}};

static int is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* The unit that stands at `at`, perhaps behind a blank (also one that does not break); -1 for none. */
static int read_unit(const char *at)
{
    if (*at == ' ')
        at++;
    else if (strncmp(at, "\xC2\xA0", 2) == 0)
        at += 2;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        size_t length = strlen(UNITS[i].word);
        if (strncmp(at, UNITS[i].word, length) == 0 && !is_word(at[length]) &&
            !is_digit(at[length]))
            return UNITS[i].unit;
    }
    return -1;
}

/* Reads digits, commas between groups of three, and decimals. */
static token read_number(const char *at)
{
    token found = {at, 0, 0, 0, -1};
    char plain[TOKEN_MAX + 1];
    size_t used = 0;
    const char *end = at;
    for (; is_digit(*end) || (*end == ',' && is_digit(end[1]) && is_digit(end[2]) &&
                              is_digit(end[3]) && !is_digit(end[4]));
         end++)
        if (*end != ',' && used < TOKEN_MAX / 2)
            plain[used++] = *end;
    if (*end == '.' && is_digit(end[1])) {
        plain[used++] = *end++;
        for (; is_digit(*end); end++)
            if (used < TOKEN_MAX) {
                plain[used++] = *end;
                found.decimals++;
            }
    }
    plain[used] = '\0';
    found.length = (size_t)(end - at);
    found.value = strtod(plain, NULL);
    found.unit = read_unit(end);
    return found;
}

/* "1. " or "2) " at the start of a line. */
static int counts_an_item(const char *text, const token *number)
{
    const char *before = number->start, *after = number->start + number->length;
    while (before > text && (before[-1] == ' ' || before[-1] == '#' || before[-1] == '*'))
        before--;
    return (before == text || before[-1] == '\n') && (*after == '.' || *after == ')') &&
           (after[1] == ' ' || after[1] == '*');
}

/* The next number at or behind `at` that is not part of a word; false when there is none. */
static int next_number(const char *text, const char *at, token *found)
{
    while (*at) {
        if (!is_digit(*at)) {
            at++;
            continue;
        }
        *found = read_number(at);
        if (at == text || !is_word(at[-1]))
            return 1;
        at += found->length;
    }
    return 0;
}

static int is_known(const token *numbers, size_t count, const token *asked)
{
    double scale = pow(10, asked->decimals);
    for (size_t i = 0; i < count; i++) {
        double exact = numbers[i].value, rounded = floor(exact * scale + 0.5) / scale;
        double close = 1e-9 * (fabs(exact) + 1);
        if (asked->unit >= 0 && asked->unit != numbers[i].unit)
            continue;
        if (fabs(exact - asked->value) <= close ||
            (numbers[i].decimals > asked->decimals && fabs(rounded - asked->value) <= close))
            return 1;
    }
    return 0;
}

/* Adds a token to the list of those that are missing, unless it is there. */
static size_t add_missing(prose *to, size_t count, const char *start, size_t length)
{
    char quoted[TOKEN_MAX + 8];
    ml_format(quoted, sizeof quoted, "`%.*s`", (int)(length < TOKEN_MAX ? length : TOKEN_MAX),
              start);
    if (strstr(to->bytes, quoted))
        return count;
    if (count < CHECK_MOST)
        prose_put(to, "%s%s", count ? ", " : "", quoted);
    return count + 1;
}

static size_t check_numbers(const ml_host *host, const char *facts, const char *text, prose *to)
{
    token *known = (token *)ml_alloc(host, NUMBERS_MAX, sizeof *known);
    token one;
    size_t count = 0, missing = 0;
    const char *at = facts;
    if (!known)
        return 0;
    while (count < NUMBERS_MAX && next_number(facts, at, &one)) {
        known[count++] = one;
        at = one.start + one.length;
    }
    for (at = text; next_number(text, at, &one); at = one.start + one.length)
        if (!counts_an_item(text, &one) && !is_known(known, count, &one))
            missing = add_missing(to, missing, one.start, one.length);
    return missing;
}

/* "[F1]", "[f12, t3]": a letter and digits after a bracket, comma or blank within brackets. */
static size_t check_handles(const char *facts, const char *text, prose *to, size_t missing)
{
    int inside = 0;
    for (const char *at = text; *at; at++) {
        char handle[16];
        size_t length = 1;
        if (*at == '[' || *at == ']' || *at == '\n')
            inside = *at == '[';
        if (!inside || !strchr("Fftp", *at) || !is_digit(at[1]) || !strchr("[, ", at[-1]))
            continue;
        while (length < 10 && is_digit(at[length]))
            length++;
        ml_format(handle, sizeof handle, "[%.*s]", (int)length, at);
        if (!strstr(facts, handle))
            missing = add_missing(to, missing, at, length);
    }
    return missing;
}

size_t check_answer(const ml_host *host, const char *facts, const char *text, prose *to)
{
    return check_handles(facts, text, to, check_numbers(host, facts, text, to));
}
