/* held: descriptors that were opened are held back here until they are about a second old. One that was closed by then is
 * only counted, by kind, opener and label: what a server opens for a moment, again and again, would be most of its
 * recording. Counts are written every few seconds, as fd.brief.
 *
 * Holding back is the sampler's business: the program hands over every open and close as it happens. [sampler] */
#ifndef RECORDER_HELD_H
#define RECORDER_HELD_H

#include "core/format/write.h"

#include <stdbool.h>

enum {
    HELD_NUMBERS = 65536, /* numbers that can be held back */
    HELD_OPENS = 1024,    /* opens that are held back at a time; the oldest is then written early */
    HELD_BRIEFS = 128, /* different ones that are counted at a time; then all are written early */
    HELD_LABEL = 232   /* bytes of a label; an open with a longer one is not held back */
};

/* An open as it will be written. */
typedef struct held_open {
    int64_t number, what;
    uint64_t time_ns;
    uint32_t thread, node;
    bool inherited;
    bool taken;      /* while it is held back, and was not closed */
    uint16_t length; /* of the label, while it is held back */
    char label[HELD_LABEL];
} held_open;

/* Short-lived descriptors that are alike. */
typedef struct held_brief {
    int64_t what;
    uint32_t node;
    uint16_t length;
    char label[HELD_LABEL];
    uint64_t count, first_ns, last_ns; /* first open, last close */
} held_brief;

typedef struct held {
    ml_writer *writer;
    uint16_t *place;      /* HELD_NUMBERS: 1 + index in `opens`, 0: not held back */
    held_open *opens;     /* HELD_OPENS, a queue by time */
    uint32_t first, used; /* of the queue */
    held_brief *briefs;   /* HELD_BRIEFS */
    uint32_t brief_count;
    uint64_t written_ns; /* when counts were written last */
    bool
        may_open; /* what we open has no number of the program's: sockets can be asked for their peers */
} held;

/* `place`, `opens` and `briefs` are zeroed room that the caller owns. */
void held_init(held *held, ml_writer *writer, uint16_t *place, held_open *opens,
               held_brief *briefs);

/* Writes an open now, with a label of any length. */
void held_write_open(ml_writer *writer, const held_open *open, const char *label, size_t length);

/* Takes an open with its label. What cannot be held back is written. */
void held_add(held *held, const held_open *open, const char *label, size_t length);

/* `number` was closed: true if its open was held back; both are then counted, and neither needs to be written. */
bool held_closed(held *held, int64_t number, uint64_t time_ns);

/* Writes opens that are old enough, and counts when they are due; with `all` everything that there is. */
void held_release(held *held, uint64_t now_ns, bool all);

#endif
