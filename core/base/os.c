#include "core/base/os.h"

#include "core/base/clock.h"
#include "core/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, PATH_SHOWN = 512 };

/* Starts a chain "what 'path': reason". */
static ml_status fail_with(ml_error *error, ml_status status, const char *what, const char *path,
                           const char *reason)
{
    ml_buffer shown;

    ml_buffer_init(&shown, PATH_SHOWN);
    ml_text_escape(&shown, path, strlen(path));
    ml_error_set(error, status, "%s '%.*s': %s", what, (int)shown.length, (const char *)shown.data,
                 reason);
    ml_buffer_release(&shown);
    return status;
}

/* The same with status and reason from errno. */
static ml_status fail(ml_error *error, const char *what, const char *path)
{
    int number = errno;
    ml_status status = number == ENOENT || number == ENOTDIR ? ML_ERROR_NOT_FOUND
                       : number == ENOMEM                    ? ML_ERROR_MEMORY
                                                             : ML_ERROR_IO;

    return fail_with(error, status, what, path, strerror(number));
}

/* ---- reading ---- */

/* Reads until the end or until more than `limit` bytes have come. */
static ml_status read_all(int descriptor, size_t expected, size_t limit, ml_buffer *content)
{
    ml_buffer_init(content, limit == SIZE_MAX ? limit : limit + 1);
    if (expected < content->limit) {
        ML_TRY(ml_buffer_reserve(content, expected + 1)); /* one more finds the end at once */
    }
    for (;;) {
        size_t room = content->capacity - content->length;
        ssize_t got;
        if (room == 0) {
            size_t more = content->capacity + content->capacity / 2 + READ_STEP;
            if (content->capacity == content->limit) {
                return ML_ERROR_TOO_LARGE;
            }
            ML_TRY(ml_buffer_reserve(content, more < content->limit ? more : content->limit));
            continue;
        }
        got = read(descriptor, content->data + content->length, room);
        if (got == 0) {
            return ML_OK;
        }
        if (got > 0) {
            content->length += (size_t)got;
        } else if (errno != EINTR) {
            return ML_ERROR_IO;
        }
    }
}

static ml_status read_descriptor(int descriptor, const char *path, size_t limit, ml_buffer *content,
                                 ml_error *error)
{
    struct stat facts;
    size_t expected = 0;
    ml_status status;

    if (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
        expected = (size_t)facts.st_size;
    }
    status = read_all(descriptor, expected, limit, content);
    if (status == ML_ERROR_IO) {
        return fail(error, "cannot read", path);
    }
    if (status == ML_ERROR_TOO_LARGE || content->length > limit) {
        char reason[64];
        snprintf(reason, sizeof(reason), "it is larger than the limit of %zu bytes", limit);
        return fail_with(error, ML_ERROR_TOO_LARGE, "cannot read", path, reason);
    }
    return status < 0 ? fail_with(error, status, "cannot read", path, "no memory for it") : ML_OK;
}

ml_status ml_os_read(const char *path, size_t limit, uint8_t **bytes, size_t *length,
                     ml_error *error)
{
    int is_standard = strcmp(path, "-") == 0;
    int descriptor = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ml_buffer content;
    ml_status status;

    *bytes = NULL;
    *length = 0;
    if (descriptor < 0) {
        return fail(error, "cannot open", path);
    }
    ml_buffer_init(&content, 0);
    status =
        read_descriptor(descriptor, is_standard ? "standard input" : path, limit, &content, error);
    if (!is_standard) {
        close(descriptor);
    }
    if (status < 0) {
        ml_buffer_release(&content);
        return status;
    }
    *bytes = content.data;
    *length = content.length;
    return ML_OK;
}

void ml_os_free(void *bytes)
{
    free(bytes);
}

static ml_status read_if_same(int descriptor, size_t size, int64_t mtime_ns, ml_buffer *content)
{
    struct stat facts;

    if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return ML_ERROR_NOT_FOUND;
    }
    if (facts.st_size < 0 || (size_t)facts.st_size != size ||
        ml_clock_nanoseconds(&facts.st_mtim) != mtime_ns) {
        return ML_ERROR_FAILED;
    }
    if (read_all(descriptor, size, size, content) < 0) {
        return ML_ERROR_NOT_FOUND;
    }
    return content->length == size ? ML_OK : ML_ERROR_FAILED;
}

