/* recording: from paths to the models of the runs that they hold.
 *
 * Recordings of one session are one run (a process tree) whatever files they are in; a recording
 * that is met twice, known by its uuid, counts once, and of two copies the longer one is taken.
 * Files are opened once to see what they hold and stay open as long as they are small together;
 * others are opened again for their run.
 */
#ifndef ML_CLI_RECORDING_H
#define ML_CLI_RECORDING_H

#include "core/cli/inputs.h"
#include "core/model/image.h"

/* A recording, wherever it lies. */
typedef struct ml_found {
    size_t file;         /* index of files */
    size_t index;        /* within the file */
    uint8_t uuid[16];    /* of the recording; zeros: not known */
    uint8_t session[16]; /* its own uuid when it names none */
    uint64_t bytes;
} ml_found;

typedef struct ml_file {
    const char *path;
    ml_reader *reader; /* NULL: closed for the moment */
} ml_file;

/* One run: its recordings are found[members[0]], … */
typedef struct ml_session {
    const char *path; /* of its first recording */
    size_t first;     /* index of that in found */
    size_t *members;
    size_t count;
} ml_session;

typedef struct ml_recordings {
    ml_file *files;
    ml_found *found;
    ml_session *sessions; /* in the order in which the inputs have them */
    size_t file_count, found_count, session_count;
    int code; /* ML_EXIT_INPUT when a file could not be read; it was said on stderr */
} ml_recordings;

#define ML_RECORDINGS_KEPT_OPEN (UINT64_C(256) << 20)

/* Opens every input and groups what is there. Files beyond `keep_open` bytes in all are closed
 * again until their run is built. Fails only without memory. */
ml_status ml_recordings_open(ml_arena *arena, const ml_inputs *inputs, uint64_t keep_open,
                             ml_recordings *out, ml_error *error);

/* The image of a run with lines of its sources (ML_SOURCES_…), which the caller closes. `scratch` is needed during the
 * call only. */
ml_status ml_recordings_build(ml_recordings *self, const ml_session *session, int use_sources,
                              ml_arena *scratch, ml_image **out, ml_error *error);

/* Appends the recordings of a run to `out`, as they are. */
ml_status ml_recordings_copy(ml_recordings *self, const ml_session *session, ml_buffer *out,
                             ml_error *error);

void ml_recordings_close(ml_recordings *self);

#endif
