/* pattern: what a message has in common with others that were made by the same line of code.
 *
 * What varies is replaced: numbers by <n>, hexadecimal digits by <hex>, uuids by <uuid>, quoted text by <text>,
 * paths by <path>, addresses of the web by <url>. Only the first line counts, blanks in a row are one, and
 * escape sequences of terminals are left out. No state, no locale: the same text gives the same pattern. */
#ifndef MICROLOG_ANALYZERS_LOGS_PATTERN_H
#define MICROLOG_ANALYZERS_LOGS_PATTERN_H

#include <stddef.h>

enum { PATTERN_MAX = 240 };

/* Writes the pattern of `text`, cut with "..." if it is long; `out` has PATTERN_MAX bytes. Returns its length. */
size_t pattern_of(char *out, const char *text);

#endif
