/* gather: the result of one job, from the frames of its worker and from the way it ended.
 *
 * Whatever the worker does, there is a result: a document of an analyzer or explainer keeps the
 * blocks that came before the end and says in its status and message what happened; a renderer's
 * bytes count only if it ended well. Limits: 10,000 blocks and 256 MiB of them, 64 KiB of what the
 * plugin prints, ML_LOG_LINES_MAX lines of log, the buffer for a renderer's bytes.
 */
#ifndef ML_WORKER_GATHER_H
#define ML_WORKER_GATHER_H

#include "core/worker/frame.h"
#include "core/worker/order.h"
#include "core/worker/page.h"

#define ML_GATHER_OUTPUT_MAX ((size_t)64 << 10)
#define ML_GATHER_BLOCKS_MAX ((size_t)256 << 20) /* bytes */

typedef struct ml_gather {
    ml_arena *arena;         /* of the result */
    const ml_plugin *plugin; /* its description */
    ml_buffer *bytes;        /* of a renderer; NULL for others */
    const ml_block **blocks;
    size_t count, capacity;
    uint64_t received; /* bytes of blocks */
    ml_buffer pending; /* a payload of several frames, as far as it came */
    ml_buffer printed; /* what the plugin wrote to stdout and stderr */
    ml_buffer log;     /* lines to show when the phase is over */
    uint32_t lines;
    int is_done; /* the worker said so */
    ml_outcome outcome;
} ml_gather;

/* How a job ended. */
enum {
    ML_END_DONE,   /* in order */
    ML_END_SIGNAL, /* number: of the signal */
    ML_END_EXIT,   /* number: the exit code */
    ML_END_CLOSED, /* the connection is gone, the process was not */
    ML_END_TIMEOUT,
    ML_END_TOO_MUCH, /* text: of what */
    ML_END_NO_FRAME, /* something else wrote into the socket */
    ML_END_NO_START  /* text: why */
};

typedef struct ml_end {
    int how, number;
    const char *text;
    double limit_s; /* of time */
    int cancelled;  /* it was asked to stop */
    const ml_page *page;
} ml_end;

void ml_gather_open(ml_gather *self, ml_arena *arena, const ml_plugin *plugin, ml_buffer *bytes);
void ml_gather_close(ml_gather *self);

/* Takes a frame other than hello. ML_ERROR_FORMAT: no worker of ours sends that; ML_ERROR_TOO_LARGE
 * with `*what`; ML_ERROR_MEMORY. */
ml_status ml_gather_frame(ml_gather *self, const ml_frame *frame, const char **what);

/* The document of an analyzer or explainer; NULL without memory. */
ml_document *ml_gather_document(ml_gather *self, const ml_end *end);

/* The result of a renderer. */
ml_status ml_gather_rendered(ml_gather *self, const ml_end *end, ml_error *error);

/* Appends the lines that the plugin logged, and with `verbose` what it printed. */
void ml_gather_lines(const ml_gather *self, int verbose, ml_buffer *out);

#endif
