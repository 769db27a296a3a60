#include "tests/unit/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_SECONDS = 10 };

/* How the process of a case ends, when it ends by itself. Sanitizers end it with other numbers. */
enum { CASE_PASSED = 0, CASE_FAILED = 101, CASE_CHECKED_NOTHING = 102 };

static ml_test_case *first_case;
static ml_test_case **end_of_cases = &first_case;
static unsigned long checks_done;

void ml_test_register(ml_test_case *test)
{
    *end_of_cases = test;
    end_of_cases = &test->next;
}

/* No exit handlers: after a failed check, leaks are not news. */
static void end_case_as_failed(void)
{
    fflush(NULL);
    _exit(CASE_FAILED);
}

void ml_test_check(bool holds, const char *file, int line, const char *condition)
{
    checks_done++;
    if (holds)
        return;
    printf("%s:%d: does not hold: %s\n", file, line, condition);
    end_case_as_failed();
}

static const char *number_text(ml_test_number number, char text[static 24])
{
    if (number < 0)
        snprintf(text, 24, "%lld", (long long)number);
    else
        snprintf(text, 24, "%llu", (unsigned long long)number);
    return text;
}

void ml_test_check_equal(ml_test_number actual, ml_test_number expected, const char *file, int line,
                         const char *expression)
{
    char actual_text[24];
    char expected_text[24];

    checks_done++;
    if (actual == expected)
        return;
    printf("%s:%d: %s is %s, not %s\n", file, line, expression, number_text(actual, actual_text),
           number_text(expected, expected_text));
    end_case_as_failed();
}

static void print_text(const char *label, const char *text)
{
    if (text)
        printf("%s: \"%s\"\n", label, text);
    else
        printf("%s: NULL\n", label);
}

void ml_test_check_text(const char *actual, const char *expected, const char *file, int line,
                        const char *expression)
{
    checks_done++;
    if (actual == expected || (actual && expected && strcmp(actual, expected) == 0))
        return;
    printf("%s:%d: %s differs\n", file, line, expression);
    print_text("    is       ", actual);
    print_text("    should be", expected);
    end_case_as_failed();
}

static void die(const char *what)
{
    fprintf(stderr, "test runner: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* In the child. exit() and not _exit(), so that leak detection has its say. */
static void run_case(const ml_test_case *test, FILE *output, const sigset_t *signals)
{
    sigprocmask(SIG_SETMASK, signals, NULL);
    setpgid(0, 0);
    if (dup2(fileno(output), STDOUT_FILENO) < 0 || dup2(fileno(output), STDERR_FILENO) < 0)
        _exit(CASE_FAILED);
    test->run();
    exit(checks_done ? CASE_PASSED : CASE_CHECKED_NOTHING);
}

static int seconds_for_case(void)
{
    const char *text = getenv("ML_TEST_SECONDS");
    long seconds = text ? strtol(text, NULL, 10) : 0;

    return seconds > 0 && seconds <= 3600 ? (int)seconds : DEFAULT_SECONDS;
}

/* Waits with SIGCHLD blocked. Returns false if the time was up and the case had to be killed. */
static bool wait_for_case(pid_t child, int *status)
{
    struct timespec limit = {.tv_sec = seconds_for_case()};
    sigset_t child_ended;
    bool in_time = true;

    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    while (waitpid(child, status, WNOHANG) == 0) {
        if (sigtimedwait(&child_ended, NULL, &limit) < 0 && errno == EAGAIN) {
            in_time = false;
            kill(child, SIGKILL);
            waitpid(child, status, 0);
            break;
        }
    }
    kill(-child, SIGKILL); /* whatever the case itself started */
    return in_time;
}

/* Returns NULL if the case passed, else the reason why it did not. */
static const char *verdict(bool in_time, int status, char reason[static 64])
{
    if (!in_time)
        snprintf(reason, 64, "still running after %d s", seconds_for_case());
    else if (WIFSIGNALED(status))
        snprintf(reason, 64, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == CASE_PASSED)
        return NULL;
    else if (WEXITSTATUS(status) == CASE_FAILED)
        snprintf(reason, 64, "a check failed");
    else if (WEXITSTATUS(status) == CASE_CHECKED_NOTHING)
        snprintf(reason, 64, "no assertion");
    else
        snprintf(reason, 64, "ended with exit code %d", WEXITSTATUS(status));
    return reason;
}

static void show_output(FILE *output)
{
    char line[4096];

    rewind(output);
    while (fgets(line, sizeof line, output))
        printf("#   %s%s", line, strchr(line, '\n') ? "" : "\n");
}

static bool pass_case(const ml_test_case *test, int number, const sigset_t *signals)
{
    FILE *output = tmpfile();
    char reason_text[64];
    int status = 0;

    if (!output)
        die("cannot make a temporary file");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0)
        run_case(test, output, signals);
    setpgid(child, child);
    bool in_time = wait_for_case(child, &status);
    const char *reason = verdict(in_time, status, reason_text);
    if (reason) {
        printf("not ok %d - %s: %s\n", number, test->name, reason);
        show_output(output);
    } else {
        printf("ok %d - %s\n", number, test->name);
    }
    fclose(output);
    return !reason;
}

int main(int argc, char **argv)
{
    const char *pattern = argc > 1 ? argv[1] : "";
    int passed = 0;
    int failed = 0;
    sigset_t child_ended;
    sigset_t signals;

    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, &signals);
    for (const ml_test_case *test = first_case; test; test = test->next) {
        if (!strstr(test->name, pattern))
            continue;
        if (pass_case(test, passed + failed + 1, &signals))
            passed++;
        else
            failed++;
    }
    printf("1..%d\n# %d passed, %d failed\n", passed + failed, passed, failed);
    return failed || !passed;
}
