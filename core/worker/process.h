/* process: one worker as the tool sees it: started, spoken to, listened to, ended. It does not know
 * what a job is (gather.h) nor which is next (pool.h).
 *
 * The tool has one thread when it forks. Descriptors of the tool's end do not block and are closed
 * in every worker.
 */
#ifndef ML_WORKER_PROCESS_H
#define ML_WORKER_PROCESS_H

#include "core/plugin/load.h"
#include "core/worker/frame.h"
#include "core/worker/order.h"
#include "core/worker/page.h"

#include <sys/types.h>

typedef struct ml_process {
    pid_t pid;     /* 0: there is none */
    int socket;    /* frames */
    int output;    /* what it prints */
    int end;       /* readable when it has ended; -1 where the kernel has no such thing */
    ml_page *page; /* NULL before the first start; kept from one start to the next */
    uint32_t sent, received;
    ml_buffer input; /* what has come */
    size_t taken;    /* of it, as frames */
} ml_process;

/* What a worker may have. */
typedef struct ml_process_limits {
    uint64_t memory;
    int allows_network; /* while it loads its plugin */
} ml_process_limits;

/* Forks a worker that loads `file` and says hello. */
ml_status ml_process_start(ml_process *self, const ml_plugin_file *file,
                           const ml_process_limits *limits, ml_error *error);

/* Sends a job with a descriptor for each part that has a length. Does not wait. */
ml_status ml_process_send(ml_process *self, const ml_order_head *order,
                          const int descriptors[ML_ORDER_PARTS]);

/* Reads what has come: all of it; as much as there is room for, with a whole frame to be taken; or
 * all, and nothing more will come. */
enum { ML_READ_ALL, ML_READ_FULL, ML_READ_OVER };
int ml_process_read(ml_process *self);

/* Takes the next frame: 1, 0 when it has not come whole, ML_ERROR_FORMAT when it is none. The payload is
 * valid until the next call or read. */
int ml_process_next(ml_process *self, ml_frame *out);

/* Appends what it printed, if there is a worker; stops at the buffer's limit, whose error then says so. */
void ml_process_read_output(ml_process *self, ml_buffer *out);

/* True if it has ended by itself, or does so within `wait_ms`; gives the code of waitid: CLD_EXITED with an
 * exit code, CLD_KILLED or CLD_DUMPED with a signal. */
int ml_process_has_ended(const ml_process *self, int wait_ms, int *code, int *number);

/* A signal to the worker and to whatever it started. Harmless when there is none. */
void ml_process_signal(const ml_process *self, int signal);

/* Kills what is left of it and forgets it. Harmless when there is none. */
void ml_process_stop(ml_process *self);

#endif
