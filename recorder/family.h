/* family: the files of a process tree. The first process has run.mlog, each other run-PID.mlog beside it.
 *
 * A process that became another program by exec, and a pid that is used again, come behind: run-PID-2.mlog. */
#ifndef RECORDER_FAMILY_H
#define RECORDER_FAMILY_H

#include <stddef.h>
#include <stdint.h>

/* The `number`th name (1, 2, …) that the process `pid` may take in the tree of `path`. */
void family_name(const char *path, long pid, int number, char *out, size_t size);

/* Removes what the other processes of session `session` have left beside `path`: the tree's first recording is being
 * replaced. One that is still being written stays, and so does everything that is no recording of that session. */
void family_remove(const char *path, const uint8_t session[16]);

#endif
