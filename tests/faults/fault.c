/* A plugin that misbehaves in the way that its option `how` names: an analyzer, or with -DRENDERER a
 * renderer. What it does well comes before: the analyzer puts a block, the renderer writes a line. */
#include <microlog/sdk.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int use_stack(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    return use_stack(here) + here[0];
}

static void hang(const ml_host *host)
{
    ml_get_job(host)->progress(host, 3, 10, "files");
    for (;;)
        pause();
}

static void stop_when_asked(const ml_host *host)
{
    while (!ml_get_job(host)->cancelled(host))
        usleep(1000);
}

static void print_much(size_t bytes)
{
    for (size_t i = 0; i < bytes / 64; i++)
        printf("%063d\n", 0);
}

static void put_blocks(const ml_host *host, int count)
{
    char key[32];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "flood-%d", i);
        ml_put_text(host, key, "Flood", "text");
    }
}

static void log_much(const ml_host *host)
{
    for (int i = 0; i < 100000; i++)
        ml_get_job(host)->log(host, ML_LOG_INFO, "again");
}

/* 2 GiB in all, touched. */
static ml_status eat_memory(const ml_host *host)
{
    for (int i = 0; i < 128; i++) {
        char *bytes = malloc((size_t)16 << 20);
        if (!bytes)
            return ml_fail(host, ML_ERROR_MEMORY, "no memory for a table");
        memset(bytes, 1, (size_t)16 << 20);
    }
    return ML_OK;
}

static void write_model(const ml_host *host)
{
    uint64_t *self_ns = (uint64_t *)(uintptr_t)ml_get_model(host)->functions->self_ns;
    mprotect((void *)((uintptr_t)self_ns & ~(uintptr_t)4095), 4096, PROT_READ | PROT_WRITE);
    self_ns[0] = 0;
}

static void write_garbage(void)
{
    static const char garbage[] = "this is not what the tool expects here";
    for (int descriptor = 3; descriptor < 64; descriptor++)
        if (write(descriptor, garbage, sizeof garbage) < 0 && errno != EBADF)
            break;
}

/* The other process goes on as if it were the plugin. */
static void fork_and_return(void)
{
    if (fork() == 0)
        usleep(1000);
}

static void fork_and_stay(void)
{
    if (fork() == 0)
        for (;;)
            pause();
}

/* Everything that is refused; what was not is named in the failure. */
static ml_status try_forbidden(const ml_host *host)
{
    char *const arguments[] = {(char *)"true", NULL};
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return ml_fail(host, ML_ERROR_FAILED, "a socket could be made");
    if (execv("/bin/true", arguments) == 0 || errno != EPERM)
        return ml_fail(host, ML_ERROR_FAILED, "a program could be run");
    if (kill(getppid(), 0) == 0 || errno != EPERM)
        return ml_fail(host, ML_ERROR_FAILED, "the tool could be sent a signal");
    if (setsid() >= 0 || errno != EPERM)
        return ml_fail(host, ML_ERROR_FAILED, "the group could be left");
    return ml_fail(host, ML_ERROR_FAILED, "everything was refused");
}

static void close_everything(void)
{
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        close(descriptor);
}

/* What is open besides the three and the socket. */
static ml_status count_open(const ml_host *host)
{
    struct stat facts;
    int open_ones = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        open_ones += fcntl(descriptor, F_GETFD) >= 0;
    if (fstat(0, &facts) || !S_ISCHR(facts.st_mode) || read(0, &facts, 1) != 0)
        return ml_fail(host, ML_ERROR_FAILED, "stdin is not empty");
    return ml_fail(host, ML_ERROR_FAILED, "%d descriptors are open", open_ones);
}

static ml_status misbehave(const ml_host *host, const char *how)
{
#define IS(word) (strcmp(how, word) == 0)
    if (IS("segv"))
        raise(SIGSEGV);
    if (IS("null"))
        *(volatile int *)8 = 1;
    if (IS("abort"))
        abort();
    if (IS("stack"))
        return use_stack(how);
    if (IS("kill"))
        raise(SIGKILL);
    if (IS("hang"))
        hang(host);
    if (IS("stubborn")) {
        signal(SIGTERM, SIG_IGN);
        for (;;)
            pause();
    }
    if (IS("patient")) {
        stop_when_asked(host);
        return ml_fail(host, ML_ERROR_CANCELLED, "half of it was seen");
    }
    if (IS("print"))
        print_much(128);
    if (IS("print-much"))
        print_much(1 << 20);
    if (IS("blocks"))
        put_blocks(host, 10100);
    if (IS("log"))
        log_much(host);
    if (IS("memory"))
        return eat_memory(host);
    if (IS("exit")) {
        printf("leaving\n");
        exit(0);
    }
    if (IS("_exit"))
        _exit(7);
    if (IS("model"))
        write_model(host);
    if (IS("garbage"))
        write_garbage();
    if (IS("fork"))
        fork_and_return();
    if (IS("fork-stay"))
        fork_and_stay();
    if (IS("forbidden"))
        return try_forbidden(host);
    if (IS("close"))
        close_everything();
    if (IS("count"))
        return count_open(host);
    if (IS("crash")) {
        fprintf(stderr, "assertion failed: x > 0\n");
        ml_get_job(host)->progress(host, 3, 10, "files");
        abort();
    }
    if (IS("crash-second") && strncmp(ml_get_model(host)->session, "02", 2) == 0)
        abort();
    return ML_OK;
}

static const ml_option options[] = {
    ML_OPTION("how", ML_OPTION_STRING, "", 0, 0, "what to do wrong"),
};

#ifdef RENDERER
static ml_status run(const ml_host *host, void *self)
{
    const ml_output *output = ml_get_output(host);
    ml_status status;
    (void)self;
    output->write(host, "half\n", 5);
    status = misbehave(host, ml_option_as_text(host, "how"));
    output->write(host, "done\n", 5);
    return status;
}

ML_DEFINE_PLUGIN(ML_RENDERER, "fault", "1.0", "Fault", "for a test", "text/plain", "fault", options,
                 1, run)
#else
static ml_status run(const ml_host *host, void *self)
{
    ml_status status;
    (void)self;
    ml_put_text(host, "before", "Before", "It began well.");
    status = misbehave(host, ml_option_as_text(host, "how"));
    if (status == ML_OK)
        ml_put_text(host, "after", "After", "It ended well.");
    return status;
}

ML_DEFINE_ANALYZER_WITH_OPTIONS("fault", "1.0", "Fault", "for a test", options, run)
#endif
