#include "core/cli/foreign.h"

#include "core/base/os.h"
#include "core/format/page.h"

#include <string.h>

#define REPORT_MAX ((size_t)256 << 20)

static int is_json_report(const uint8_t *bytes, size_t length)
{
    static const char start[] = "{\"microlog\":{\"version\":";

    return length >= strlen(start) && memcmp(bytes, start, strlen(start)) == 0;
}

static int is_our_page(const uint8_t *bytes, size_t length)
{
    static const char about[] = "<section id=\"about\"><h2>About this recording</h2>";

    return ml_page_is(bytes, length) && memmem(bytes, length, about, strlen(about)) != NULL;
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
    if (is_json_report(bytes, length)) {
        ml_error_set(error, ML_ERROR_FORMAT,
                     "%s is a report, not a recording; analyse the recording that it was made from",
                     path);
    } else if (is_our_page(bytes, length) && !ml_page_carries(bytes, length)) {
        ml_error_set(error, ML_ERROR_FORMAT,
                     "%s is a report that does not carry its recording; analyse the one that its "
                     "section \"About\" names",
                     path);
    }
    ml_os_free(bytes);
}
