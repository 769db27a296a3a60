#include "core/plugin/conform.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/plugin/conform_parts.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_NS UINT64_C(20000000000) /* of one test */
#define STEP_NS 1000000
#define OTHER_PAGES 8192 /* what the second of two runs has mapped before it */

/* What a test leaves for the process that started it. */
typedef struct slate {
    int finished;
    ml_status status;
    char text[ML_ERROR_TEXT];
    uint32_t kind, crc;
    uint64_t length;
} slate;

typedef struct tester {
    ml_plugin_file file;
    ml_conform_models models;
    slate *slate; /* shared with the tests */
    uint32_t kind;
    ml_conform_tell tell;
    void *context;
} tester;

size_t ml_conform_count(const char *folder)
{
    DIR *directory = opendir(folder);
    size_t count = 0;

    while (directory != NULL && readdir(directory) != NULL) {
        count++;
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return count;
}

/* ---- in the test's process ---- */

/* stdout and stderr become files that can be looked at; stdin is empty. */
static void take_streams(void)
{
    for (int stream = 0; stream <= STDERR_FILENO; stream++) {
        int memory = memfd_create("microlog-conform", 0);
        if (memory < 0 || dup2(memory, stream) < 0) {
            _exit(EXIT_FAILURE);
        }
        close(memory);
    }
}

/* Addresses that went into a result show as a difference between two runs. */
static void shift_addresses(ml_arena *arena)
{
    const struct timespec moment = {.tv_nsec = 5 * STEP_NS};
    void *heap = ml_arena_alloc(arena, 12345);

    /* Page by page, so that no gap is left in which a library would lie as before. */
    for (int i = 0; i < OTHER_PAGES; i++) {
        (void)!mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    nanosleep(heap == NULL ? NULL : &moment, NULL); /* so that clocks differ too */
}

static void run_here(const tester *self, const ml_test *test, int second)
{
    static const struct rlimit no_core = {0, 0};
    ml_trial trial = {.file = self->file, .models = &self->models};
    slate *out = self->slate;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &no_core);
    setpgid(0, 0);
    take_streams();
    ml_arena_init(&trial.arena, 0);
    if (second) {
        shift_addresses(&trial.arena);
    }
    out->status = test->run(&trial);
    memcpy(out->text, trial.error.text, sizeof(out->text));
    out->kind = trial.kind;
    out->crc = trial.crc;
    out->length = trial.length;
    out->finished = 1;
    _exit(EXIT_SUCCESS);
}

/* ---- in the calling process ---- */

/* Waits for the process and ends it, and what it started, at the limit; false then. */
static int wait_for(pid_t process, int *how)
{
    const struct timespec step = {.tv_nsec = STEP_NS};
    uint64_t end = ml_clock_monotonic() + LIMIT_NS;
    pid_t done = 0;

    while (done == 0 && ml_clock_monotonic() < end) {
        done = waitpid(process, how, WNOHANG);
        if (done == 0) {
            nanosleep(&step, NULL);
        }
    }
    kill(-process, SIGKILL);
    if (done == 0) {
        waitpid(process, how, 0);
    }
    return done == process;
}

/* Turns the way in which the process ended into a failure of the slate. */
static void judge_end(slate *out, int in_time, int how)
{
    if (!in_time) {
        snprintf(out->text, sizeof(out->text),
                 "it was not done after %.0f s; look at cancelled() in long loops",
                 (double)LIMIT_NS / 1e9);
    } else if (WIFSIGNALED(how)) {
        snprintf(out->text, sizeof(out->text),
                 "it was ended by signal %d (%s); run it under a debugger or with "
                 "-fsanitize=address,undefined",
                 WTERMSIG(how), strsignal(WTERMSIG(how)));
    } else if (!out->finished) {
        snprintf(out->text, sizeof(out->text),
                 "it ended the process with code %d; exit is not a plugin's, return a status",
                 WEXITSTATUS(how));
    } else {
        return;
    }
    out->status = ML_ERROR_FAILED;
}

static ml_status run_apart(const tester *self, const ml_test *test, int second, ml_error *error)
{
    int how = 0;
    int in_time;
    pid_t process;

    *self->slate = (slate){0};
    fflush(NULL);
    process = fork();
    if (process < 0) {
        return ml_error_set(error, ML_ERROR_IO, "cannot start a process for a test: %s",
                            strerror(errno));
    }
    if (process == 0) {
        run_here(self, test, second);
    }
    in_time = wait_for(process, &how);
    judge_end(self->slate, in_time, how);
    return ML_OK;
}

static ml_status run_twice(const tester *self, const ml_test *test, ml_error *error)
{
    slate first;

    ML_TRY(run_apart(self, test, 0, error));
    if (self->slate->status < 0) {
        return ML_OK;
    }
    first = *self->slate;
    ML_TRY(run_apart(self, test, 1, error));
    if (self->slate->status == ML_OK &&
        (first.crc != self->slate->crc || first.length != self->slate->length)) {
        self->slate->status = ML_ERROR_FAILED;
        snprintf(self->slate->text, sizeof(self->slate->text),
                 "two runs gave different results (%llu and %llu bytes); addresses, clocks, "
                 "random numbers and the order of a hash table must not show in it",
                 (unsigned long long)first.length, (unsigned long long)self->slate->length);
    }
    return ML_OK;
}

static int outcome_of(ml_status status)
{
    return status == ML_OK                  ? ML_CONFORM_OK
           : status == ML_ERROR_UNSUPPORTED ? ML_CONFORM_NOT_TRIED
                                            : ML_CONFORM_FAIL;
}

/* Runs a list; `*stopped` when a test failed that decides. */
static ml_status run_list(tester *self, const ml_test *tests, int *stopped, ml_error *error)
{
    for (const ml_test *test = tests; test->id != NULL && !*stopped; test++) {
        const slate *result = self->slate;
        if (test->kinds != 0 && (test->kinds & 1u << self->kind) == 0) {
            continue;
        }
        ML_TRY(test->twice ? run_twice(self, test, error) : run_apart(self, test, 0, error));
        self->kind = result->kind != 0 ? result->kind : self->kind;
        self->tell(self->context, test->id, outcome_of(result->status), result->text);
        *stopped = test->decides && result->status < 0;
    }
    return ML_OK;
}

static ml_status run_all(tester *self, ml_error *error)
{
    int stopped = 0;

    ML_TRY(run_list(self, ml_conform_load_tests, &stopped, error));
    return run_list(self, ml_conform_run_tests, &stopped, error);
}

/* Kind and id, if the file's name says them; a path in which the loader sees a path. */
static ml_status read_name(ml_arena *arena, const char *path, ml_plugin_file *out, ml_error *error)
{
    const char *slash = strrchr(path, '/');

    if (ml_os_kind(path) != ML_OS_FILE) {
        return ml_error_set(error, ML_ERROR_NOT_FOUND,
                            "there is no file %s; check takes the path of a plugin, as in "
                            "./hello.so",
                            path);
    }
    if (!ml_discover_name(arena, slash == NULL ? path : slash + 1, out)) {
        *out = (ml_plugin_file){0};
    }
    out->named = 1;
    out->path = slash != NULL ? path : ml_arena_format(arena, "./%s", path);
    return out->path == NULL ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for a path") : ML_OK;
}

static ml_status conform(tester *self, ml_error *error)
{
    ml_status status;

    self->slate =
        mmap(NULL, sizeof(slate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (self->slate == MAP_FAILED) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the results of tests");
    }
    status = ml_conform_models_open(&self->models, error);
    if (status == ML_OK) {
        status = run_all(self, error);
        ml_conform_models_close(&self->models);
    }
    munmap(self->slate, sizeof(slate));
    return status;
}

ml_status ml_conform(const char *path, ml_conform_tell tell, void *context, ml_error *error)
{
    tester self = {.tell = tell, .context = context};
    ml_arena arena;
    ml_status status;

    ml_arena_init(&arena, 0);
    status = read_name(&arena, path, &self.file, error);
    if (status == ML_OK) {
        status = conform(&self, error);
    }
    ml_arena_release(&arena);
    return status;
}
