/* crash: the last words of a worker that a signal ends. */
#ifndef ML_WORKER_CRASH_H
#define ML_WORKER_CRASH_H

#include "core/worker/page.h"

/* How lines begin that are the worker's own, not the plugin's. */
#define ML_CRASH_PREFIX "microlog worker: "

/* From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line to stderr (plugin, signal,
 * how far it was) and then end the process as they would have; a stack that ran over is no
 * obstacle. Both arguments live as long as the process. */
void ml_crash_watch(const char *plugin, const ml_page *page);

/* "SIGSEGV (it used memory that is not its own)"; "a signal" for those without a name. */
const char *ml_crash_signal_name(int number);

#endif
