/* os: the only door to the operating system for core. The recorder has doors of its own.
 *
 * Files are read whole and written whole: a reader never sees half a file, since writing goes to a
 * temporary neighbour which is renamed. Paths are bytes; messages show them escaped.
 */
#ifndef ML_BASE_OS_H
#define ML_BASE_OS_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <sys/uio.h>

/* Reads at most `limit` bytes of a file ("-" is stdin) into memory that ml_os_free gives back.
 * ML_ERROR_NOT_FOUND, ML_ERROR_TOO_LARGE, ML_ERROR_IO with the path in the cause. */
ml_status ml_os_read(const char *path, size_t limit, uint8_t **bytes, size_t *length,
                     ml_error *error);
void ml_os_free(void *bytes);

/* Reads a regular file if it has exactly this size and time of last change (nanoseconds since 1970), and nothing else
 * ever. ML_ERROR_NOT_FOUND: no regular file is there that can be read; ML_ERROR_FAILED: it is another by now. */
ml_status ml_os_read_same(const char *path, size_t size, int64_t mtime_ns, uint8_t **bytes);

/* Writes a whole file through a temporary neighbour and a rename ("-" is stdout, written directly).
 * A target that exists and is no regular file (a device, a pipe) is written to directly. A
 * link stays a link, and a file that is replaced keeps its permissions. */
ml_status ml_os_write(const char *path, const void *bytes, size_t length, ml_error *error);

/* The same for a file that must not exist yet: nothing is ever overwritten. */
ml_status ml_os_write_new(const char *path, const void *bytes, size_t length, ml_error *error);

/* Files that are created from now on are for the user alone. */
void ml_os_create_privately(void);

/* Does somebody hold the lock (flock) on a file? False when it cannot be told. */
int ml_os_is_locked(const char *path);

/* Where the file itself lies: at `path`, or where that leads if it is a link. In the arena; NULL without memory. */
const char *ml_os_follow(ml_arena *arena, const char *path);

/* Removes a file; nothing to do when it is not there. */
ml_status ml_os_remove(const char *path, ml_error *error);

/* Makes a folder whose parent exists; nothing to do when it is there already. */
ml_status ml_os_make_folder(const char *path, ml_error *error);

/* A sealed, read-only, shared mapping of a copy of `parts`, one behind the other, `*length` bytes in all: nothing can
 * write to it afterwards, mprotect included (memfd_create with write, grow and shrink seals). `*descriptor`
 * stays open for handing on. The list of parts (not what they point to) is used up. */
ml_status ml_os_seal(struct iovec *parts, size_t count, const void **mapping, size_t *length,
                     int *descriptor, ml_error *error);
void ml_os_unseal(const void *mapping, size_t length, int descriptor);

/* The sorted names in a directory without "." and "..", in the arena. */
ml_status ml_os_list(ml_arena *arena, const char *path, char ***names, size_t *count,
                     ml_error *error);

/* What a path is; links are followed. */
enum { ML_OS_ABSENT = 0, ML_OS_FILE = 1, ML_OS_DIRECTORY = 2, ML_OS_OTHER = 3 };
int ml_os_kind(const char *path);

/* What changes when a file is written to; all zero when there is none. */
typedef struct ml_os_stamp {
    uint64_t size, file; /* file: its number in the file system */
    int64_t mtime_ns;
} ml_os_stamp;

ml_os_stamp ml_os_look(const char *path);

/* The directory of the running executable, in the arena. */
ml_status ml_os_program_directory(ml_arena *arena, char **path, ml_error *error);

#endif
