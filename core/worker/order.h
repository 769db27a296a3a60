/* order: what the tool tells a worker about a job, and what the worker says at its end.
 *
 * A job is a frame with this struct and up to three descriptors of sealed memory: the order's words
 * (options, and what a renderer is told), the image, the documents. The last two are there when
 * their length is not 0.
 */
#ifndef ML_WORKER_ORDER_H
#define ML_WORKER_ORDER_H

#include "core/base/buffer.h"
#include "core/plugin/job.h"

enum { ML_ORDER_WORDS, ML_ORDER_IMAGE, ML_ORDER_DOCUMENTS, ML_ORDER_PARTS };

typedef struct ml_order_head {
    uint64_t length[ML_ORDER_PARTS]; /* bytes of each part; 0: not there */
    uint32_t allows_network;
    uint32_t reserved;
} ml_order_head;

/* The words: the values of the plugin's options as text, in their order, then the target. */
void ml_order_encode(ml_buffer *out, const ml_option_values *options,
                     const ml_render_target *target);

/* Sets the values in `options`, which has the defaults of plugin `id`. */
ml_status ml_order_decode(ml_arena *arena, const void *bytes, size_t length, const char *id,
                          ml_option_values *options, ml_render_target *target, ml_error *error);

/* How a job ended. */
typedef struct ml_outcome {
    ml_status status;    /* renderers; of others ML_ERROR_MEMORY where that was the cause */
    uint32_t document;   /* ML_DOCUMENT_… */
    const char *message; /* "" or why it is not ok */
} ml_outcome;

void ml_outcome_encode(ml_buffer *out, const ml_outcome *outcome);
ml_status ml_outcome_decode(ml_arena *arena, const void *bytes, size_t length, ml_outcome *out);

#endif
