/* member: the inside of a pool, shared by pool.c (members) and schedule.c (jobs). Nobody else
 * includes this. */
#ifndef ML_WORKER_MEMBER_H
#define ML_WORKER_MEMBER_H

#include "core/worker/pool.h"
#include "core/worker/process.h"

struct ml_pool {
    ml_arena *arena;
    ml_pool_options options; /* with the defaults filled in */
    ml_member *members;      /* newest first */
};

/* Sealed memory for workers to map. */
typedef struct ml_sealed {
    const void *mapping; /* NULL: none */
    size_t length;
    int descriptor;
} ml_sealed;

struct ml_member {
    ml_pool *pool;
    ml_member *next;
    const ml_plugin_file *file;
    ml_process process;
    int said_hello;   /* this worker, or in process: was loaded */
    ml_loaded loaded; /* once described */
    ml_sealed words;  /* of the last order: over many recordings they are mostly the same */
};

/* Milliseconds of a clock that only goes on. */
int64_t ml_member_now_ms(void);

/* Starts the worker unless there is one. */
ml_status ml_member_start(ml_member *member, ml_error *error);

/* Reads a hello frame into `out`. */
ml_status ml_member_hear(ml_member *member, const ml_frame *frame, ml_loaded *out, ml_error *error);

void ml_member_unseal(ml_sealed *part);

/* Waits until something is to be read from one of `count` processes, one has ended, or `wait_ms` are over. */
void ml_member_wait(ml_member *const *members, size_t count, int64_t wait_ms);

#endif
