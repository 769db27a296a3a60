#include "core/format/page.h"

#include "core/base/base64.h"

#include <string.h>

static const char page_start[] = "<!DOCTYPE html>";
static const char comment_start[] = "<!-- mlog base64\n";
static const char comment_end[] = "\n-->\n";

void ml_page_put(ml_buffer *page, const void *recordings, size_t length)
{
    ml_buffer_put_text(page, comment_start);
    ml_base64_put(page, recordings, length);
    ml_buffer_put_text(page, comment_end);
}

int ml_page_is(const void *bytes, size_t length)
{
    return length >= strlen(page_start) && memcmp(bytes, page_start, strlen(page_start)) == 0;
}

/* The text of the recordings, `*count` characters: the last line but one, if that is in such a comment. Or NULL. */
static const char *find_text(const char *bytes, size_t length, size_t *count)
{
    size_t head = strlen(comment_start);
    size_t tail = strlen(comment_end);
    const char *end = bytes + length - tail;
    const char *line;

    if (length < head + tail || memcmp(end, comment_end, tail) != 0) {
        return NULL;
    }
    line = memrchr(bytes, '\n', (size_t)(end - bytes));
    if (line == NULL || (size_t)(line + 1 - bytes) < head ||
        memcmp(line + 1 - head, comment_start, head) != 0) {
        return NULL;
    }
    *count = (size_t)(end - (line + 1));
    return line + 1;
}

int ml_page_carries(const void *bytes, size_t length)
{
    size_t count;

    return ml_page_is(bytes, length) && find_text(bytes, length, &count) != NULL;
}

ml_status ml_page_take(uint8_t *bytes, size_t *length)
{
    size_t count = 0;
    const char *text = find_text((const char *)bytes, *length, &count);

    return text == NULL ? ML_ERROR_NOT_FOUND : ml_base64_decode(bytes, text, count, length);
}
