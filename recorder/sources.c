#include "sources.h"

#include "core/base/clock.h"
#include "core/base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct account {
    uint64_t until_ns, bytes;
    uint64_t unreadable, left_out;
    uint32_t count;
} account;

/* "<string>" and its like are no files. */
static bool is_file_name(const char *name, size_t length)
{
    return length != 0 && name[0] != '<';
}

/* False if the path is too long to be one. */
static bool make_path(char path[PATH_MAX], const char *directory, const char *name, size_t length)
{
    bool is_absolute = name[0] == '/';
    int written = snprintf(path, PATH_MAX, "%s%s%.*s", is_absolute ? "" : directory,
                           is_absolute ? "" : "/", (int)length, name);

    return written > 0 && written < PATH_MAX;
}

static bool hash_file(int file, uint64_t size, uint8_t digest[ML_SHA256_SIZE])
{
    uint8_t piece[16384];
    ml_sha256 hash;

    ml_sha256_start(&hash);
    while (size > 0) {
        ssize_t got = read(file, piece, size < sizeof(piece) ? size : sizeof(piece));
        if (got > 0) {
            ml_sha256_add(&hash, piece, (size_t)got);
            size -= (uint64_t)got;
        } else if (got == 0 || errno != EINTR) {
            return false;
        }
    }
    ml_sha256_finish(&hash, digest);
    return true;
}

static bool describe(int file, account *sum, ml_source *source)
{
    struct stat about;

    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        sum->unreadable++;
        return false;
    }
    source->size = (uint64_t)about.st_size;
    source->mtime_ns = ml_clock_nanoseconds(&about.st_mtim);
    if (source->size > SOURCES_FILE_BYTES || source->size > SOURCES_BYTES - sum->bytes) {
        sum->left_out++;
        return false;
    }
    sum->bytes += source->size;
    if (!hash_file(file, source->size, source->sha256)) {
        sum->unreadable++;
        return false;
    }
    return true;
}

/* True if `*source` now has what there is to say of the file; otherwise it is counted. */
static bool look_at(account *sum, const char *path, ml_source *source)
{
    bool is_described = false;
    int file;

    if (sum->count == SOURCES_FILES || ml_clock_monotonic() >= sum->until_ns) {
        sum->left_out++;
        return false;
    }
    /* A pipe or device that calls itself source code must not keep us waiting. */
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        sum->unreadable++;
        return false;
    }
    is_described = describe(file, sum, source);
    close(file);
    return is_described;
}

void sources_write(ml_writer *writer, const char *directory, ml_source *room)
{
    account sum = {.until_ns = ml_clock_monotonic() + SOURCES_TIME_NS};
    char path[PATH_MAX];
    const char *name = "";
    size_t length = 0;

    for (uint32_t file = 0; (file = ml_writer_next_file(writer, file, &name, &length)) != 0;) {
        ml_source source = {.file = file};
        if (is_file_name(name, length) && make_path(path, directory, name, length) &&
            look_at(&sum, path, &source)) {
            room[sum.count++] = source;
        }
    }
    if (sum.count != 0 || sum.unreadable != 0 || sum.left_out != 0) {
        (void)ml_writer_sources(writer, room, sum.count, sum.unreadable, sum.left_out);
    }
}