ml_status ml_os_read_same(const char *path, size_t size, int64_t mtime_ns, uint8_t **bytes)
{
    /* Opening a pipe or a terminal must neither wait nor change anything. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ml_buffer content;
    ml_status status;

    *bytes = NULL;
    if (descriptor < 0) {
        return ML_ERROR_NOT_FOUND;
    }
    ml_buffer_init(&content, 0);
    status = read_if_same(descriptor, size, mtime_ns, &content);
    close(descriptor);
    if (status < 0) {
        ml_buffer_release(&content);
        return status;
    }
    *bytes = content.data;
    return ML_OK;
}

/* ---- writing ---- */

static int write_all(int descriptor, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    while (length > 0) {
        ssize_t done = write(descriptor, at, length);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        }
    }
    return 0;
}

/* Writes to a descriptor that was just opened and closes it; errno tells the first failure. */
static int write_and_close(int descriptor, const void *bytes, size_t length)
{
    int failed = write_all(descriptor, bytes, length);
    int number = errno;

    if (close(descriptor) != 0 && !failed) {
        return -1;
    }
    errno = number;
    return failed;
}

static ml_status write_directly(const char *path, const void *bytes, size_t length, ml_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (descriptor < 0) {
        return fail(error, "cannot open", path);
    }
    return write_and_close(descriptor, bytes, length) != 0 ? fail(error, "cannot write", path)
                                                           : ML_OK;
}

/* `old` is what stands at the path now, or NULL; a file that is replaced keeps its permissions. */
static ml_status write_renamed(const char *path, const struct stat *old, const void *bytes,
                               size_t length, ml_error *error)
{
    char neighbour[PATH_MAX];
    int descriptor;

    if (snprintf(neighbour, sizeof(neighbour), "%s.%ld.tmp", path, (long)getpid()) >=
        (int)sizeof(neighbour)) {
        errno = ENAMETOOLONG;
        return fail(error, "cannot write", path);
    }
    unlink(neighbour); /* left over from a process that had our number */
    descriptor = open(neighbour, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        return fail(error, "cannot create", path);
    }
    if (old != NULL) {
        (void)!fchmod(descriptor,
                      old->st_mode & 0777); /* better a report with other rights than none */
    }
    if (write_and_close(descriptor, bytes, length) != 0 || rename(neighbour, path) != 0) {
        ml_status status = fail(error, "cannot write", path);
        unlink(neighbour);
        return status;
    }
    return ML_OK;
}

ml_status ml_os_write(const char *path, const void *bytes, size_t length, ml_error *error)
{
    struct stat facts;
    char target[PATH_MAX];

    if (strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, bytes, length) != 0
                   ? fail(error, "cannot write", "standard output")
                   : ML_OK;
    }
    if (stat(path, &facts) != 0) {
        return write_renamed(path, NULL, bytes, length, error);
    }
    if (!S_ISREG(facts.st_mode)) {
        return write_directly(path, bytes, length, error);
    }
    /* A link stays a link: what it points to is replaced. */
    if (realpath(path, target) == NULL) {
        return fail(error, "cannot write", path);
    }
    return write_renamed(target, &facts, bytes, length, error);
}

ml_status ml_os_write_new(const char *path, const void *bytes, size_t length, ml_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (descriptor < 0) {
        return fail(error, "cannot create", path);
    }
    return write_and_close(descriptor, bytes, length) != 0 ? fail(error, "cannot write", path)
                                                           : ML_OK;
}

void ml_os_create_privately(void)
{
    umask(077);
}

int ml_os_is_locked(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int locked =
        descriptor >= 0 && flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (descriptor >= 0) {
        close(descriptor);
    }
    return locked;
}

const char *ml_os_follow(ml_arena *arena, const char *path)
{
    struct stat facts;
    char target[PATH_MAX];
    int is_link = lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);

    return ml_arena_text(arena, is_link && realpath(path, target) != NULL ? target : path);
}

ml_status ml_os_remove(const char *path, ml_error *error)
{
    return unlink(path) != 0 && errno != ENOENT ? fail(error, "cannot remove", path) : ML_OK;
}

ml_status ml_os_make_folder(const char *path, ml_error *error)
{
    if (mkdir(path, 0777) != 0 && (errno != EEXIST || ml_os_kind(path) != ML_OS_DIRECTORY)) {
        return fail(error, "cannot make folder", path);
    }
    return ML_OK;
}

/* ---- sealed memory ---- */

