#include "output.h"

#include "descriptor.h"
#include "family.h"

#include "core/format/mlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UUID_AT = 32 /* in a file's header */, PIPE_BYTES = 1 << 20, NAMES_MAX = 1000 };

static ml_status refuse(ml_error *error, const char *path, int number)
{
    return ml_error_set(error, ML_ERROR_IO, "cannot write %s: %s", path, strerror(number));
}

/* What lies where a recording shall be. */
typedef struct found {
    bool live; /* its writer still lives */
    uint8_t uuid[16];
} found;

static ml_status examine(const char *path, found *out, ml_error *error)
{
    uint8_t header[ML_MLOG_HEADER_SIZE] = {0};
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length;

    if (file < 0) {
        return refuse(error, path, errno);
    }
    length = read(file, header, sizeof(header));
    out->live = flock(file, LOCK_EX | LOCK_NB) != 0;
    memcpy(out->uuid, header + UUID_AT, sizeof(out->uuid));
    close(file);
    if (length != 0 && (length < 8 || memcmp(header, ML_MLOG_SIGNATURE, 8) != 0)) {
        return ml_error_set(error, ML_ERROR_ARGUMENT,
                            "%s exists and is not a recording; choose another name with -o", path);
    }
    return ML_OK;
}

/* Beside a recording whose name is ours now; one that lies there is of an older one. */
static void create_journal(output *out)
{
    snprintf(out->journal_path, sizeof(out->journal_path), "%s%s", out->path,
             ML_MLOG_JOURNAL_SUFFIX);
    unlink(out->journal_path);
    out->journal = descriptor_raise(
        open(out->journal_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

static ml_status create(const char *path, output *out, ml_error *error)
{
    out->descriptor =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
    if (out->descriptor < 0) {
        return refuse(error, path, errno);
    }
    flock(out->descriptor, LOCK_EX | LOCK_NB);
    out->descriptor = descriptor_raise(out->descriptor);
    if (realpath(path, out->path) == NULL) {
        snprintf(out->path, sizeof(out->path), "%s", path);
    }
    create_journal(out);
    return ML_OK;
}

/* N of /dev/fd/N; -1 for other paths. */
static int number_of(const char *path)
{
    static const char folder[] = "/dev/fd/";
    char *end = NULL;
    long number = -1;

    if (strncmp(path, folder, sizeof(folder) - 1) == 0) {
        number = strtol(path + sizeof(folder) - 1, &end, 10);
    }
    return end != NULL && *end == '\0' && number >= 0 && number <= INT_MAX ? (int)number : -1;
}

/* A reader that does not keep up must not stop the program: what is full fails, and is tried again later. */
static ml_status open_pipe(const char *path, output *out, ml_error *error)
{
    int number = number_of(path);
    int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    out->is_pipe = true;
    snprintf(out->path, sizeof(out->path), "%s", path);
    out->descriptor = descriptor_raise(open(path, number < 0 ? flags | O_NOFOLLOW : flags));
    if (out->descriptor < 0 && number >= 0 && errno == ENXIO) { /* a socket */
        out->descriptor = descriptor_raise(dup(number));
    }
    if (out->descriptor < 0 && errno == ENXIO) {
        return ml_error_set(error, ML_ERROR_IO,
                            "cannot write %s: nobody reads it; start the reader first", path);
    }
    if (out->descriptor < 0) {
        return refuse(error, path, errno);
    }
    fcntl(out->descriptor, F_SETPIPE_SZ, PIPE_BYTES);
    if (number > STDERR_FILENO) {
        close(number);
    }
    return ML_OK;
}

static ml_status replace(const char *path, output *out, ml_error *error)
{
    char other[PATH_MAX];
    found there;

    ML_TRY(examine(path, &there, error));
    if (there.live) {
        family_name(path, getpid(), 1, other, sizeof(other));
        return create(other, out, error);
    }
    if (unlink(path) != 0) {
        return refuse(error, path, errno);
    }
    family_remove(path, there.uuid);
    return create(path, out, error);
}

ml_status output_open(const char *path, output *out, ml_error *error)
{
    struct stat about;

    *out = (output){.descriptor = -1, .journal = -1};
    if (number_of(path) >= 0) {
        return open_pipe(path, out, error);
    }
    if (lstat(path, &about) != 0) {
        return errno == ENOENT ? create(path, out, error) : refuse(error, path, errno);
    }
    return S_ISREG(about.st_mode) ? replace(path, out, error) : open_pipe(path, out, error);
}

ml_status output_open_child(const char *path, output *out, ml_error *error)
{
    struct stat about;
    char name[PATH_MAX];
    int number = 1;

    *out = (output){.descriptor = -1, .journal = -1};
    do {
        family_name(path, getpid(), number, name, sizeof(name));
    } while (lstat(name, &about) == 0 && ++number <= NAMES_MAX);
    return create(name, out, error);
}

/* The process's standard error: the thread's own descriptor 2 may be closed. A duplicate shares the position in a file,
 * which opening it again does not. */
static int open_stderr(void)
{
    int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int number = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, STDERR_FILENO, 0);
    char path[64];

    if (process >= 0) {
        close(process);
    }
    if (number < 0) { /* an older kernel */
        snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), STDERR_FILENO);
        number = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    return number;
}

void output_complain(const char *text)
{
    int number = open_stderr();
    char line[512];
    int length;

    if (number < 0) {
        return;
    }
    length = snprintf(line, sizeof(line), "microlog: %s\n", text);
    (void)!write(number, line, length < (int)sizeof(line) ? (size_t)length : sizeof(line) - 1);
    close(number);
}
