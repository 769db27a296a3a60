/* console: messages, exit codes, and what the terminal can show. */
#ifndef ML_CLI_CONSOLE_H
#define ML_CLI_CONSOLE_H

#include "core/base/status.h"

#include <stdio.h>

/* What the process ends with; the largest in the order 70 > 2 > 3 > 1 > 0 wins. */
enum {
    ML_EXIT_OK = 0,
    ML_EXIT_GATE = 1,
    ML_EXIT_INPUT = 2,
    ML_EXIT_PLUGIN = 3,
    ML_EXIT_INTERNAL = 70
};

int ml_exit_worse(int a, int b);

/* The exit code for a failure: ML_EXIT_INTERNAL without memory, else ML_EXIT_INPUT. */
int ml_exit_for(ml_status status);

/* "microlog-analyze: …" on stderr, with control characters escaped. */
void ml_console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the error and gives its exit code. */
int ml_console_fail(const ml_error *error);

/* Writes all bytes and flushes. */
ml_status ml_console_write(FILE *stream, const void *bytes, size_t length, ml_error *error);

/* Prints a path with control characters escaped. */
void ml_console_path(FILE *stream, const char *path);

/* Columns of the terminal behind `stream`; without one COLUMNS, else 0. */
uint32_t ml_console_width(FILE *stream);

/* True if `stream` is a terminal that takes colours and nobody asked for none (NO_COLOR). */
int ml_console_color(FILE *stream);

#endif
