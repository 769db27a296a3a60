/* recorder: the life of a recording within a process: start, stop, fork. There is at most one at a time, since what
 * it hooks belongs to the process. [program] unless said otherwise. */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include "notice.h"
#include "settings.h"

#include "core/base/status.h"

#include <stdbool.h>

/* A child process has its recording when it has lived this long: those that only exec or end leave no file, and a pool of
 * short-lived processes does not fill the folder. */
enum { RECORDER_CHILD_WAIT_MS = 50 };

typedef struct recorder_summary {
    char path[4096];
    double seconds;
    uint64_t samples, bytes;
    int system_error; /* why the end could not be written; 0 */
} recorder_summary;

/* Starts recording. ML_ERROR_ARGUMENT when one is already running. */
ml_status recorder_start(const recorder_options *options, ml_error *error);

/* Ends it. `exit_code` is written when `has_exit_code`. False if none was running, or if nothing was written: a child
 * process that did not live long enough. */
bool recorder_stop(bool has_exit_code, int64_t exit_code, recorder_summary *summary);

bool recorder_is_running(void);

/* True if the process did not ask for its recording: it is being recorded because its parent is. */
bool recorder_is_followed(void);

/* To be called in the child of a fork, once the interpreter is usable there: records it if its parent was recorded and
 * children are. Never fails; a child that cannot be recorded is not. */
void recorder_follow(void);

/* What children that are new programs need to belong to the tree: session and recording as hexadecimal digits with a blank
 * between, and the path that they are named after. False when nothing is being recorded that has children. */
bool recorder_family(char *session, size_t size, const char **path);

/* "direct", "syscall" or "gil" and why; "" when not running. */
const char *recorder_method(void);

#endif
