/* sampler: the thread that looks at the program and writes what it sees.
 *
 * One native thread, never attached to Python (but for the last-resort method, which says so in the file). A
 * tick lists the threads, walks the stacks of those that ran since the last one, takes what the
 * program's own threads have put into the ring, and hands all of it to the writer. It allocates nothing, installs
 * no signal handler and blocks all signals in itself.
 *
 * Map: sampler.c the schedule and a tick; threads.c which threads there are and what each did; stacks.c reading
 * stacks so that they are right; intake.c what comes through the ring; public.c the last-resort method.
 */
#ifndef RECORDER_SAMPLER_H
#define RECORDER_SAMPLER_H

#include "frames.h"
#include "growth.h"
#include "idle.h"
#include "method.h"
#include "names.h"
#include "openfiles.h"
#include "ring.h"
#include "schedule.h"
#include "sources.h"
#include "status.h"
#include "table.h"

#include "core/format/write.h"

#include <pthread.h>
#include <semaphore.h>

enum {
    SAMPLER_SLOTS = 1 << 14,   /* threads of one recording */
    SAMPLER_POOL = 1 << 17,    /* frames of all stacks of one tick */
    SAMPLER_WALK = 1 << 16,    /* frames of one stack that are read */
    SAMPLER_STACK = 256 << 10, /* bytes of the thread's own stack */
    SAMPLER_WAITING = 256      /* files that say what a thread waits for, kept open */
};

/* What is known of one program thread. */
typedef struct thread_slot {
    uint64_t id;      /* of its state */
    uint32_t thread;  /* as the writer knows it; 0: not defined */
    uint32_t node;    /* where it last stood */
    uint64_t cpu_ns;  /* its clock at the last sample */
    uint64_t seen_ns; /* when that was; 0: never */
    uint32_t native_id;
    bool complete;    /* node is its whole stack */
    int tries;        /* how often it is to be read in place; 0: not yet known */
    int waiting_file; /* waiting_open, plus 1; 0: not open */
    names_mark mark;  /* of the stack that node is */
    uint32_t callers; /* the node below which it is; only with mark.callers */
    uint32_t waiting; /* what it was seen to wait for; UNKNOWN: not looked at since it last ran */
} thread_slot;

/* One thread within one tick. */
typedef struct tick_sample {
    thread_slot *slot;
    size_t first, count; /* frames in the pool */
    uint64_t cpu_ns;     /* used since the last sample */
    uint32_t state;
    bool walked, cut;
    bool moving; /* only the root part is certain */
} tick_sample;

typedef struct sampler_options {
    uint64_t period_ns;
    uint64_t seed;
    uint64_t anchor_ns;
    const method_choice *method; /* borrowed */
    const char *own;             /* folder of the recorder's Python files; borrowed */
    const char *directory;       /* where the program began; borrowed */
    bool without_lines;          /* positions are functions */
    bool unlimited;              /* it may cost what it costs */
} sampler_options;

/* What a recording came to. */
typedef struct sampler_result {
    ml_writer_statistics statistics;
    uint64_t duration_ns;
    int system_error; /* why the end could not be written; 0 */
} sampler_result;

typedef struct sampler {
    sampler_options options;
    ml_writer *writer;
    ring *ring;
    safe_copy copier;
    names names;
    openfiles openfiles;
    growth growth;
    status status;
    _Atomic bool *deaths_lost; /* set by the program side; answered by forgetting every address */

    pthread_t thread;
    pthread_mutex_t tick_mutex; /* held for a tick; also by the fork handler */
    sem_t settled;              /* posted by the thread when it has its own descriptors */
    sem_t end;                  /* posted when it shall end; what it sleeps on */
    bool fine_clock;
    bool isolated; /* the thread has descriptors of its own, and the program none of ours */
    int moved[OPENFILES_OWN + 1]; /* what it took with it */
    int moved_count;
    uint64_t method; /* in use: ML_MLOG_METHOD_…; drops when it cannot be trusted any more */
    bool has_ticked; /* threads that appear from now on are new */

    uint64_t tick; /* number of the last one */
    uint64_t late, missed;
    uint64_t left_out; /* ticks, to keep the budget */
    schedule schedule;
    size_t sample_count; /* of the last tick that looked */
    bool all_wait;       /* … at which all threads were found waiting, their stacks whole */
    bool noted;          /* … before which `idle` was noted: a busy program is spared that */
    idle idle;
    int waiting_files; /* that are open */
    uint64_t own_cpu_ns;
    uint64_t last_status_ns, last_cost_ns;
    int64_t tracked, pause_us; /* of the collector, as last written */
    bool paused;               /* nothing can be written at the moment, and that was said */

    /* Room, all of it allocated at start. */
    thread_slot *slots;
    uint32_t slot_count;
    table slot_of; /* id of a thread state → slot + 1 */
    frames_thread *views;
    tick_sample *samples;
    frames_entry *pool, *second;
    frames_reader reader;
    record_header *record; /* RING_RECORD bytes */
    ml_source *sources;    /* SOURCES_FILES */
    sampler_result result; /* when it has ended */
    void *room;            /* the mapping behind all of it */
    size_t room_size;
} sampler;

/* Allocates everything, notes open descriptors and starts the thread. `own` are descriptors of the recorder, the
 * writer's among them. Takes over `writer`, unless it fails. */
ml_status sampler_start(sampler *sampler, const sampler_options *options, ml_writer *writer,
                        ring *ring, _Atomic bool *deaths_lost, const int *own, int own_count,
                        ml_error *error);

/* Has the thread take what is left in the ring, close the writer and end; gives everything back. Must not be called
 * with the GIL held. */
void sampler_stop(sampler *sampler, sampler_result *result);

/* In the child of a fork: forgets everything, the writer included, without touching what may be half changed. A sampler
 * may be started anew after that. */
void sampler_abandon(sampler *sampler);

/* ---- between its files ---- */

uint64_t sampler_now(const sampler *sampler); /* after the anchor */

/* Has the recorder itself put a warning into the recording. */
void sampler_say(sampler *sampler, const char *text);

/* Takes every record out of the ring (intake.c). `owner` is the sampler. */
void sampler_drain(void *owner);

/* Writes what the ring said of the heap's growth (intake.c); growth.h says when. */
void sampler_write_growth(sampler *sampler);

/* The slot of a thread, defined in the file at first sight (threads.c); NULL when there is no more room. */
thread_slot *sampler_slot(sampler *sampler, uint64_t id, uint64_t ident, uint32_t native_id,
                          uint64_t interpreter, const char *name, size_t name_length);

/* Lists the threads and reads the stacks of those that ran: samples[0 … returned) (threads.c). False: the list
 * was busy, nothing was read. */
bool sampler_look(sampler *sampler, size_t *count);

/* Closes what is kept open about threads that were not seen since `before_ns` (threads.c). */
void sampler_forget_waiting(sampler *sampler, uint64_t before_ns);

/* Reads a stack until two walks agree; puts it at pool[*used …] (stacks.c). */
void sampler_read_stack(sampler *sampler, const frames_thread *view, tick_sample *sample,
                        size_t *used);

/* The same through the public API, between enter and leave, which take and release the GIL (public.c). They stand
 * outside of the tick's mutex: a program thread that forks waits for that one with the GIL held. */
int sampler_enter_public(void);
void sampler_leave_public(int gil);
bool sampler_look_public(sampler *sampler, size_t *count);

/* CPU time of a thread by its native id; 0 when it is gone. */
uint64_t sampler_thread_cpu(uint32_t native_id);

#endif
