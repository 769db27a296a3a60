/* dump: everything that is in a `.mlog` file, for people (text) and for scripts (one JSON object a
 * line).
 *
 * For looking into files and for comparing decoders; not for analysis. The output depends on the
 * file's bytes alone. A chunk that cannot be read is said in its place, and the rest follows.
 *
 * NDJSON: every object has a "record" member (header, head, diagnostics, string, code, frame, node,
 * thread, kind, chunk, gap, sources, source, run, event, or error for an unreadable chunk) and "recording", the number of
 * the recording in the file. 64-bit identifiers, wall-clock times and uuids are strings. Bytes that
 * are no UTF-8 become U+FFFD.
 */
#ifndef ML_FORMAT_DUMP_H
#define ML_FORMAT_DUMP_H

#include "core/base/status.h"
#include "core/format/read.h"

enum { ML_DUMP_TEXT = 0, ML_DUMP_NDJSON = 1 };

typedef struct ml_dump_options {
    int format;
    const char *table; /* one of ml_dump_tables, or NULL for all */
} ml_dump_options;

/* Where the output goes, in pieces of some ten kilobytes. A negative status ends the dump with it.
 */
typedef struct ml_dump_sink {
    ml_status (*write)(void *context, const void *bytes, size_t length);
    void *context;
} ml_dump_sink;

/* The names that `table` may have, ending with NULL: head, diagnostics, strings, codes, frames,
 * nodes, threads, kinds, chunks, gaps, sources, runs, events. */
extern const char *const ml_dump_tables[];

/* ML_ERROR_ARGUMENT for an unknown table or format; ML_ERROR_FORMAT after a full dump in which a
 * chunk could not be read; otherwise ML_OK, or what the sink said. */
ml_status ml_dump(const ml_reader *reader, const ml_dump_options *options, const ml_dump_sink *sink,
                  ml_error *error);

#endif
