/* flood: keeps a program that says thousands of things a second from filling its recording with them. What is left out
 * is counted. Things that are serious have a measure of their own, so that a flood of others never hides them.
 *
 * Program threads take turns by holding the GIL; the counts may be read by anybody. */
#ifndef RECORDER_FLOOD_H
#define RECORDER_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLOOD_PER_SECOND = 1000, /* in the long run, of each class */
    FLOOD_AT_ONCE = 10000    /* after a quiet time */
};

typedef enum flood_class {
    FLOOD_PRINT,
    FLOOD_LOG,     /* below warning */
    FLOOD_SERIOUS, /* log records from warning on, warnings, exceptions */
    FLOOD_MARK,    /* what the program says to the recorder: marks, spans, messages */
    FLOOD_RAISED,  /* exceptions that may have been caught */
    FLOOD_CLASSES
} flood_class;

/* Forgets everything. [program] */
void flood_reset(void);

/* True if one more may be recorded at this moment; else it is counted. [program] */
bool flood_admits(flood_class which, uint64_t now_ns);

/* Says what was left out since it was last asked, in words; false if nothing was. [sampler] */
bool flood_left_out(char *text, size_t size);

#endif
