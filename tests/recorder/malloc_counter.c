/* malloc_counter: preloaded into a program, counts how often memory is asked for by the recorder's thread, which is the
 * one called "microlog", and by all others. The thread is asked for its name each time: it may get it at any moment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* What glibc calls its own; there is no other way to them that does not itself ask for memory. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_int recorder, others;

EXPORT int malloc_counter_recorder(void)
{
    return atomic_load(&recorder);
}

EXPORT int malloc_counter_others(void)
{
    return atomic_load(&others);
}

static void count(const char *what, size_t size)
{
    char name[16] = "", line[100];
    int length;

    prctl(PR_GET_NAME, name);
    if (strcmp(name, "microlog") != 0) {
        atomic_fetch_add(&others, 1);
        return;
    }
    atomic_fetch_add(&recorder, 1);
    if (getenv("MALLOC_COUNTER_SAY") != NULL) {
        length = snprintf(line, sizeof(line), "microlog: %s(%zu)\n", what, size);
        syscall(SYS_write, 2, line, (size_t)length);
    }
}

EXPORT void *malloc(size_t size)
{
    count("malloc", size);
    return __libc_malloc(size);
}

EXPORT void *calloc(size_t number, size_t size)
{
    count("calloc", number * size);
    return __libc_calloc(number, size);
}

EXPORT void *realloc(void *old, size_t size)
{
    count("realloc", size);
    return __libc_realloc(old, size);
}

EXPORT void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    count("mmap", size);
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

EXPORT void *mmap64(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    count("mmap64", size);
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}
