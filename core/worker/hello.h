/* hello: the first thing that a worker says: what the plugin is that it loaded, or why it could
 * not. The tool never looks into a plugin itself; this is all it knows of one. */
#ifndef ML_WORKER_HELLO_H
#define ML_WORKER_HELLO_H

#include "core/base/buffer.h"
#include "core/plugin/load.h"

/* `loaded` is looked at only if `status` is ML_OK, `error` only otherwise. */
void ml_hello_encode(ml_buffer *out, ml_status status, const ml_loaded *loaded,
                     const ml_error *error);

/* The description of `file`, checked like a plugin that was loaded here; its functions are NULL. A
 * plugin that could not be loaded gives the worker's status and words. Points into `bytes`. */
ml_status ml_hello_decode(ml_arena *arena, const void *bytes, size_t length,
                          const ml_plugin_file *file, ml_loaded *out, ml_error *error);

#endif
