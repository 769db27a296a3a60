#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "recorder.h"

#include "arena.h"
#include "census.h"
#include "flood.h"
#include "frames.h"
#include "growth.h"
#include "head.h"
#include "hooks.h"
#include "isolate.h"
#include "method.h"
#include "on_close.h"
#include "output.h"
#include "sampler.h"
#include "soon.h"

#include "core/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SMALLEST_RATE = 1, LARGEST_RATE = 10000, STARTER_STACK = 256 << 10 };

/* OFF → RUNNING, or OFF → WAITING → RUNNING, if the child lives long enough, or FAILED; then CLOSING → OFF. */
typedef enum recorder_state { OFF, WAITING, RUNNING, FAILED, CLOSING } recorder_state;

/* CPython's hooks belong to the process, and so does this. */
static struct recorder {
    _Atomic recorder_state state;
    bool ending; /* somebody is about to close it */
    bool fork_handled;
    bool tick_held; /* by the fork handler */
    bool forked;    /* this is the child of a fork, and its parent was recorded */
    settings settings;
    head_identity identity;
    output output;
    sampler sampler;
    ring ring;
    uint8_t *ring_bytes;
    _Atomic bool deaths_lost;
    ml_writer *writer;
    notice *notice;
    method_choice method;
    char method_text[METHOD_REASON + 16];
    char tree[4096]; /* path of the tree's first recording */

    pthread_mutex_t
        opening; /* held while a waiting child's recording is opened, and by the fork handler */
    bool has_starter;
    pthread_t starter;
    sem_t ended; /* posted when a waiting child ends */
    uint64_t ended_ns;
} recorder = {.opening = PTHREAD_MUTEX_INITIALIZER};

bool recorder_is_running(void)
{
    return recorder.state != OFF;
}

bool recorder_is_followed(void)
{
    return recorder.state != OFF && recorder.settings.options.is_child;
}

const char *recorder_method(void)
{
    return recorder.state != OFF ? recorder.method_text : "";
}

bool recorder_family(char *session, size_t size, const char **path)
{
    char tree[HEAD_HEX], own[HEAD_HEX];

    if (recorder.state == OFF || !recorder.settings.options.children) {
        return false;
    }
    head_hex(recorder.identity.session, tree);
    head_hex(recorder.identity.uuid, own);
    snprintf(session, size, "%s %s", tree, own);
    *path = recorder.settings.options.path;
    return true;
}

/* ---- opening ---- */

static ml_status open_writer(ml_error *error)
{
    head_texts texts;
    ml_head head;
    ml_writer_options sizes;
    ml_status opened;

    head_fill(&recorder.identity, &recorder.settings.options, &texts, &head);
    head.method = recorder.method.kind;
    head.method_reason = recorder.method.reason;
    ml_writer_options_default(&sizes);
    opened =
        ml_writer_open(recorder.output.descriptor, recorder.output.is_pipe ? ML_MLOG_FLAG_PIPE : 0,
                       &head, &sizes, &recorder.writer, error);
    if (recorder.output.journal >= 0 && opened < 0) {
        close(recorder.output.journal);
        unlink(recorder.output.journal_path);
    } else if (recorder.output.journal >= 0) {
        ml_writer_journal(recorder.writer, recorder.output.journal, recorder.output.journal_path);
    }
    return opened;
}

/* True if whoever runs the program wants every look that was asked for, at any price. */
static bool is_unlimited(void)
{
    const char *budget = getenv("MICROLOG_BUDGET");

    return budget != NULL && strcmp(budget, "off") == 0;
}

/* Opens the files and starts the sampler; what it takes of the interpreter is there already. [any thread] */
static ml_status open_recording(ml_error *error)
{
    const recorder_options *options = &recorder.settings.options;
    sampler_options sampling = {
        .period_ns = (uint64_t)(1e9 / options->rate),
        .seed = recorder.identity.seed,
        .anchor_ns = recorder.identity.anchor_ns,
        .method = &recorder.method,
        .own = options->own,
        .directory = options->directory,
        .without_lines = !options->lines,
        .unlimited = is_unlimited(),
    };
    int files[2];

    ML_TRY(options->is_child ? output_open_child(options->path, &recorder.output, error)
                             : output_open(options->path, &recorder.output, error));
    files[0] = recorder.output.descriptor;
    files[1] = recorder.output.journal;
    ML_TRY(open_writer(error));
    if (sampler_start(&recorder.sampler, &sampling, recorder.writer, &recorder.ring,
                      &recorder.deaths_lost, files, 2, error) < 0) {
        ml_writer_close(recorder.writer, 0, ml_clock_wall());
        if (!recorder.output.is_pipe) {
            unlink(recorder.output.path);
        }
        return error->status;
    }
    return ML_OK;
}

/* ---- children that wait ---- */

