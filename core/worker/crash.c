#include "core/worker/crash.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024, LINE_SIZE = 512 };

/* What the handler needs; a handler has no other way to be told. */
static const char *watched_plugin = "";
static const ml_page *watched_page;

const char *ml_crash_signal_name(int number)
{
    switch (number) {
    case SIGSEGV: return "SIGSEGV (it used memory that is not its own)";
    case SIGBUS: return "SIGBUS (it used memory that is not there)";
    case SIGFPE: return "SIGFPE (it divided by zero, or the like)";
    case SIGILL: return "SIGILL (it ran what is no instruction)";
    case SIGABRT: return "SIGABRT (it gave up by itself)";
    case SIGTRAP: return "SIGTRAP (it stopped at a breakpoint)";
    case SIGKILL: return "SIGKILL (somebody else, or the system short of memory)";
    case SIGTERM: return "SIGTERM (somebody else)";
    case SIGPIPE: return "SIGPIPE (it wrote where nobody reads)";
    case SIGALRM: return "SIGALRM (a timer of its own)";
    case SIGXCPU: return "SIGXCPU (the limit of processor time)";
    case SIGXFSZ: return "SIGXFSZ (the limit of a file's size)";
    case SIGSYS: return "SIGSYS (it made a system call that is not allowed)";
    default: return "a signal";
    }
}

/* Appends what fits; stdio must not be used in a handler. */
static size_t put(char *line, size_t length, const char *text, size_t most)
{
    for (size_t i = 0; i < most && text[i] != '\0' && length < LINE_SIZE - 1; i++) {
        line[length++] = (unsigned char)text[i] < 0x20 ? '?' : text[i];
    }
    return length;
}

static void say(int number)
{
    char line[LINE_SIZE];
    size_t length = put(line, 0, ML_CRASH_PREFIX, LINE_SIZE);
    ssize_t ignored;

    length = put(line, length, watched_plugin, LINE_SIZE);
    length = put(line, length, " was ended by ", LINE_SIZE);
    length = put(line, length, ml_crash_signal_name(number), LINE_SIZE);
    if (watched_page != NULL && watched_page->what[0] != '\0') {
        length = put(line, length, " while it was at ", LINE_SIZE);
        length = put(line, length, watched_page->what, ML_PAGE_TEXT);
    }
    line[length++] = '\n';
    ignored = write(STDERR_FILENO, line, length);
    (void)ignored;
}

/* The action is the default one again by then (SA_RESETHAND). */
static void handle(int number)
{
    say(number);
    raise(number);
}

void ml_crash_watch(const char *plugin, const ml_page *page)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    stack_t stack = {.ss_size = STACK_SIZE};
    struct sigaction action = {.sa_handler = handle,
                               .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER};

    watched_plugin = plugin;
    watched_page = page;
    stack.ss_sp =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp != MAP_FAILED) {
        sigaltstack(&stack, NULL);
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaction(signals[i], &action, NULL);
    }
}
