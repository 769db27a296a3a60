#include "copy.h"

#include "descriptor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

bool copier_read(const safe_copy *copier, uintptr_t address, void *out, size_t size)
{
    struct iovec local = {.iov_base = out, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)address, .iov_len = size};

    if (copier->memory >= 0) {
        return pread(copier->memory, out, size, (off_t)address) == (ssize_t)size;
    }
    return process_vm_readv(copier->pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool copier_read_batch(const safe_copy *copier, const copy_piece *pieces, size_t count)
{
    struct iovec local[COPY_PIECES], remote[COPY_PIECES];
    size_t all = 0;

    if (copier->memory >= 0) {
        bool good = true;
        for (size_t i = 0; i < count && good; i++) {
            good = copier_read(copier, pieces[i].address, pieces[i].out, pieces[i].size);
        }
        return good;
    }
    for (size_t i = 0; i < count; i++) {
        local[i] = (struct iovec){.iov_base = pieces[i].out, .iov_len = pieces[i].size};
        remote[i] =
            (struct iovec){.iov_base = (void *)pieces[i].address, .iov_len = pieces[i].size};
        all += pieces[i].size;
    }
    return process_vm_readv(copier->pid, local, count, remote, count, 0) == (ssize_t)all;
}

/* A good address must be read right and a bad one refused. */
static bool works(const safe_copy *copier)
{
    char source[16] = "microlog copier";
    char target[16] = "";
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool refused;

    if (bad == MAP_FAILED) {
        return false;
    }
    refused = !copier_read(copier, (uintptr_t)bad, target, sizeof(target));
    munmap(bad, page);
    return refused && copier_read(copier, (uintptr_t)source, target, sizeof(target)) &&
           memcmp(source, target, sizeof(source)) == 0;
}

bool copier_open(safe_copy *copier)
{
    copier->pid = (int)getpid();
    copier->memory = -1;
    if (works(copier)) {
        return true;
    }
    copier->memory = descriptor_raise(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    if (copier->memory >= 0 && works(copier)) {
        return true;
    }
    copier_close(copier);
    return false;
}

void copier_close(safe_copy *copier)
{
    if (copier->memory >= 0) {
        close(copier->memory);
    }
    copier->memory = -1;
}
