/* A worker's set-up: what it gives up, how it ends, what the tool is told. */
#include "core/worker/crash.h"
#include "core/worker/pool.h"
#include "core/worker/process.h"
#include "core/worker/sandbox.h"
#include "tests/unit/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process that does `act` ends with. */
static int status_of(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        act();
        _exit(0);
    }
    ML_CHECK_EQUAL(waitpid(child, &status, 0), child);
    return status;
}

/* Valgrind ends when a program cannot be run, and keeps no limit of memory. */
static int is_in_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* Ends with the number of what was not refused. */
static void try_what_is_denied(void)
{
    char *const arguments[] = {"true", NULL};

    ml_sandbox_limit(UINT64_C(1) << 30);
    ml_sandbox_deny();
    ml_sandbox_deny_network();
    if (!is_in_valgrind() && (execv("/bin/true", arguments) == 0 || errno != EPERM)) {
        _exit(1);
    }
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM) {
        _exit(2);
    }
    if (kill(getppid(), 0) == 0 || errno != EPERM || kill(getpid(), 0) != 0) {
        _exit(3);
    }
    if (setsid() >= 0 || errno != EPERM) {
        _exit(4);
    }
}

ML_TEST(what_is_denied_answers_eperm)
{
    ML_CHECK_EQUAL(status_of(try_what_is_denied), 0);
}

static void check_limits(void)
{
    struct rlimit limit;

    ml_sandbox_limit(UINT64_C(1) << 30);
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0) {
        _exit(1);
    }
#if !defined(__SANITIZE_ADDRESS__)
    if (!is_in_valgrind() && mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
        _exit(2);
    }
    /* What is shared and only read does not count. */
    if (mmap(NULL, (size_t)2 << 30, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
        _exit(3);
    }
#endif
}

ML_TEST(limits_hold)
{
    ML_CHECK_EQUAL(status_of(check_limits), 0);
}

static int written[2];
static ml_page page = {.done = 1, .total = 2, .what = "parts"};

static void crash(void)
{
    dup2(written[1], STDERR_FILENO);
    ml_crash_watch("demo", &page);
    raise(SIGBUS);
}

ML_TEST(a_crash_writes_its_line_and_keeps_its_signal)
{
    char line[256] = "";
    int status;

    ML_CHECK_EQUAL(pipe(written), 0);
    status = status_of(crash);
    ML_CHECK(WIFSIGNALED(status));
    ML_CHECK_EQUAL(WTERMSIG(status), SIGBUS);
    ML_CHECK(read(written[0], line, sizeof(line) - 1) > 0);
    ML_CHECK_TEXT(line, ML_CRASH_PREFIX "demo was ended by SIGBUS (it used memory that is not "
                                        "there) while it was at parts\n");
}

static void handle_no_process(void)
{
    ml_process none = {0};
    ml_buffer printed;

    setpgid(0, 0);
    ml_buffer_init(&printed, 100);
    ml_process_signal(&none, SIGKILL);
    ml_process_read_output(&none, &printed);
    ml_process_stop(&none);
    _exit(printed.length == 0 ? 7 : 1);
}

ML_TEST(a_process_that_never_started_is_left_alone)
{
    int status = status_of(handle_no_process);

    ML_CHECK(WIFEXITED(status));
    ML_CHECK_EQUAL(WEXITSTATUS(status), 7);
}

static void start_without_descriptors(void)
{
    const struct rlimit few = {4, 4};
    const ml_process_limits limits = {.memory = UINT64_C(1) << 30};
    const ml_plugin_file file = {.path = "/nonexistent.so"};
    ml_process process = {0};
    ml_error error = {0};

    setrlimit(RLIMIT_NOFILE, &few);
    if (ml_process_start(&process, &file, &limits, &error) != ML_ERROR_IO || process.pid != 0 ||
        strstr(error.text, "cannot start a worker for /nonexistent.so") == NULL) {
        _exit(1);
    }
    ml_process_stop(&process);
    _exit(7);
}

ML_TEST(a_worker_that_cannot_be_started_is_an_error)
{
    int status = status_of(start_without_descriptors);

    ML_CHECK(WIFEXITED(status));
    /* Valgrind keeps descriptors of its own and does not hold the program to the limit. */
    ML_CHECK(WEXITSTATUS(status) == 7 || ml_test_in_valgrind());
}

/* A file that is no plugin, described by a worker. */
ML_TEST(a_worker_says_why_it_cannot_load)
{
    char path[] = "/tmp/microlog-test-XXXXXX";
    ml_plugin_file file = {.path = path};
    ml_error error = {0};
    ml_loaded out;
    ml_arena arena;
    int descriptor = mkstemp(path);

    ML_CHECK(descriptor >= 0);
    ML_CHECK_EQUAL(write(descriptor, "text\n", 5), 5);
    ml_arena_init(&arena, 0);
    ML_CHECK_EQUAL(ml_pool_describe(&arena, &file, &out, &error), ML_ERROR_FORMAT);
    ML_CHECK(strstr(error.text, "cannot load /tmp/microlog-test-") != NULL);
    ML_CHECK(strstr(error.text, "it must be a shared object") != NULL);
    /* Nobody is left behind. */
    ML_CHECK_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    ML_CHECK_EQUAL(errno, ECHILD);
    ml_arena_release(&arena);
    close(descriptor);
    unlink(path);
}

ML_TEST(many_members_and_no_job)
{
    const ml_pool_options options = {.jobs = 2};
    const ml_plugin_file file = {.path = "/nonexistent.so"};
    ml_error error = {0};
    ml_arena arena;
    ml_pool *pool;
    ml_loaded out;

    ml_arena_init(&arena, 0);
    pool = ml_pool_open(&arena, &options);
    for (int i = 0; i < 20; i++) {
        ml_member *member = ml_pool_add(pool, &file);
        ML_CHECK(member != NULL);
        if (i % 2) {
            ML_CHECK(ml_member_describe(member, &out, &error) < 0);
        }
    }
    ML_CHECK_EQUAL(ml_pool_run(pool, &arena, NULL, NULL, NULL, 0, &error), ML_OK);
    ml_pool_close(pool);
    ML_CHECK_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    ml_arena_release(&arena);
}
