/* sandbox: what a worker gives up before it runs a plugin's code.
 *
 * It protects against accidents of honest plugins and against simple malice: limits of the system,
 * and a list of system calls that answer EPERM, as they would to somebody without the right. It is
 * no wall: a plugin can read what its user can read. What the kernel refuses is left out.
 */
#ifndef ML_WORKER_SANDBOX_H
#define ML_WORKER_SANDBOX_H

#include <stdint.h>

/* Core files, private memory (`memory` bytes more than now; not under the address sanitizer, which
 * takes terabytes), the stack, no new privileges. */
void ml_sandbox_limit(uint64_t memory);

/* From now on EPERM: executing programs; signals to others; leaving the process group; tracing and
 * reading other processes; mounting; the kernel's programmable corners. */
void ml_sandbox_deny(void);

/* From now on EPERM: sockets. */
void ml_sandbox_deny_network(void);

#endif