/* As write_all. What the kernel has taken is taken off the list, too. */
static int write_parts(int descriptor, struct iovec *parts, size_t count)
{
    while (count > 0) {
        ssize_t done = writev(descriptor, parts, count < IOV_MAX ? (int)count : IOV_MAX);
        size_t left = done < 0 ? 0 : (size_t)done;
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        for (; count > 0 && left >= parts->iov_len; parts++, count--) {
            left -= parts->iov_len;
        }
        if (left > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return 0;
}

/* A filled memfd, sealed, opened once more for reading only: older kernels refuse to map a
 * write-sealed file through a descriptor that could have written. */
static int sealed_descriptor(struct iovec *parts, size_t count, size_t length)
{
    int writable = memfd_create("microlog", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int readable = -1;
    char path[64];

    if (writable < 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", writable);
    if (ftruncate(writable, (off_t)(length == 0 ? 1 : length)) == 0 &&
        write_parts(writable, parts, count) == 0 &&
        fcntl(writable, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) ==
            0) {
        readable = open(path, O_RDONLY | O_CLOEXEC);
    }
    close(writable);
    return readable;
}

ml_status ml_os_seal(struct iovec *parts, size_t count, const void **mapping, size_t *length,
                     int *descriptor, ml_error *error)
{
    void *address;

    *mapping = NULL;
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        *length += parts[i].iov_len;
    }
    *descriptor = sealed_descriptor(parts, count, *length);
    if (*descriptor < 0) {
        return fail(error, "cannot make", "sealed shared memory");
    }
    address = mmap(NULL, *length == 0 ? 1 : *length, PROT_READ, MAP_SHARED, *descriptor, 0);
    if (address == MAP_FAILED) {
        ml_status status = fail(error, "cannot map", "sealed shared memory");
        close(*descriptor);
        *descriptor = -1;
        return status;
    }
    *mapping = address;
    return ML_OK;
}

void ml_os_unseal(const void *mapping, size_t length, int descriptor)
{
    if (mapping != NULL) {
        munmap((void *)(uintptr_t)mapping, length == 0 ? 1 : length);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

/* ---- directories ---- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Appends every name; 0, or -1 with errno. */
static int collect_names(DIR *directory, ml_arena *arena, char ***names, size_t *count)
{
    size_t capacity = 0;
    struct dirent *entry;

    for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0) {
        char *name;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        name = ml_arena_text(arena, entry->d_name);
        if (name == NULL ||
            ml_arena_grow(arena, names, &capacity, *count + 1, sizeof(**names)) < 0) {
            errno = ENOMEM;
            return -1;
        }
        (*names)[(*count)++] = name;
    }
    return errno == 0 ? 0 : -1;
}

ml_status ml_os_list(ml_arena *arena, const char *path, char ***names, size_t *count,
                     ml_error *error)
{
    DIR *directory = opendir(path);
    ml_status status = ML_OK;

    *names = NULL;
    *count = 0;
    if (directory == NULL) {
        return fail(error, "cannot open folder", path);
    }
    if (collect_names(directory, arena, names, count) != 0) {
        status = fail(error, "cannot read folder", path);
    }
    closedir(directory);
    if (status == ML_OK && *count > 1) {
        qsort(*names, *count, sizeof(**names), compare_names);
    }
    return status;
}

ml_os_stamp ml_os_look(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return (ml_os_stamp){0};
    }
    return (ml_os_stamp){.size = (uint64_t)status.st_size,
                         .file = (uint64_t)status.st_ino,
                         .mtime_ns =
                             (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec};
}

int ml_os_kind(const char *path)
{
    struct stat facts;

    if (stat(path, &facts) != 0) {
        return ML_OS_ABSENT;
    }
    return S_ISREG(facts.st_mode)   ? ML_OS_FILE
           : S_ISDIR(facts.st_mode) ? ML_OS_DIRECTORY
                                    : ML_OS_OTHER;
}

ml_status ml_os_program_directory(ml_arena *arena, char **path, ml_error *error)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash;

    *path = NULL;
    if (length < 0) {
        return fail(error, "cannot read", "/proc/self/exe");
    }
    program[length] = '\0';
    slash = strrchr(program, '/');
    if (slash != NULL) {
        slash[slash == program] = '\0';
    }
    *path = ml_arena_text(arena, program);
    return *path == NULL ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for a path") : ML_OK;
}
