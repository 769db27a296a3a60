/* openfiles: which descriptors the program has open, from what its calls report and from /proc/self/fd.
 *
 * Calls that the hooks see come with the stack that opened. What they do not see (C libraries, descriptors that
 * were handed over) is found by reading the directory once a second: a number that is there twice in a
 * row without a report was opened by somebody unknown. Opens are written when they are about a second old (held.h).
 * [sampler] */
#ifndef RECORDER_OPENFILES_H
#define RECORDER_OPENFILES_H

#include "held.h"

enum { OPENFILES_MAX = HELD_NUMBERS, OPENFILES_OWN = 16 };

typedef struct openfiles {
    ml_writer *writer;
    held held;
    int directory;          /* /proc/self/fd, kept open */
    int own[OPENFILES_OWN]; /* numbers that are the recorder's */
    int own_count;
    uint8_t *state;  /* OPENFILES_MAX × OPEN_… */
    uint64_t *stamp; /* OPENFILES_MAX: last report, or first sight */
    int limit;       /* above every number that was ever seen */
    int64_t count;   /* at the last scan, without our own; -1 not known */
} openfiles;

/* Opens the directory and notes what is open now as inherited, at time `now_ns` after the anchor. `files` has its room
 * (`state`, `stamp`, and that of `held`), zeroed, and nothing else; `own` are numbers to leave out. */
void openfiles_open(openfiles *files, ml_writer *writer, const int *own, int own_count,
                    uint64_t now_ns);
void openfiles_close(openfiles *files);

/* A call of the program opened or closed a number: to be called in the order of the calls. Opens are written or counted
 * from here; a close is worth writing if true is returned: the number was open, and its open has been written. */
void openfiles_opened(openfiles *files, const held_open *open, const char *label, size_t length);
bool openfiles_closed(openfiles *files, int64_t number, uint64_t time_ns);

/* Compares with /proc/self/fd. `drain` is called once after the directory was read, so that reports that were
 * under way are not taken for missing. */
void openfiles_scan(openfiles *files, uint64_t now_ns, void (*drain)(void *owner), void *owner);

/* Writes what is held back, all of it at the end. To be called after a scan, which has seen what is gone by now. */
void openfiles_release(openfiles *files, uint64_t now_ns, bool is_end);

#endif
