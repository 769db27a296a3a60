/* waiting: what a thread that is off the CPU waits for, as far as its state and its stack tell.
 *
 * The innermost frames are looked up in a table of functions of the standard library that do nothing but wait:
 * a lock below Queue.get is a wait for work. Else the state tells, where the recorder knew it. What waits in
 * native code without a frame of its own (time.sleep, a lock's acquire, a bare socket's recv) cannot be told
 * from its stack. */
#ifndef MICROLOG_ANALYZERS_COMMON_WAITING_H
#define MICROLOG_ANALYZERS_COMMON_WAITING_H

#include <microlog/sdk.h>

typedef enum wait_cause {
    WAIT_NONE, /* running */
    WAIT_UNKNOWN,
    WAIT_GIL,
    WAIT_LOCK,
    WAIT_IO,
    WAIT_SLEEP,
    WAIT_CHILD,
    WAIT_THREAD, /* for another thread: join, a future's result, room in a queue */
    WAIT_EVENT,
    WAIT_WORK, /* for the next piece of work: a queue, an event loop, accept */
    WAIT_CAUSES
} wait_cause;

typedef struct wait_place {
    const char *file; /* the end of its path, behind a '/' */
    const char *name; /* last part of the qualified name; NULL: any function */
    wait_cause cause;
} wait_place;

static inline const char *wait_word(wait_cause cause)
{
    static const char *const words[WAIT_CAUSES] = {
        "running", "not known",       "the interpreter's lock", "a lock",   "IO",
        "a timer", "a child process", "another thread",         "an event", "work to do"};
    return cause < WAIT_CAUSES ? words[cause] : "not known";
}

static inline int wait_ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), wanted = strlen(end);
    return length > wanted && path[length - wanted - 1] == '/' &&
           strcmp(path + length - wanted, end) == 0;
}

/* Of one frame of the standard library; WAIT_NONE: it is none that waits. */
static inline wait_cause wait_cause_of_function(const ml_model *model, uint32_t function)
{
    static const wait_place places[] = {
        {"queue.py", "get", WAIT_WORK},
        {"multiprocessing/queues.py", "get", WAIT_WORK},
        {"multiprocessing/connection.py", "accept", WAIT_WORK},
        {"concurrent/futures/thread.py", "_worker", WAIT_WORK},
        {"socketserver.py", "serve_forever", WAIT_WORK},
        {"asyncio/base_events.py", "_run_once", WAIT_WORK},
        {"asyncore.py", "poll", WAIT_WORK},
        {"socket.py", "accept", WAIT_WORK},
        {"sched.py", "run", WAIT_WORK},
        {"queue.py", "put", WAIT_THREAD},
        {"queue.py", "join", WAIT_THREAD},
        {"threading.py", "join", WAIT_THREAD},
        {"threading.py", "start", WAIT_THREAD},
        {"threading.py", "_wait_for_tstate_lock", WAIT_THREAD},
        {"threading.py", "_shutdown", WAIT_THREAD},
        {"concurrent/futures/_base.py", NULL, WAIT_THREAD},
        {"concurrent/futures/thread.py", "shutdown", WAIT_THREAD},
        {"subprocess.py", NULL, WAIT_CHILD},
        {"multiprocessing/popen_fork.py", "poll", WAIT_CHILD},
        {"multiprocessing/popen_fork.py", "wait", WAIT_CHILD},
        {"multiprocessing/process.py", "join", WAIT_CHILD},
        {"multiprocessing/pool.py", "get", WAIT_CHILD},
        {"multiprocessing/pool.py", "wait", WAIT_CHILD},
        {"threading.py", "acquire", WAIT_LOCK},
        {"threading.py", "__enter__", WAIT_LOCK},
        {"threading.py", "_acquire_restore", WAIT_LOCK},
        {"multiprocessing/synchronize.py", "__enter__", WAIT_LOCK},
        {"logging/__init__.py", "acquire", WAIT_LOCK},
        {"threading.py", "wait", WAIT_EVENT},
        {"threading.py", "wait_for", WAIT_EVENT},
        {"selectors.py", "select", WAIT_IO},
        {"socket.py", NULL, WAIT_IO},
        {"ssl.py", NULL, WAIT_IO},
        {"http/client.py", NULL, WAIT_IO},
        {"multiprocessing/connection.py", NULL, WAIT_IO},
    };
    const char *file = ml_function_file(model, function);
    const char *name = ml_function_name(model, function), *dot = strrchr(name, '.');
    if (!(ml_function_origin(model, function) & ML_MODULE_STDLIB))
        return WAIT_NONE;
    name = dot ? dot + 1 : name;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (wait_ends_with(file, places[i].file) &&
            (!places[i].name || strcmp(name, places[i].name) == 0))
            return places[i].cause;
    return WAIT_NONE;
}

/* By row of stacks, what they wait for; NULL without memory. The leaf must be one that waits; the outermost one of the
 * standard library's frames above it says what for: Condition.wait under Queue.get is a wait for work. Frames between
 * that are not in the table are passed. */
static inline uint8_t *wait_causes_of_stacks(const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    uint32_t stacks = model->stacks->count, functions = model->functions->count;
    uint8_t *found = (uint8_t *)ml_alloc(host, stacks, 1);
    uint8_t *outermost = (uint8_t *)ml_alloc(host, stacks, 1); /* above a leaf */
    uint8_t *of_function = (uint8_t *)ml_alloc(host, functions, 1);
    if (!found || !outermost || !of_function)
        return NULL;
    for (uint32_t i = 0; i < functions; i++)
        of_function[i] = (uint8_t)wait_cause_of_function(model, i);
    for (uint32_t i = 0; i < stacks; i++) {
        uint32_t function = i ? model->stacks->function[i] : ML_NONE;
        uint8_t one = function < functions ? of_function[function] : WAIT_NONE;
        uint8_t above = i ? outermost[model->stacks->parent[i]] : WAIT_NONE;
        if (ml_function_origin(model, function) & ML_MODULE_STDLIB)
            outermost[i] = above != WAIT_NONE ? above : one;
        found[i] = one != WAIT_NONE ? outermost[i] : WAIT_UNKNOWN;
    }
    return found;
}

/* Of a state and what is known by the stack. What is not known to be off the CPU counts as running. */
static inline wait_cause wait_cause_of_state(uint32_t state, wait_cause by_stack)
{
    switch (state & ML_STATE_MASK) {
    case ML_STATE_UNKNOWN:
    case ML_STATE_RUNNING: return WAIT_NONE;
    case ML_STATE_GIL_WAIT: return WAIT_GIL;
    case ML_STATE_LOCK: return by_stack != WAIT_UNKNOWN ? by_stack : WAIT_LOCK;
    case ML_STATE_IO: return by_stack != WAIT_UNKNOWN ? by_stack : WAIT_IO;
    case ML_STATE_SLEEP: return by_stack != WAIT_UNKNOWN ? by_stack : WAIT_SLEEP;
    default: return by_stack;
    }
}

/* Of a run of samples, with `by_stack` from wait_causes_of_stacks. */
static inline wait_cause wait_cause_of_run(const ml_model *model, const uint8_t *by_stack,
                                           uint64_t run)
{
    return wait_cause_of_state(model->samples->state[run],
                               (wait_cause)by_stack[model->samples->stack[run]]);
}

#endif
