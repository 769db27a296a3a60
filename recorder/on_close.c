#include "on_close.h"

#include "output.h"

#include "core/base/clock.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK = 64 << 10, WAIT_NS = 5000000 };

typedef struct job {
    const char *command, *path;
    char *const *environment;
    int said;             /* memory file for what it writes; -1: none */
    char *stack, *second; /* of the watcher and of what becomes the shell; STACK bytes each */
    int status;           /* as waitpid gave it */
} job;

extern char **environ;

/* In the new process, which shares our memory until it has become a shell. */
static int run_shell(void *argument)
{
    const job *todo = argument;
    const char *const words[] = {"sh", "-c", todo->command, "sh", todo->path, NULL};
    struct sigaction normal = {.sa_handler = SIG_DFL};
    int nothing = open("/dev/null", O_RDWR);
    sigset_t none;

    dup2(nothing, STDIN_FILENO);
    dup2(todo->said >= 0 ? todo->said : nothing, STDOUT_FILENO);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    sigaction(SIGPIPE, &normal, NULL); /* Python ignores it */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve("/bin/sh", (char *const *)(uintptr_t)words, todo->environment);
    _exit(127);
}

/* Between us and the shell: whoever execs tells its parent of its end by SIGCHLD, so the shell is not our own child. All
 * signals are blocked here; nothing is called that the program's threads could hold a lock of. */
static int watch_shell(void *argument)
{
    job *todo = argument;
    pid_t shell = clone(run_shell, todo->second + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, todo);

    if (shell < 0 || waitpid(shell, &todo->status, 0) != shell) {
        todo->status = -1;
    }
    _exit(0);
}

/* The watcher has no exit signal, so that no handler and no wait of the program's meets it. */
static pid_t start_watcher(job *todo)
{
    sigset_t all, before;
    pid_t watcher;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    watcher = clone(watch_shell, todo->stack + STACK, CLONE_VM, todo);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return watcher;
}

/* False when it takes too long. */
static bool await(pid_t watcher)
{
    uint64_t end = ml_clock_monotonic() + ON_CLOSE_SECONDS * ML_SECOND;
    struct timespec pause = {.tv_nsec = WAIT_NS};
    int unused;

    while (waitpid(watcher, &unused, WNOHANG | (int)__WCLONE) == 0) {
        if (ml_clock_monotonic() > end) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

/* The last line that it wrote, in `out`. */
static void last_line(int said, char *out, size_t size)
{
    ssize_t length;
    off_t end = said < 0 ? 0 : lseek(said, 0, SEEK_END);
    char *newline;

    length =
        end <= 0 ? 0 : pread(said, out, size - 1, end < (off_t)size ? 0 : end - (off_t)size + 1);
    out[length > 0 ? length : 0] = '\0';
    while (length > 0 && out[length - 1] == '\n') {
        out[--length] = '\0';
    }
    newline = strrchr(out, '\n');
    if (newline != NULL) {
        memmove(out, newline + 1, strlen(newline));
    }
}

static void complain(const job *todo)
{
    char said[200], text[480];
    int status = todo->status;

    last_line(todo->said, said, sizeof(said));
    snprintf(text, sizeof(text), "the command on close failed (%s %d) for %.120s: %.100s%s%s",
             WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), todo->path,
             todo->command, said[0] == '\0' ? "" : ": ", said);
    output_complain(text);
}

void on_close_run(const char *command, const char *path)
{
    /* Room that a watcher which takes too long may go on using; it is then never given back. */
    job *todo = mmap(NULL, sizeof(*todo) + 2 * STACK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t watcher = -1;

    if (todo != MAP_FAILED) {
        *todo = (job){.command = command, .path = path, .environment = environ};
        todo->stack = (char *)(todo + 1);
        todo->second = todo->stack + STACK;
        todo->said = memfd_create("microlog", MFD_CLOEXEC);
        watcher = start_watcher(todo);
    }
    if (watcher < 0) {
        output_complain("the command on close could not be started");
    } else if (!await(watcher)) {
        output_complain("the command on close takes longer than a minute; not waiting for it");
        return;
    } else if (todo->status != 0) {
        complain(todo);
    }
    if (todo != MAP_FAILED) {
        if (todo->said >= 0) {
            close(todo->said);
        }
        munmap(todo, sizeof(*todo) + 2 * STACK);
    }
}
