/* isolate: a table of descriptors for the calling thread alone.
 *
 * What the recorder has open is then invisible to the program: it cannot be closed by a program that closes
 * everything (daemons do), takes no number that the program counts on, and is not inherited by its children. */
#ifndef RECORDER_ISOLATE_H
#define RECORDER_ISOLATE_H

#include <stdbool.h>

/* Gives the calling thread a table of its own with nothing in it but `keep` (-1s are skipped; sorted here). False where
 * the system does not allow that: nothing has changed then. */
bool isolate_descriptors(int *keep, int count);

#endif
