/* conform: tries whether a plugin keeps the contract, one small test at a time.
 *
 * Every test has an id that never changes ("load/one-symbol") and runs in a forked process of its
 * own with a time limit, so a plugin that crashes or hangs costs one test. Nothing of the plugin
 * ever runs in the calling process. Recordings and documents to try it on are made in memory.
 *
 * It proves that a plugin is fit to be run, not that what it says is true.
 */
#ifndef ML_PLUGIN_CONFORM_H
#define ML_PLUGIN_CONFORM_H

#include "core/base/status.h"

#include <stddef.h>

enum { ML_CONFORM_OK, ML_CONFORM_FAIL, ML_CONFORM_NOT_TRIED };

/* Called after each test; `why` is "" for ML_CONFORM_OK, else reason and remedy. */
typedef void (*ml_conform_tell)(void *context, const char *id, int outcome, const char *why);

/* Tries the file. Fails only when it cannot be tried at all: no such file, no memory, no process.
 * When loading or the description fails, the tests that need them are not tried and not told. */
ml_status ml_conform(const char *path, ml_conform_tell tell, void *context, ml_error *error);

#endif
