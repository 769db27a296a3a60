/* copy: reads memory that may be unmapped or change at any moment, without ever faulting.
 *
 * The kernel copies for us and answers an error for a bad address: process_vm_readv on ourselves, or, where a
 * container forbids that, pread on /proc/self/mem. No signal handler is involved. What was copied may be
 * torn; making sense of it is the caller's business.
 */
#ifndef RECORDER_COPY_H
#define RECORDER_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct safe_copy {
    int pid;
    int memory; /* descriptor of /proc/self/mem, or -1 with process_vm_readv */
} safe_copy;

/* Chooses a way and proves it with a good and a bad address. False: neither works. */
bool copier_open(safe_copy *copier);
void copier_close(safe_copy *copier);

/* Copies exactly `size` bytes from `address`; false if any of them cannot be read. [any thread] */
bool copier_read(const safe_copy *copier, uintptr_t address, void *out, size_t size);

/* One piece of a batch: `size` bytes from `address` to `out`. */
typedef struct copy_piece {
    uintptr_t address;
    void *out;
    size_t size;
} copy_piece;

enum { COPY_PIECES = 256 };

/* Copies up to COPY_PIECES pieces in order, in one system call where that can be had, so that as little time as
 * possible lies between the first and the last. False if any piece cannot be read whole. [any thread] */
bool copier_read_batch(const safe_copy *copier, const copy_piece *pieces, size_t count);

#endif