/* True if it did not live long enough, however late this thread comes to know. */
static bool ended_meanwhile(void)
{
    uint64_t until_ns = recorder.identity.anchor_ns + RECORDER_CHILD_WAIT_MS * UINT64_C(1000000);
    struct timespec until = {.tv_sec = (time_t)(until_ns / ML_SECOND),
                             .tv_nsec = (long)(until_ns % ML_SECOND)};
    int result;

    do {
        result = sem_clockwait(&recorder.ended, CLOCK_MONOTONIC, &until);
    } while (result != 0 && errno == EINTR);
    return result == 0 && recorder.ended_ns < until_ns;
}

static void *starter_main(void *unused)
{
    char text[400];
    ml_error error = {0};

    (void)unused;
    if (ended_meanwhile()) {
        return NULL;
    }
    pthread_mutex_lock(&recorder.opening);
    isolate_descriptors(NULL, 0); /* what is opened here takes no number of the program's */
    recorder.state = open_recording(&error) < 0 ? FAILED : RUNNING;
    pthread_mutex_unlock(&recorder.opening);
    /* A process that is just ending gets no thread any more; nobody wants to know. */
    if (recorder.state == FAILED && recorder.output.descriptor < 0) {
        snprintf(text, sizeof(text), "process %ld is not recorded: %.300s", (long)getpid(),
                 error.text);
        output_complain(text);
    }
    return NULL;
}

static ml_status start_waiting(ml_error *error)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed;

    sem_init(&recorder.ended, 0, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STARTER_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    recorder.state = WAITING;
    failed = pthread_create(&recorder.starter, &attributes, starter_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    recorder.has_starter = failed == 0;
    if (failed != 0) {
        recorder.state = OFF;
        return ml_error_set(error, ML_ERROR_IO, "no thread for the recorder: %s", strerror(failed));
    }
    return ML_OK;
}

static void end_waiting(void)
{
    if (recorder.has_starter) {
        recorder.ended_ns = ml_clock_monotonic();
        sem_post(&recorder.ended);
        pthread_join(recorder.starter, NULL);
        recorder.has_starter = false;
    }
}

/* ---- fork ---- */

/* Between prepare and parent nothing of ours holds a lock or has half written anything. */
static void before_fork(void)
{
    pthread_mutex_lock(&recorder.opening);
    recorder.tick_held = recorder.state == RUNNING;
    if (recorder.tick_held) {
        pthread_mutex_lock(&recorder.sampler.tick_mutex);
    }
}

static void after_fork_parent(void)
{
    if (recorder.tick_held) {
        pthread_mutex_unlock(&recorder.sampler.tick_mutex);
    }
    pthread_mutex_unlock(&recorder.opening);
}

/* The child has none of our threads. What it inherited of the parent's recording is closed or left alone, never written;
 * the hooks stay in place, silent. It may be about to exec, so nothing is started here (recorder_follow). */
static void after_fork_child(void)
{
    pthread_mutex_init(&recorder.opening, NULL);
    if (recorder.state != OFF) {
        hooks_report_to(NULL);
        notice_silence();
        census_silence();
        growth_close();
        if (recorder.state == RUNNING) {
            sampler_abandon(&recorder.sampler);
        }
        recorder.forked = recorder.state != CLOSING;
        recorder.has_starter = false;
        recorder.ending = false;
        recorder.state = OFF;
    }
}

/* ---- life ---- */

/* False if it never started. A fork finds either all of it or nothing. */
static bool stop_sampler(sampler_result *result)
{
    bool was_running;

    end_waiting();
    pthread_mutex_lock(&recorder.opening);
    was_running = recorder.state == RUNNING;
    recorder.state = CLOSING;
    pthread_mutex_unlock(&recorder.opening);
    if (was_running) {
        sampler_stop(&recorder.sampler, result);
    }
    return was_running;
}

static void run_on_close(void)
{
    if (recorder.settings.options.on_close != NULL) {
        on_close_run(recorder.settings.options.on_close, recorder.output.path);
    }
}

/* The second net, for a program that has thrown away its exit handlers: the interpreter is gone, the file is not. */
static void end_without_interpreter(void)
{
    sampler_result result;

    if (recorder.state != OFF && !recorder.ending) {
        hooks_report_to(NULL);
        growth_close();
        if (stop_sampler(&result)) {
            run_on_close();
        }
        recorder.state = OFF;
    }
}

static ml_status take_memory(ml_error *error)
{
    if (recorder.ring_bytes == NULL) {
        void *bytes =
            mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the recorder's ring");
        }
        recorder.ring_bytes = bytes;
    }
    ring_init(&recorder.ring, recorder.ring_bytes);
    atomic_store(&recorder.deaths_lost, false);
    recorder.notice = notice_open(
        &recorder.ring, recorder.method.kind == ML_MLOG_METHOD_GIL ? NULL : &recorder.method.layout,
        &recorder.deaths_lost);
    return recorder.notice != NULL
               ? ML_OK
               : ml_error_set(error, ML_ERROR_MEMORY, "no memory for the recorder's tables");
}

