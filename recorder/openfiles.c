#include "openfiles.h"

#include "descriptor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLOSED = 0, OPEN = 1, SUSPECT = 2, PRESENT = 128 };

/* What getdents64(2) fills in; the C library's readdir would allocate. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static int64_t what_is(mode_t mode)
{
    return S_ISREG(mode)                    ? ML_FD_FILE
           : S_ISDIR(mode)                  ? ML_FD_DIRECTORY
           : S_ISFIFO(mode)                 ? ML_FD_PIPE
           : S_ISSOCK(mode)                 ? ML_FD_SOCKET
           : S_ISCHR(mode) || S_ISBLK(mode) ? ML_FD_DEVICE
                                            : ML_FD_ANONYMOUS;
}

/* Of what nobody has reported: it says itself what it is. */
static void write_open(openfiles *files, int number, uint64_t time_ns, bool inherited)
{
    held_open open = {
        .number = number, .what = ML_FD_OTHER, .time_ns = time_ns, .inherited = inherited};
    char path[64], label[1024] = "";
    struct stat about;
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
    length = readlink(path, label, sizeof(label));
    if (length < 0) {
        return;
    }
    if (stat(path, &about) == 0) {
        open.what = what_is(about.st_mode);
    }
    held_write_open(files->writer, &open, label, (size_t)length);
}

static void write_close(openfiles *files, int64_t number, uint64_t time_ns)
{
    ml_writer_event(files->writer, ML_KIND_FD_CLOSE, time_ns, 0, 0);
    ml_writer_field_number(files->writer, number);
    ml_writer_event_end(files->writer);
}

static bool is_own(const openfiles *files, long number)
{
    for (int i = 0; i < files->own_count; i++) {
        if (files->own[i] == number) {
            return true;
        }
    }
    return files->own_count != 0 && number == files->directory;
}

/* True for a number that there is room for; from then on scans reach it. */
static bool is_covered(openfiles *files, int64_t number)
{
    if (number < 0 || number >= OPENFILES_MAX) {
        return false;
    }
    if (number >= files->limit) {
        files->limit = (int)number + 1;
    }
    return true;
}

/* Marks every number in the directory as PRESENT and counts them. */
static void mark_present(openfiles *files)
{
    char buffer[8192];
    long got;

    files->count = 0;
    if (lseek(files->directory, 0, SEEK_SET) != 0) {
        files->count = -1;
        return;
    }
    while ((got = syscall(SYS_getdents64, files->directory, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < got;) {
            struct entry *entry = (struct entry *)(buffer + at);
            char *end;
            long number = strtol(entry->name, &end, 10);
            if (*end == '\0' && end != entry->name && number >= 0 && !is_own(files, number)) {
                files->count++;
                if (is_covered(files, number)) {
                    files->state[number] |= PRESENT;
                }
            }
            at += entry->length;
        }
    }
}

void openfiles_open(openfiles *files, ml_writer *writer, const int *own, int own_count,
                    uint64_t now_ns)
{
    files->writer = writer;
    files->count = -1;
    held_init(&files->held, writer, files->held.place, files->held.opens, files->held.briefs);
    files->directory = descriptor_raise(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < own_count && i < OPENFILES_OWN; i++) {
        files->own[files->own_count++] = own[i];
    }
    if (files->directory < 0) {
        return;
    }
    mark_present(files);
    for (int number = 0; number < files->limit; number++) {
        if ((files->state[number] & PRESENT) != 0) {
            files->state[number] = OPEN;
            files->stamp[number] = now_ns;
            write_open(files, number, now_ns, true);
        }
    }
}

void openfiles_close(openfiles *files)
{
    if (files->directory >= 0) {
        close(files->directory);
    }
    files->directory = -1;
}

/* A number that somebody has opened again was closed in between, unseen. */
static void note_gone(openfiles *files, int64_t number, uint64_t time_ns)
{
    if (!held_closed(&files->held, number, time_ns)) {
        write_close(files, number, time_ns);
    }
}

void openfiles_opened(openfiles *files, const held_open *open, const char *label, size_t length)
{
    if (is_covered(files, open->number)) {
        uint8_t *state = &files->state[open->number];
        if ((*state & 3) == OPEN) {
            note_gone(files, open->number, open->time_ns);
        }
        *state = (uint8_t)((*state & PRESENT) | OPEN);
        files->stamp[open->number] = open->time_ns;
    }
    held_add(&files->held, open, label, length);
}

bool openfiles_closed(openfiles *files, int64_t number, uint64_t time_ns)
{
    bool was_open;

    if (!is_covered(files, number)) {
        return false;
    }
    was_open = (files->state[number] & 3) == OPEN;
    files->state[number] = (uint8_t)((files->state[number] & PRESENT) | CLOSED);
    files->stamp[number] = time_ns;
    return was_open && !held_closed(&files->held, number, time_ns);
}

static void compare(openfiles *files, int number, bool present, uint64_t now_ns)
{
    uint8_t state = files->state[number];

    if (state == OPEN && !present) {
        note_gone(files, number, now_ns);
        files->state[number] = CLOSED;
    } else if (state == SUSPECT && present) {
        write_open(files, number, files->stamp[number], false);
        files->state[number] = OPEN;
    } else if (state == CLOSED && present) {
        files->state[number] = SUSPECT;
        files->stamp[number] = now_ns;
    } else if (state == SUSPECT) {
        files->state[number] = CLOSED;
    }
}

void openfiles_scan(openfiles *files, uint64_t now_ns, void (*drain)(void *owner), void *owner)
{
    if (files->directory < 0) {
        return;
    }
    mark_present(files);
    drain(owner);
    for (int number = 0; number < files->limit; number++) {
        bool present = (files->state[number] & PRESENT) != 0;
        files->state[number] &= 3;
        /* A report that came while the directory was being read is newer than what was read. */
        if ((present || files->state[number] != CLOSED) && files->stamp[number] < now_ns) {
            compare(files, number, present, now_ns);
        }
    }
}

void openfiles_release(openfiles *files, uint64_t now_ns, bool is_end)
{
    files->held.may_open = files->own_count == 0;
    held_release(&files->held, now_ns, is_end);
}
