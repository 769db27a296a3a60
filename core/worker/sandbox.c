#include "core/worker/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { HAS_ADDRESS_SANITIZER = 1 };
#else
enum { HAS_ADDRESS_SANITIZER = 0 };
#endif

#define STACK_MAX ((rlim_t)64 << 20)

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_CALLS 0x40000000u /* the x32 numbers */
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS UINT32_MAX
#endif

/* ---- limits ---- */

static rlim_t smaller(rlim_t a, rlim_t b)
{
    return a == RLIM_INFINITY || a > b ? b : a;
}

static void lower(__rlimit_resource_t resource, rlim_t to)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) == 0) {
        limit = (struct rlimit){smaller(limit.rlim_cur, to), smaller(limit.rlim_max, to)};
        setrlimit(resource, &limit);
    }
}

/* Private writable memory of this process now: the sixth number, in pages; 0 when not known. */
static uint64_t memory_now(void)
{
    unsigned long pages = 0;
    FILE *numbers = fopen("/proc/self/statm", "re");

    if (numbers == NULL) {
        return 0;
    }
    if (fscanf(numbers, "%*s %*s %*s %*s %*s %lu", &pages) != 1) {
        pages = 0;
    }
    fclose(numbers);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void ml_sandbox_limit(uint64_t memory)
{
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_STACK, STACK_MAX);
    if (!HAS_ADDRESS_SANITIZER && memory < UINT64_MAX / 2) {
        lower(RLIMIT_DATA, memory_now() + memory);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* ---- system calls ---- */

#ifdef OUR_ARCHITECTURE

enum { PROGRAM_MAX = 96 };

typedef struct program {
    struct sock_filter steps[PROGRAM_MAX];
    unsigned short length;
} program;

static void add(program *self, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false)
{
    self->steps[self->length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(program *self, size_t offset)
{
    add(self, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(program *self, uint32_t what)
{
    add(self, BPF_RET | BPF_K, what, 0, 0);
}

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

static void begin(program *self)
{
    self->length = 0;
    load(self, offsetof(struct seccomp_data, arch));
    add(self, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCHITECTURE, 1, 0);
    answer(self, REFUSE);
    load(self, offsetof(struct seccomp_data, nr));
    add(self, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1);
    answer(self, REFUSE);
}

static void refuse(program *self, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(self, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
        answer(self, REFUSE);
    }
}

/* A call whose first argument is a process: itself or nobody. */
static void refuse_others(program *self, int call, uint32_t own)
{
    add(self, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
    load(self, offsetof(struct seccomp_data, args[0]));
    add(self, BPF_JMP | BPF_JEQ | BPF_K, own, 0, 1);
    answer(self, SECCOMP_RET_ALLOW);
    answer(self, REFUSE);
}

static void install(program *self)
{
    struct sock_fprog code = {.len = self->length, .filter = self->steps};

    answer(self, SECCOMP_RET_ALLOW);
    code.len = self->length;
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &code, 0, 0);
}

void ml_sandbox_deny(void)
{
    static const int calls[] = {
        SYS_execve,
        SYS_execveat,
        SYS_setpgid,
        SYS_setsid,
        SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_pidfd_send_signal,
        SYS_mount,
        SYS_umount2,
        SYS_bpf,
        SYS_perf_event_open,
        SYS_keyctl,
        SYS_userfaultfd,
        SYS_io_uring_setup,
        SYS_kexec_load,
    };
    static const int tracing[] = {SYS_ptrace};
    program self;

    begin(&self);
    refuse(&self, calls, sizeof(calls) / sizeof(calls[0]));
    /* The leak checker traces its own process. */
    refuse(&self, tracing, HAS_ADDRESS_SANITIZER ? 0 : 1);
    refuse_others(&self, SYS_kill, (uint32_t)getpid());
    refuse_others(&self, SYS_tgkill, (uint32_t)getpid());
    install(&self);
}

void ml_sandbox_deny_network(void)
{
    static const int calls[] = {SYS_socket, SYS_connect, SYS_bind,
                                SYS_listen, SYS_accept,  SYS_accept4};
    program self;

    begin(&self);
    refuse(&self, calls, sizeof(calls) / sizeof(calls[0]));
    install(&self);
}

#else

void ml_sandbox_deny(void) {}

void ml_sandbox_deny_network(void) {}

#endif
