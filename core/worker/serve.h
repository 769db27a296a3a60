/* serve: the life of a worker, from the fork to its end: it gives up what it must not have, loads
 * its plugin, says hello, and does one job after another until the tool closes the socket. */
#ifndef ML_WORKER_SERVE_H
#define ML_WORKER_SERVE_H

#include "core/plugin/load.h"
#include "core/worker/page.h"

#include <sys/types.h>

/* Exit codes of a worker that ends by itself; a plugin that calls exit() gives others, or 0. */
enum { ML_SERVE_CLOSED = 0, ML_SERVE_LOST = 113 /* its socket does not work any more */ };

typedef struct ml_serve_setup {
    const ml_plugin_file *file;
    pid_t tool;         /* the process that forks */
    int socket, output; /* the worker's ends */
    ml_page *page;
    uint64_t memory;    /* bytes that the plugin may use */
    int allows_network; /* while it is loaded; later each job says */
} ml_serve_setup;

/* In the forked process; never returns. */
_Noreturn void ml_serve(const ml_serve_setup *setup);

#endif
