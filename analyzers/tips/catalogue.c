#include "catalogue.h"

#include "assets.h"

#include <limits.h>
#include <stdlib.h>

enum { TIP_FIELDS = 8, PAGE_FIELDS = 3, OLDEST_DOCUMENTED = 9, NEWEST_DOCUMENTED = 14 };

/* ---------------------------------------------------------------- lines and fields */

typedef struct lines {
    char *at;
    unsigned number;
} lines;

/* The next line that is no comment, as fields; how many there are, 0 at the end. */
static int next_line(lines *from, char **fields, int most)
{
    while (*from->at) {
        char *line = from->at, *end = strchr(line, '\n');
        int count = 0;
        from->number++;
        from->at = end ? end + 1 : line + strlen(line);
        if (end)
            *end = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        for (char *field = line; field; count++) {
            char *tab = strchr(field, '\t');
            if (tab)
                *tab++ = '\0';
            if (count < most)
                fields[count] = field;
            field = tab;
        }
        return count;
    }
    return 0;
}

static char *copy_of(const ml_host *host, const unsigned char *bytes, size_t length)
{
    char *copy = (char *)ml_alloc(host, length + 1, 1);
    if (copy)
        memcpy(copy, bytes, length);
    return copy;
}

static size_t lines_in(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* ---------------------------------------------------------------- tips */

static int read_measure(const char *word, int *out)
{
    static const char *const words[] = {"total", "self", "wall"};
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = i;
            return 1;
        }
    return 0;
}

/* "3.11" is 11; -1 where it is none. */
static int read_minor(const char *text, const char **end)
{
    char *after;
    long minor;
    if (strncmp(text, "3.", 2) != 0 || text[2] < '0' || text[2] > '9')
        return -1;
    minor = strtol(text + 2, &after, 10);
    *end = after;
    return minor > 999 ? -1 : (int)minor;
}

/* "*", "3.11-", "-3.10", "3.9-3.11". */
static int read_range(const char *text, tip *out)
{
    const char *at = text;
    out->from = -1;
    out->until = INT_MAX;
    if (strcmp(text, "*") == 0)
        return 1;
    if (*at != '-' && (out->from = read_minor(at, &at)) < 0)
        return 0;
    if (*at++ != '-')
        return 0;
    if (*at && (out->until = read_minor(at, &at)) < 0)
        return 0;
    return *at == '\0';
}

static int read_tip(char **fields, tip *out)
{
    char *end;
    out->id = fields[0];
    out->where = fields[1];
    out->least = strtod(fields[3], &end) / 100;
    out->title = fields[5];
    out->why = fields[6];
    out->url = fields[7];
    return read_measure(fields[2], &out->measure) && *end == '\0' && out->least > 0 &&
           out->least < 1 && read_range(fields[4], out);
}

static ml_status read_tips(const ml_host *host, catalogue *out)
{
    char *text = copy_of(host, asset_catalogue_tsv, asset_catalogue_tsv_length);
    char *fields[TIP_FIELDS];
    lines from = {text, 0};
    int count;
    out->tips = (tip *)ml_alloc(host, TIPS_MAX, sizeof *out->tips);
    if (!text || !out->tips)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the catalogue of tips");
    while ((count = next_line(&from, fields, TIP_FIELDS)) != 0) {
        if (out->tip_count == TIPS_MAX)
            return ml_fail(host, ML_ERROR_TOO_LARGE,
                           "the catalogue has more than %d tips: raise "
                           "TIPS_MAX",
                           (int)TIPS_MAX);
        if (count != TIP_FIELDS || !read_tip(fields, &out->tips[out->tip_count]))
            return ml_fail(host, ML_ERROR_FORMAT,
                           "line %u of catalogue.tsv is no tip: its first "
                           "lines say what one is",
                           from.number);
        out->tip_count++;
    }
    return ML_OK;
}

/* ---------------------------------------------------------------- pages */

static ml_status read_pages(const ml_host *host, catalogue *out)
{
    char *text = copy_of(host, asset_pages_tsv, asset_pages_tsv_length);
    char *fields[PAGE_FIELDS];
    lines from = {text, 0};
    int count;
    if (text)
        out->pages = (page *)ml_alloc(host, lines_in(text), sizeof *out->pages);
    if (!text || !out->pages)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the pages of documentation");
    while ((count = next_line(&from, fields, PAGE_FIELDS)) != 0) {
        page *one = &out->pages[out->page_count++];
        if (count != PAGE_FIELDS)
            return ml_fail(host, ML_ERROR_FORMAT, "line %u of pages.tsv has not three fields",
                           from.number);
        one->kind = fields[0];
        one->module = fields[1];
        one->name = fields[2];
    }
    return ML_OK;
}

ml_status catalogue_read(const ml_host *host, catalogue *out)
{
    ml_status status;
    memset(out, 0, sizeof *out);
    status = read_tips(host, out);
    return status == ML_OK ? read_pages(host, out) : status;
}

/* ---------------------------------------------------------------- matching */

/* Does `text` match the pattern from `at` to `end`, in which * stands for anything? */
static int matches(const char *at, const char *end, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (at < end && *at == '*') {
            star = at++;
            retry = text;
        } else if (at < end && *at == *text) {
            at++;
            text++;
        } else if (star) {
            at = star + 1;
            text = ++retry;
        } else {
            return 0;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}

int catalogue_matches(const char *where, const char *module, const char *function)
{
    while (*where) {
        const char *colon = strchr(where, ':');
        const char *end = where + strcspn(where, " ");
        if (!colon || colon > end)
            return 0;
        if (matches(where, colon, module) && matches(colon + 1, end, function))
            return 1;
        where = *end ? end + 1 : end;
    }
    return 0;
}

/* ---------------------------------------------------------------- links */

int catalogue_minor_of(const char *python)
{
    const char *end;
    return read_minor(python, &end);
}

const char *catalogue_url(char *buffer, size_t size, const char *url, int minor)
{
    static const char start[] = "https://docs.python.org/3/";
    size_t length = sizeof start - 1;
    if (strncmp(url, start, length) != 0 || strstr(url, "/whatsnew/") ||
        minor < OLDEST_DOCUMENTED || minor > NEWEST_DOCUMENTED)
        return ml_format(buffer, size, "%s", url);
    return ml_format(buffer, size, "https://docs.python.org/3.%d/%s", minor, url + length);
}

static const char *find_page(const catalogue *from, const char *kind, const char *module)
{
    for (uint32_t i = 0; i < from->page_count; i++)
        if (strcmp(from->pages[i].kind, kind) == 0 && strcmp(from->pages[i].module, module) == 0)
            return from->pages[i].name;
    return NULL;
}

static int is_package_name(const char *name)
{
    return name[0] && name[0] != '_' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ==
               '\0';
}

const char *catalogue_page(const catalogue *from, char *buffer, size_t size, const char *module,
                           uint32_t flags, int minor)
{
    int is_stdlib = (flags & ML_MODULE_STDLIB) != 0;
    const char *name = find_page(from, is_stdlib ? "python" : "pypi", module);
    char url[256];
    buffer[0] = '\0';
    if (is_stdlib)
        return name ? catalogue_url(buffer, size,
                                    ml_format(url, sizeof url,
                                              "https://docs.python.org/3/library/%s.html", name),
                                    minor)
                    : buffer;
    if (!name && is_package_name(module) && strlen(module) < 100)
        name = module;
    return name ? ml_format(buffer, size, "https://pypi.org/project/%s/", name) : buffer;
}
