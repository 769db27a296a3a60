#include "core/cli/console.h"

#include "core/base/text.h"
#include "core/plugin/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MAX = 1000 };

static int severity(int code)
{
    static const int order[] = {ML_EXIT_OK, ML_EXIT_GATE, ML_EXIT_PLUGIN, ML_EXIT_INPUT};

    for (int i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++) {
        if (order[i] == code) {
            return i;
        }
    }
    return WIDTH_MAX;
}

int ml_exit_worse(int a, int b)
{
    return severity(a) > severity(b) ? a : b;
}

int ml_exit_for(ml_status status)
{
    return status == ML_ERROR_MEMORY ? ML_EXIT_INTERNAL : ML_EXIT_INPUT;
}

void ml_console_say(const char *format, ...)
{
    char text[2 * ML_ERROR_TEXT];
    va_list arguments;
    ml_buffer line;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ml_buffer_init(&line, 16 * sizeof(text));
    ml_buffer_put_text(&line, ML_TOOL_NAME ": ");
    ml_text_escape(&line, text, strlen(text));
    ml_buffer_put_u8(&line, '\n');
    fwrite(line.data, 1, line.length, stderr);
    ml_buffer_release(&line);
}

int ml_console_fail(const ml_error *error)
{
    ml_console_say("%s", error->text[0] == '\0' ? ml_status_text(error->status) : error->text);
    return ml_exit_for(error->status);
}

ml_status ml_console_write(FILE *stream, const void *bytes, size_t length, ml_error *error)
{
    if ((length != 0 && fwrite(bytes, 1, length, stream) != length) || fflush(stream) != 0) {
        return ml_error_set(error, ML_ERROR_IO, "cannot write to %s: %s",
                            stream == stdout ? "stdout" : "stderr", strerror(errno));
    }
    return ML_OK;
}

void ml_console_path(FILE *stream, const char *path)
{
    ml_buffer shown;

    ml_buffer_init(&shown, 1 << 16);
    ml_text_escape(&shown, path, strlen(path));
    fprintf(stream, "%.*s", (int)shown.length, shown.data == NULL ? "" : (const char *)shown.data);
    ml_buffer_release(&shown);
}

uint32_t ml_console_width(FILE *stream)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    long width;

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    width = columns == NULL ? 0 : strtol(columns, NULL, 10);
    return width > 0 && width <= WIDTH_MAX ? (uint32_t)width : 0;
}

int ml_console_color(FILE *stream)
{
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(fileno(stream)) && (none == NULL || none[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}
