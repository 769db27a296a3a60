#include "core/cli/foreign.h"

#include "core/base/buffer.h"
#include "core/base/os.h"

#include <string.h>

#define REPORT_MAX ((size_t)256 << 20)

enum { NAME_MAX_BYTES = 500 };

static const char html_start[] = "<!DOCTYPE html>";
static const char html_about[] = "<section id=\"about\"><h2>About this recording</h2>";
static const char html_file[] = "<dt>File</dt><dd>";
static const char json_start[] = "{\"microlog\":{\"version\":";

static int starts_with(const char *bytes, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(bytes, start, strlen(start)) == 0;
}

/* Behind `text`, or NULL. */
static const char *behind(const char *at, const char *end, const char *text)
{
    const char *found = at == NULL ? NULL : memmem(at, (size_t)(end - at), text, strlen(text));

    return found == NULL ? NULL : found + strlen(text);
}

/* The five characters that the page escapes. */
static void put_unescaped(ml_buffer *out, const char *at, const char *end)
{
    static const struct {
        const char *escape;
        char character;
    } escapes[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&#39;", '\''}};

    while (at < end) {
        size_t step = 1;
        char character = *at;
        for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
            if (starts_with(at, (size_t)(end - at), escapes[i].escape)) {
                character = escapes[i].character;
                step = strlen(escapes[i].escape);
            }
        }
        ml_buffer_put_u8(out, (uint8_t)character);
        at += step;
    }
}

static void explain(const char *path, const char *name, ml_error *error)
{
    ml_error_set(error, ML_ERROR_FORMAT,
                 "%s is a report, not a recording%s%s: it holds what it shows, not the events, "
                 "gaps and whole messages that analyses need; analyse %s",
                 path, name[0] == '\0' ? "" : ", made from ", name,
                 name[0] == '\0' ? "the recording that it was made from" : "that");
}

/* Where the page says what it was made from. */
static void explain_page(const char *path, const char *at, const char *end, ml_error *error)
{
    const char *file = behind(behind(at, end, html_about), end, html_file);
    const char *close = behind(file, end, "<");
    ml_buffer name;

    if (behind(at, end, html_about) == NULL) {
        return;
    }
    ml_buffer_init(&name, NAME_MAX_BYTES);
    if (close != NULL) {
        put_unescaped(&name, file, close - 1);
    }
    ml_buffer_put_u8(&name, '\0');
    explain(path, name.status < 0 ? "" : (const char *)name.data, error);
    ml_buffer_release(&name);
}

void ml_foreign_explain(const char *path, ml_error *error)
{
    ml_error ignored = {0};
    uint8_t *bytes;
    size_t length;

    if (error->status != ML_ERROR_FORMAT || strcmp(path, "-") == 0 ||
        ml_os_read(path, REPORT_MAX, &bytes, &length, &ignored) < 0) {
        return;
    }
    if (starts_with((const char *)bytes, length, html_start)) {
        explain_page(path, (const char *)bytes, (const char *)bytes + length, error);
    } else if (starts_with((const char *)bytes, length, json_start)) {
        explain(path, "", error);
    }
    ml_os_free(bytes);
}
