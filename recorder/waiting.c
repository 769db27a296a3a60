#include "waiting.h"

#include "core/format/mlog.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct call_class {
    long number;
    uint32_t state;
} call_class;

/* Calls that block for long. Names that an architecture does not have are left out. */
static const call_class classes[] = {
    {SYS_clock_nanosleep, ML_MLOG_STATE_SLEEP},
    {SYS_nanosleep, ML_MLOG_STATE_SLEEP},
    {SYS_read, ML_MLOG_STATE_IO},
    {SYS_write, ML_MLOG_STATE_IO},
    {SYS_readv, ML_MLOG_STATE_IO},
    {SYS_writev, ML_MLOG_STATE_IO},
    {SYS_pread64, ML_MLOG_STATE_IO},
    {SYS_pwrite64, ML_MLOG_STATE_IO},
    {SYS_recvfrom, ML_MLOG_STATE_IO},
    {SYS_sendto, ML_MLOG_STATE_IO},
    {SYS_recvmsg, ML_MLOG_STATE_IO},
    {SYS_sendmsg, ML_MLOG_STATE_IO},
    {SYS_accept, ML_MLOG_STATE_IO},
    {SYS_accept4, ML_MLOG_STATE_IO},
    {SYS_connect, ML_MLOG_STATE_IO},
    {SYS_ppoll, ML_MLOG_STATE_IO},
    {SYS_pselect6, ML_MLOG_STATE_IO},
    {SYS_epoll_pwait, ML_MLOG_STATE_IO},
    {SYS_fsync, ML_MLOG_STATE_IO},
    {SYS_fdatasync, ML_MLOG_STATE_IO},
    {SYS_openat, ML_MLOG_STATE_IO},
    {SYS_getdents64, ML_MLOG_STATE_IO},
#ifdef SYS_poll
    {SYS_poll, ML_MLOG_STATE_IO},
#endif
#ifdef SYS_select
    {SYS_select, ML_MLOG_STATE_IO},
#endif
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, ML_MLOG_STATE_IO},
#endif
#ifdef SYS_open
    {SYS_open, ML_MLOG_STATE_IO},
#endif
};

/* Waiting for nothing but time: that is how time.sleep did it up to 3.10. */
static bool is_empty_wait(long number, uintptr_t first, uintptr_t second)
{
#ifdef SYS_select
    if (number == SYS_select) {
        return first == 0;
    }
#endif
#ifdef SYS_poll
    if (number == SYS_poll) {
        return second == 0;
    }
#endif
    return (number == SYS_pselect6 && first == 0) || (number == SYS_ppoll && second == 0);
}

static uint32_t classify(const char *text, uintptr_t gil, size_t gil_size)
{
    char *end;
    long number = strtol(text, &end, 10);
    uintptr_t first, second;

    if (text[0] == 'r') { /* "running" */
        return ML_MLOG_STATE_RUNNING;
    }
    if (end == text) {
        return ML_MLOG_STATE_UNKNOWN;
    }
    first = (uintptr_t)strtoull(end, &end, 16);
    second = (uintptr_t)strtoull(end, NULL, 16);
    if (number == SYS_futex) {
        return first >= gil && first - gil < gil_size ? ML_MLOG_STATE_GIL_WAIT : ML_MLOG_STATE_LOCK;
    }
    if (is_empty_wait(number, first, second)) {
        return ML_MLOG_STATE_SLEEP;
    }
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (classes[i].number == number) {
            return classes[i].state;
        }
    }
    return ML_MLOG_STATE_OTHER;
}

int waiting_open(uint32_t native_id)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%u/syscall", native_id);
    return open(path, O_RDONLY | O_CLOEXEC);
}

uint32_t waiting_state(int file, uintptr_t gil, size_t gil_size)
{
    char text[256];
    ssize_t length = pread(file, text, sizeof(text) - 1, 0);

    if (length <= 0) {
        return ML_MLOG_STATE_UNKNOWN;
    }
    text[length] = '\0';
    return classify(text, gil, gil_size);
}
