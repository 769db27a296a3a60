/* locks: threads that get nowhere because another one holds a lock: the rule waits/lock.
 *
 * The kernel knows of a wait for a lock only that it is one: a thread that waits for its next piece of work, in
 * queue.SimpleQueue.get say, looks the same. What tells them apart is the standard library's own frame, where there
 * is one, else the line of source at which the thread stands. */
#ifndef MICROLOG_ANALYZERS_WAITS_LOCKS_H
#define MICROLOG_ANALYZERS_WAITS_LOCKS_H

#include "places.h"

/* Adds to `found` how many findings it put, at most `most`. */
ml_status locks_put(const wait_sites *from, size_t most, size_t *found);

#endif
