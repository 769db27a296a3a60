/* output: where a recording is written. */
#ifndef RECORDER_OUTPUT_H
#define RECORDER_OUTPUT_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct output {
    int descriptor;
    int journal;     /* what is not yet in the recording is kept there; -1: there is none */
    bool is_pipe;    /* not a regular file */
    char path[4096]; /* absolute, as written */
    char journal_path[4352];
} output;

/* Opens `path` for a new recording, readable by the user alone. A finished recording of that name is replaced, and with
 * it what its child processes have recorded; one that is still being written (it is locked) is left alone and
 * NAME-PID.mlog is taken instead. A file that is no recording is never overwritten. Pipes and devices are written to as
 * they are; a pipe without a reader is an error. "/dev/fd/N" is the open descriptor N, which is the recorder's from then
 * on. */
ml_status output_open(const char *path, output *out, ml_error *error);

/* The same for another process of the tree whose first recording is `path`: a new file, named after the process. */
ml_status output_open_child(const char *path, output *out, ml_error *error);

/* Says one line on the program's standard error, from any thread, whatever descriptors that thread has. */
void output_complain(const char *text);

#endif
