/* census: how many objects of which type there are, and how large, every now and then.
 *
 * By the clock: not more often than once a second, than a thousand times its own duration, and than every 64th of the
 * recording so far, so that a long recording holds few of them more than a short one. A program thread makes it between two
 * instructions of Python, in one go, without running Python code and without making an object.
 *
 * What the collector of cycles knows is counted by type and shallow size (what the object takes itself, without what it
 * refers to). Text, bytes, numbers and whatever else the collector does not know is counted where it is referred to, each
 * reference by its share of the object's references: so it has its size once, as far as what refers to it is known. Of small
 * objects one in four is asked what it refers to, and counts four times; but those that refer to a large container which the collector
 * does not know, as a cache of texts is, are asked each time, once a rare wider census has found them.
 * Memory of libraries (arrays, buffers) is no object's. */
#ifndef RECORDER_CENSUS_H
#define RECORDER_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

/* Takes room for the tables; without memory there is no census. [program] */
void census_open(void);
/* A last census, if it is cheap, what holds the types that grew, and the end. [program] */
void census_close(void);
/* What is called after each census: a function of Python, or NULL. Its time makes censuses rarer, too, within a
 * twentieth of the time. [program] */
struct _object;
void census_then(struct _object *function);

/* Makes the census that was asked for, if it was not made yet: before 3.12 nobody but the main thread is asked, and that may
 * wait for ever. After a collection of garbage, which growth brings with it. [program] */
void census_if_asked(void);

/* In the child of a fork: none is asked for any more. [program] */
void census_silence(void);

/* Has a census made soon, if one is due, `now_ns` after the recording began. Must not be called with a lock of ours held.
 * [sampler] */
void census_ask(uint64_t now_ns);

#endif
