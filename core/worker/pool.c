#include "core/worker/pool.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/worker/crash.h"
#include "core/worker/hello.h"
#include "core/worker/member.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
    LOAD_MS = 10000,    /* to load a plugin for a run */
    DESCRIBE_MS = 2000, /* to load one that is only looked at */
    BLIND_WAIT_MS = 50, /* where the kernel does not say that a process has ended */
    END_MS = 100        /* between the end of a connection and that of its process */
};

int64_t ml_member_now_ms(void)
{
    return (int64_t)(ml_clock_monotonic() / 1000000);
}

void ml_member_unseal(ml_sealed *part)
{
    if (part->mapping != NULL) {
        ml_os_unseal(part->mapping, part->length, part->descriptor);
    }
    *part = (ml_sealed){NULL, 0, -1};
}

/* ---- pool ---- */

static uint32_t processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

ml_pool *ml_pool_open(ml_arena *arena, const ml_pool_options *options)
{
    ml_pool *pool = ml_arena_alloc(arena, sizeof(*pool));

    if (pool == NULL) {
        return NULL;
    }
    pool->arena = arena;
    pool->options = *options;
    if (options->jobs == 0) {
        pool->options.jobs = processors();
    }
    if (options->timeout_s <= 0) {
        pool->options.timeout_s = ML_POOL_TIMEOUT_S;
    }
    if (options->memory == 0) {
        pool->options.memory = ML_POOL_MEMORY;
    }
    return pool;
}

void ml_pool_close(ml_pool *pool)
{
    for (ml_member *member = pool == NULL ? NULL : pool->members; member != NULL;
         member = member->next) {
        ml_process_stop(&member->process);
        ml_member_unseal(&member->words);
        if (member->process.page != NULL) {
            munmap(member->process.page, sizeof(ml_page));
            member->process.page = NULL;
        }
    }
}

/* ---- members ---- */

ml_status ml_member_start(ml_member *member, ml_error *error)
{
    const ml_process_limits limits = {.memory = member->pool->options.memory,
                                      .allows_network = member->pool->options.may_use_network};

    if (member->process.pid != 0) {
        return ML_OK;
    }
    member->said_hello = 0;
    return ml_process_start(&member->process, member->file, &limits, error);
}

ml_member *ml_pool_add(ml_pool *pool, const ml_plugin_file *file)
{
    ml_member *member = ml_arena_alloc(pool->arena, sizeof(*member));
    ml_error ignored = {0};

    if (member == NULL) {
        return NULL;
    }
    member->pool = pool;
    member->file = file;
    member->next = pool->members;
    pool->members = member;
    /* So that it loads while others do; a failure comes again, and is told, when it is described. */
    if (!pool->options.in_process) {
        ml_member_start(member, &ignored);
    }
    return member;
}

ml_status ml_member_hear(ml_member *member, const ml_frame *frame, ml_loaded *out, ml_error *error)
{
    ml_arena *arena = member->pool->arena;
    const char *bytes = ml_arena_copy(arena, frame->payload, frame->length);

    if (bytes == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory to describe %s", member->file->path);
    }
    if (frame->type != ML_FRAME_HELLO || frame->flags != 0) {
        return ml_error_set(error, ML_ERROR_FORMAT, "cannot load %s: its worker was disturbed",
                            member->file->path);
    }
    ML_TRY(ml_hello_decode(arena, bytes, frame->length, member->file, out, error));
    member->said_hello = 1;
    return ML_OK;
}

void ml_member_wait(ml_member *const *members, size_t count, int64_t wait_ms)
{
    struct pollfd polled[3 * ML_POOL_JOBS_MAX];
    nfds_t used = 0;

    for (size_t i = 0; i < count && i < ML_POOL_JOBS_MAX; i++) {
        const ml_process *process = &members[i]->process;
        const int descriptors[] = {process->socket, process->output, process->end};
        for (size_t j = 0; j < 3; j++) {
            polled[used++] = (struct pollfd){.fd = descriptors[j], .events = POLLIN};
        }
        if (process->end < 0 && wait_ms > BLIND_WAIT_MS) {
            wait_ms = BLIND_WAIT_MS;
        }
    }
    wait_ms = wait_ms < 0 ? 0 : wait_ms;
    poll(polled, used, (int)(wait_ms < 60000 ? wait_ms : 60000));
}

/* ---- describing ---- */

/* Why the worker ended before it said hello. */
static ml_status fail_ended(ml_member *member, ml_error *error)
{
    const char *path = member->file->path;
    int code = 0;
    int number = 0;

    if (!ml_process_has_ended(&member->process, END_MS, &code, &number)) {
        return ml_error_set(error, ML_ERROR_FAILED,
                            "cannot load %s: it closed descriptors that are not its own", path);
    }
    if (code == CLD_EXITED) {
        return ml_error_set(error, ML_ERROR_FAILED,
                            "cannot load %s: it ended its process with exit code %d while it was "
                            "loaded",
                            path, number);
    }
    return ml_error_set(error, ML_ERROR_FAILED, "cannot load %s: ended by %s while it was loaded",
                        path, ml_crash_signal_name(number));
}

/* What it prints while it is loaded is nobody's. */
static void drop_output(ml_process *process)
{
    ml_buffer printed;

    ml_buffer_init(&printed, (size_t)1 << 20);
    ml_process_read_output(process, &printed);
    ml_buffer_release(&printed);
}

static ml_status await_hello(ml_member *member, int64_t limit_ms, ml_error *error)
{
    int64_t until = ml_member_now_ms() + limit_ms;

    for (;;) {
        ml_frame frame;
        int state = ml_process_read(&member->process);
        int got = ml_process_next(&member->process, &frame);
        drop_output(&member->process);
        if (got > 0) {
            return ml_member_hear(member, &frame, &member->loaded, error);
        }
        if (got < 0) {
            return ml_error_set(error, ML_ERROR_FORMAT, "cannot load %s: its worker was disturbed",
                                member->file->path);
        }
        if (state == ML_READ_OVER) {
            return fail_ended(member, error);
        }
        if (ml_member_now_ms() >= until) {
            return ml_error_set(error, ML_ERROR_FAILED,
                                "cannot load %s: it was not loaded after %g s", member->file->path,
                                (double)limit_ms / 1000);
        }
        ml_member_wait(&member, 1, until - ml_member_now_ms());
    }
}

static ml_status describe(ml_member *member, int64_t limit_ms, ml_error *error)
{
    ml_status status;

    if (member->pool->options.in_process) {
        status = ml_load(member->pool->arena, member->file, &member->loaded, error);
        member->said_hello = status == ML_OK;
        return status;
    }
    ML_TRY(ml_member_start(member, error));
    status = await_hello(member, limit_ms, error);
    if (status < 0) {
        ml_process_stop(&member->process);
    }
    return status;
}

ml_status ml_member_describe(ml_member *member, ml_loaded *out, ml_error *error)
{
    if (!member->said_hello) {
        ML_TRY(describe(member, LOAD_MS, error));
    }
    *out = member->loaded;
    return ML_OK;
}

ml_status ml_pool_describe(ml_arena *arena, const ml_plugin_file *file, ml_loaded *out,
                           ml_error *error)
{
    const ml_pool_options options = {.jobs = 1};
    ml_pool *pool = ml_pool_open(arena, &options);
    ml_member *member = pool == NULL ? NULL : ml_pool_add(pool, file);
    ml_status status;

    if (member == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory to describe %s", file->path);
    }
    status = describe(member, DESCRIBE_MS, error);
    *out = member->loaded;
    ml_pool_close(pool);
    return status;
}
