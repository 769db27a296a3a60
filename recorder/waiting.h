/* waiting: what a thread that is off the CPU waits for, from the system call it stands in.
 *
 * Reading /proc/self/task/N/syscall opens a descriptor for a moment, so it is only done where the sampler has a table of
 * descriptors of its own (isolate.h). [sampler] */
#ifndef RECORDER_WAITING_H
#define RECORDER_WAITING_H

#include <stddef.h>
#include <stdint.h>

/* Opens what tells about a thread; -1 when that cannot be had. */
int waiting_open(uint32_t native_id);

/* ML_MLOG_STATE_… of the thread that `file` is about; RUNNING when it wants a processor, UNKNOWN when it cannot be told. A futex within
 * the `gil_size` bytes at `gil` is the interpreter's lock. */
uint32_t waiting_state(int file, uintptr_t gil, size_t gil_size);

#endif
