#include "status.h"

#include "descriptor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STATM, STAT, MEMINFO, IO };
static const char *const paths[STATUS_FILES] = {"/proc/self/statm", "/proc/stat", "/proc/meminfo",
                                                "/proc/self/io"};

void status_open(status *target)
{
    for (int i = 0; i < STATUS_FILES; i++) {
        target->file[i] = descriptor_raise(open(paths[i], O_RDONLY | O_CLOEXEC));
    }
}

void status_close(status *target)
{
    for (int i = 0; i < STATUS_FILES; i++) {
        if (target->file[i] >= 0) {
            close(target->file[i]);
        }
        target->file[i] = -1;
    }
}

/* The start of a file as text; "" when it cannot be read. */
static void read_text(int file, char *text, size_t size)
{
    ssize_t length = file < 0 ? 0 : pread(file, text, size - 1, 0);

    text[length > 0 ? length : 0] = '\0';
}

/* The number behind `key`, or -1. */
static int64_t number_behind(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at == NULL ? -1 : strtoll(at + strlen(key), NULL, 10);
}

/* Busy time of the machine: the first line of /proc/stat less its idle and iowait columns (proc(5)). */
static int64_t system_cpu(const char *text)
{
    long long user, nice, system, idle, iowait, irq, softirq;
    long hertz = sysconf(_SC_CLK_TCK);

    if (hertz <= 0 || sscanf(text, "cpu %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system,
                             &idle, &iowait, &irq, &softirq) != 7) {
        return -1;
    }
    return (user + nice + system + irq + softirq) * (1000000 / hertz);
}

static int64_t microseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int64_t kibibytes(int64_t number)
{
    return number < 0 ? -1 : number * 1024;
}

/* In steps that are fine enough to see anything by: what is finer is different every second, and would be most of the
 * recording of a program that waits. */
static void round_down(int64_t values[STATUS_COUNT])
{
    static const int64_t steps[STATUS_COUNT] = {[STATUS_CPU_USER] = 10000,
                                                [STATUS_CPU_SYSTEM] = 10000,
                                                [STATUS_RSS] = 65536,
                                                [STATUS_MEMORY_AVAILABLE] = 16 << 20,
                                                [STATUS_READ] = 65536,
                                                [STATUS_WRITTEN] = 65536,
                                                [STATUS_SWITCHES_VOLUNTARY] = 16,
                                                [STATUS_SWITCHES_INVOLUNTARY] = 16};

    for (int i = 0; i < STATUS_COUNT; i++) {
        if (values[i] > 0 && steps[i] != 0) {
            values[i] -= values[i] % steps[i];
        }
    }
}

void status_read(const status *source, int64_t values[STATUS_COUNT])
{
    struct rusage usage;
    char text[4096];
    long long pages = -1;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        values[STATUS_CPU_USER] = microseconds(usage.ru_utime);
        values[STATUS_CPU_SYSTEM] = microseconds(usage.ru_stime);
        values[STATUS_SWITCHES_VOLUNTARY] = usage.ru_nvcsw;
        values[STATUS_SWITCHES_INVOLUNTARY] = usage.ru_nivcsw;
    }
    read_text(source->file[STATM], text, sizeof(text));
    if (sscanf(text, "%*d %lld", &pages) == 1) {
        values[STATUS_RSS] = pages * sysconf(_SC_PAGESIZE);
    }
    read_text(source->file[STAT], text, sizeof(text));
    values[STATUS_SYSTEM_CPU] = system_cpu(text);
    read_text(source->file[MEMINFO], text, sizeof(text));
    values[STATUS_MEMORY_TOTAL] = kibibytes(number_behind(text, "MemTotal:"));
    values[STATUS_MEMORY_AVAILABLE] = kibibytes(number_behind(text, "MemAvailable:"));
    read_text(source->file[IO], text, sizeof(text));
    values[STATUS_READ] = number_behind(text, "rchar:");
    values[STATUS_WRITTEN] = number_behind(text, "wchar:");
    round_down(values);
}