/* threading may not be there to ask for names, and the main thread needs nobody to tell. */
static void name_main_thread(void)
{
    static const char name[] = "MainThread";
    bool is_main = getpid() == (pid_t)syscall(SYS_gettid);

    notice_own_thread(recorder.notice, name, is_main ? sizeof(name) - 1 : 0);
}

/* From memory to the first record; the settings, the identity and the method are there. */
static ml_status begin(ml_error *error)
{
    ml_status begun;

    ML_TRY(take_memory(error));
    if (recorder.settings.options.is_child) {
        begun = start_waiting(error);
    } else {
        begun = open_recording(error);
        recorder.state = begun < 0 ? OFF : RUNNING;
    }
    if (begun < 0) {
        notice_close(recorder.notice);
        recorder.notice = NULL;
        return begun;
    }
    flood_reset();
    soon_reset();
    if (recorder.method.kind != ML_MLOG_METHOD_GIL) {
        arena_install();
        growth_open(&recorder.ring, &recorder.method.layout);
    }
    census_open();
    name_main_thread();
    hooks_report_to(recorder.notice);
    return ML_OK;
}

/* Children are named after the first process's recording, and cannot be beside a pipe. */
static void prepare_for_children(void)
{
    recorder_options *options = &recorder.settings.options;

    if (!options->is_child) {
        memcpy(recorder.tree, recorder.output.path, sizeof(recorder.tree));
        options->path = recorder.tree;
        options->children = options->children && !recorder.output.is_pipe;
    }
    if (!recorder.fork_handled) {
        pthread_atfork(before_fork, after_fork_parent, after_fork_child);
        Py_AtExit(end_without_interpreter);
        recorder.fork_handled = true;
    }
}

ml_status recorder_start(const recorder_options *options, ml_error *error)
{
    if (recorder.state != OFF) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "already recording to %s; stop that first",
                            recorder.output.path);
    }
    if (!(options->rate >= SMALLEST_RATE && options->rate <= LARGEST_RATE)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT, "the rate must be %d to %d samples a second",
                            SMALLEST_RATE, LARGEST_RATE);
    }
    ML_TRY(settings_keep(&recorder.settings, options, error));
    recorder.forked = false;
    head_identify(options, &recorder.identity);
    method_choose(options->exercise, &recorder.method);
    snprintf(recorder.method_text, sizeof(recorder.method_text), "%s: %s",
             method_name(recorder.method.kind), recorder.method.reason);
    if (begin(error) < 0) {
        arena_restore();
        return error->status;
    }
    prepare_for_children();
    return ML_OK;
}

void recorder_follow(void)
{
    ml_error error = {0};

    if (!recorder.forked || recorder.state != OFF || !recorder.settings.options.children) {
        return;
    }
    recorder.forked = false;
    recorder.settings.options.is_child = true;
    notice_close(recorder.notice);
    head_identify_child(&recorder.identity);
    begin(&error);
}

static void note_exit(int64_t exit_code)
{
    notice_begin(recorder.notice, ML_KIND_EXIT, false);
    notice_number(recorder.notice, exit_code);
    notice_end(recorder.notice);
}

static void summarize(const sampler_result *result, recorder_summary *summary)
{
    *summary = (recorder_summary){.seconds = (double)result->duration_ns / 1e9,
                                  .samples = result->statistics.samples,
                                  .bytes = result->statistics.bytes,
                                  .system_error = result->system_error};
    memcpy(summary->path, recorder.output.path, sizeof(summary->path));
}

/* The program's threads go on meanwhile: the sampler's last-resort method wants the GIL once more before it ends, and
 * a command may take its time. */
static bool close_recording(recorder_summary *summary)
{
    PyThreadState *saved = PyEval_SaveThread();
    sampler_result result;
    bool was_running = stop_sampler(&result);

    if (was_running) {
        summarize(&result, summary);
        run_on_close();
    }
    PyEval_RestoreThread(saved);
    return was_running;
}

bool recorder_stop(bool has_exit_code, int64_t exit_code, recorder_summary *summary)
{
    bool was_running;

    if (recorder.state == OFF || recorder.ending) {
        return false;
    }
    recorder.ending = true;
    hook_streams_flush();
    growth_close();
    census_close();
    if (has_exit_code) {
        note_exit(exit_code);
    }
    hooks_report_to(NULL);
    was_running = close_recording(summary);
    recorder.state = OFF;
    recorder.ending = recorder.forked = false;
    arena_restore();
    notice_close(recorder.notice);
    recorder.notice = NULL;
    return was_running;
}

void hooks_end_recording(int64_t exit_code)
{
    recorder_summary summary;

    recorder_stop(true, exit_code, &summary);
}
