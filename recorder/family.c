#include "family.h"

#include "core/format/mlog.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { HEAD_BYTES = 1024 /* in which HEAD's first field is */, SUFFIX_MAX = 16 };

/* Splits a path behind the last dot of its name: the length of what is before. */
static size_t stem_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *slash = strrchr(path, '/');

    return dot != NULL && (slash == NULL || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);
}

void family_name(const char *path, long pid, int number, char *out, size_t size)
{
    size_t stem = stem_of(path);
    char again[SUFFIX_MAX] = "";

    if (number > 1) {
        snprintf(again, sizeof(again), "-%d", number);
    }
    snprintf(out, size, "%.*s-%ld%s%s", (int)stem, path, pid, again, path + stem);
}

/* True for STEM-123SUFFIX and STEM-123-2SUFFIX, where `path` is STEM SUFFIX without its folder. */
static bool is_member_name(const char *path, const char *name)
{
    size_t stem = stem_of(path), length = strlen(name), suffix = strlen(path + stem);
    size_t digits = 0;

    if (length <= stem + suffix + 1 || strncmp(name, path, stem) != 0 || name[stem] != '-' ||
        strcmp(name + length - suffix, path + stem) != 0) {
        return false;
    }
    for (size_t i = stem + 1; i < length - suffix; i++) {
        digits += isdigit((unsigned char)name[i]) != 0;
    }
    return digits > 0 && strspn(name + stem + 1, "0123456789-") >= length - suffix - stem - 1;
}

static bool holds_session(int file, const uint8_t session[16])
{
    uint8_t bytes[HEAD_BYTES];
    ssize_t length = read(file, bytes, sizeof(bytes));

    return length > ML_MLOG_HEADER_SIZE && memcmp(bytes, ML_MLOG_SIGNATURE, 8) == 0 &&
           memmem(bytes + ML_MLOG_HEADER_SIZE, (size_t)length - ML_MLOG_HEADER_SIZE, session, 16) !=
               NULL;
}

static void remove_member(int folder, const char *name, const uint8_t session[16])
{
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char journal[NAME_MAX + sizeof(ML_MLOG_JOURNAL_SUFFIX)];

    if (file < 0) {
        return;
    }
    if (holds_session(file, session) && flock(file, LOCK_EX | LOCK_NB) == 0) {
        snprintf(journal, sizeof(journal), "%s%s", name, ML_MLOG_JOURNAL_SUFFIX);
        unlinkat(folder, name, 0);
        unlinkat(folder, journal, 0);
    }
    close(file);
}

void family_remove(const char *path, const uint8_t session[16])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char folder[PATH_MAX];
    struct dirent *entry;
    DIR *directory;

    snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (is_member_name(name, entry->d_name)) {
            remove_member(dirfd(directory), entry->d_name, session);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
}
